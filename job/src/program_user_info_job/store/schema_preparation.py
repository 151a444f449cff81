"""Make the keyspace and the table, or say why the live ones do not fit."""

from __future__ import annotations

import structlog
from cassandra.cluster import Session

from program_user_info_job.config.model import Cassandra, Config
from program_user_info_job.failure import FailureReason
from program_user_info_job.store.driver_errors import CassandraNotReady, explained
from program_user_info_job.store.schema import create_keyspace, create_table, mismatches
from program_user_info_job.store.session import open_session

log = structlog.get_logger(__name__)


def prepare_schema(config: Config, *, create: bool) -> None:
    """Create what is missing if `create`, then compare. Raises `CassandraNotReady`."""
    cassandra = config.cassandra
    with (
        open_session(cassandra, config.writes.request_timeout) as session,
        explained(cassandra),
    ):
        log.info("connected to Cassandra", contact_points=cassandra.servers)
        live = _live_columns(session, cassandra)
        if create and not live:
            _create(session, cassandra)
            live = _live_columns(session, cassandra)
    table = f"{cassandra.keyspace}.{cassandra.table}"
    if not live:
        raise CassandraNotReady(
            FailureReason.SCHEMA_MISMATCH,
            f"{table} does not exist; create it (`program-user-info-job schema` prints its CQL),"
            " or set cassandra.schema.manage to true",
        )
    problems = mismatches(cassandra, live)
    if problems:
        raise CassandraNotReady(
            FailureReason.SCHEMA_MISMATCH,
            f"{table} does not fit layout {cassandra.layout}: {'; '.join(problems)}. Alter the"
            " table, set cassandra.layout, or name another cassandra.table",
        )
    log.info("table is ready", table=table, layout=cassandra.layout)


def _create(session: Session, cassandra: Cassandra) -> None:
    """Create what is missing only: `IF NOT EXISTS` needs the right to create even where it is."""
    query = "SELECT keyspace_name FROM system_schema.keyspaces WHERE keyspace_name = %s"
    if session.execute(query, (cassandra.keyspace.lower(),)).one() is None:
        session.execute(create_keyspace(cassandra))
        log.info("keyspace created", keyspace=cassandra.keyspace)
    session.execute(create_table(cassandra))
    log.info("table created", table=cassandra.table)


def _live_columns(session: Session, cassandra: Cassandra) -> dict[str, str]:
    """Column names to types; empty where there is no such table."""
    rows = session.execute(
        "SELECT column_name, type FROM system_schema.columns"
        " WHERE keyspace_name = %s AND table_name = %s",
        (cassandra.keyspace.lower(), cassandra.table.lower()),
    )
    return {row.column_name: row.type for row in rows}
