"""`repair` on a real table, as the Scala job leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cassandra.cluster import Session
from typer.testing import CliRunner

from dev.demo.world import NAMESPACE, open_cassandra
from dev.forward import port_forward
from program_user_info_job.cli.main import app
from tests.configuration import document, write

pytestmark = pytest.mark.cluster
KEYSPACE = "repair_programs"
TABLE = f"{KEYSPACE}.program_enrollment"
SPOILT = 40
CLEAN = 1100  # more than a page


@pytest.fixture
def session() -> Iterator[Session]:
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
        yield session
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with port_forward("service/cassandra", NAMESPACE, 9042) as port:
        parts = document(f"127.0.0.1:{port}", KEYSPACE, cassandra={"layout": "map"})
        yield write(tmp_path / "config.yaml", parts)


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr.splitlines()[-1]


def test_spoilt_rows_are_found_and_with_apply_rewritten(session: Session, config: Path) -> None:
    run("schema", "--config", str(config), "--apply")
    insert = session.prepare(
        f"INSERT INTO {TABLE} (program_id, user_id, program_name, user_locations, user_type,"
        " organisation_id) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP 1000 AND TTL ?"
    )
    spoilt = {"Some(district)_name": "Some(GADAG)", "Some(district)_code": "None"}
    for number in range(SPOILT):
        values = ["Some(Program)", spoilt, "some(administrator)", "None", 100_000]
        session.execute(insert, ["p", f"spoilt-{number}", *values])
    for number in range(CLEAN):
        values = ["Program", {"district_name": "GADAG"}, "teacher", "01", 0]
        session.execute(insert, ["p", f"clean-{number}", *values])

    counts = f"organisation_id {SPOILT}\nuser_locations {SPOILT}\nuser_type {SPOILT}\n"
    said = f"{SPOILT} of {SPOILT + CLEAN} rows spoilt; --apply rewrites them"
    assert run("repair", "--config", str(config)) == (counts, said)
    assert run("repair", "--config", str(config), "--apply")[0] == counts
    said = f"0 of {SPOILT + CLEAN} rows spoilt; --apply rewrites them"
    assert run("repair", "--config", str(config)) == ("", said)

    columns = "program_name, user_locations, user_type, organisation_id"
    facts = "WRITETIME(user_type) AS age, TTL(user_type) AS left"
    one = f"SELECT {columns}, {facts} FROM {TABLE} WHERE program_id = 'p' AND user_id = %s"
    mended = session.execute(one, ["spoilt-7"]).one()
    assert (mended.user_type, mended.organisation_id) == ("administrator", None)
    assert dict(mended.user_locations) == {"district_name": "GADAG"}
    assert mended.program_name == "Some(Program)"
    # Newer than what it replaces by as little as there is, and no longer-lived.
    assert mended.age == 1001
    assert 0 < mended.left <= 100_000
    untouched = session.execute(one, ["clean-7"]).one()
    assert (untouched.age, untouched.left) == (1000, None)
