"""Make the keyspace and the table, or say why the live ones do not fit."""

from __future__ import annotations

import structlog
from cassandra.cluster import NoHostAvailable, Session

from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.store.schema import create_statements, mismatches
from program_user_info_job.store.session import explain_no_host, open_session

log = structlog.get_logger(__name__)


class SchemaNotReady(JobFailure):
    """The table cannot be written; the message names the table, the columns and what to do."""


def prepare_schema(config: Config, *, create: bool) -> None:
    """Create what is missing if `create`, then compare. Raises `SchemaNotReady`."""
    cassandra = config.cassandra
    try:
        with open_session(cassandra, config.writes.request_timeout) as session:
            log.info("connected to Cassandra", contact_points=cassandra.contact_points)
            if create:
                for statement in create_statements(cassandra):
                    session.execute(statement)
            problems = mismatches(cassandra, _live_columns(session, config))
    except NoHostAvailable as error:
        raise SchemaNotReady(*explain_no_host(cassandra, error)) from error
    table = f"{cassandra.keyspace}.{cassandra.table}"
    if problems:
        raise SchemaNotReady(
            FailureReason.SCHEMA_MISMATCH,
            f"{table} does not fit layout {cassandra.layout}: {'; '.join(problems)}. Alter the"
            " table, set cassandra.layout, or name another cassandra.table",
        )
    log.info("table is ready", table=table, layout=cassandra.layout)


def _live_columns(session: Session, config: Config) -> dict[str, str]:
    cassandra = config.cassandra
    rows = session.execute(
        "SELECT column_name, type FROM system_schema.columns"
        " WHERE keyspace_name = %s AND table_name = %s",
        (cassandra.keyspace.lower(), cassandra.table.lower()),
    )
    return {row.column_name: row.type for row in rows}
