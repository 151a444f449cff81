"""The keyspace and the table: their CQL, and whether the live table fits."""

from __future__ import annotations

from collections.abc import Mapping

from program_user_info_job.config.model import Cassandra
from program_user_info_job.row.layout import KEY, LAYOUTS


def create_statements(cassandra: Cassandra) -> list[str]:
    """The statements that create keyspace and table, and change nothing that exists."""
    return [create_keyspace(cassandra), create_table(cassandra)]


def create_keyspace(cassandra: Cassandra) -> str:
    """The statement that creates the keyspace; it needs a right on all keyspaces."""
    replication = ", ".join(
        f"{_quote(name)}: {_quote(value)}" for name, value in cassandra.schema.replication.items()
    )
    return (
        f"CREATE KEYSPACE IF NOT EXISTS {cassandra.keyspace}\n"
        f"    WITH replication = {{{replication}}}"
    )


def create_table(cassandra: Cassandra) -> str:
    """The statement that creates the table; it needs a right on its keyspace."""
    columns = "".join(
        f"    {name} {cql_type},\n" for name, cql_type in LAYOUTS[cassandra.layout].columns.items()
    )
    return (
        f"CREATE TABLE IF NOT EXISTS {cassandra.keyspace}.{cassandra.table} (\n"
        f"{columns}    PRIMARY KEY ({', '.join(KEY)})\n)"
    )


def mismatches(cassandra: Cassandra, live: Mapping[str, str]) -> list[str]:
    """What keeps the live table (column name -> CQL type) from taking our rows, a line each."""
    problems = []
    for name, wanted in LAYOUTS[cassandra.layout].columns.items():
        found = live.get(name)
        if found is None:
            problems.append(f"column {name} {wanted} is missing")
        elif found.replace(" ", "") != wanted.replace(" ", ""):
            problems.append(f"column {name} is {found}, {wanted} is needed")
    return problems


def _quote(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
