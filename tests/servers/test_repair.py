"""`repair` on a real table, as the Scala job leaves it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from cassandra.cluster import Session
from typer.testing import CliRunner

from dev.cluster.demo.world import NAMESPACE
from dev.cluster.forward import port_forward
from program_user_info_job.cli.main import app
from program_user_info_job.config.load import load_config
from program_user_info_job.store.table_repair import repair
from tests.configuration import document, write
from tests.servers.own import own_keyspace

pytestmark = pytest.mark.cluster
KEYSPACE = "repair_programs"
TABLE = f"{KEYSPACE}.program_enrollment"
CORRUPTED = 40
CLEAN = 1100  # more than a page


@pytest.fixture
def session() -> Iterator[Session]:
    with own_keyspace(KEYSPACE) as session:
        yield session


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    with port_forward("service/cassandra", NAMESPACE, 9042) as port:
        parts = document(f"127.0.0.1:{port}", KEYSPACE, cassandra={"layout": "map"})
        yield write(tmp_path / "config.yaml", parts)


def run(*arguments: str) -> tuple[str, str]:
    result = CliRunner().invoke(app, list(arguments))
    assert result.exit_code == 0, result.stderr
    return result.stdout, result.stderr.splitlines()[-1]


def test_corrupted_rows_are_found_and_with_apply_rewritten(session: Session, config: Path) -> None:
    run("schema", "--config", str(config), "--apply")
    insert = session.prepare(
        f"INSERT INTO {TABLE} (program_id, user_id, program_name, user_locations, user_type,"
        " organisation_id) VALUES (?, ?, ?, ?, ?, ?) USING TIMESTAMP 1000 AND TTL ?"
    )
    corrupted = {"Some(district)_name": "Some(GADAG)", "Some(district)_code": "None"}
    for number in range(CORRUPTED):
        values = ["Some(Program)", corrupted, "some(administrator)", "None", 100_000]
        session.execute(insert, ["p", f"corrupted-{number}", *values])
    for number in range(CLEAN):
        values = ["Program", {"district_name": "GADAG"}, "teacher", "01", 0]
        session.execute(insert, ["p", f"clean-{number}", *values])

    # A cell that never expires, in a row whose other cells do.
    update = f"UPDATE {TABLE} USING TIMESTAMP 1000 AND TTL 0 SET user_sub_type = 'SOME(DEO)'"
    session.execute(f"{update} WHERE program_id = 'p' AND user_id = 'corrupted-7'")

    counts = f"organisation_id {CORRUPTED}\nuser_locations {CORRUPTED}\nuser_sub_type 1\n"
    counts += f"user_type {CORRUPTED}\n"
    said = f"{CORRUPTED} of {CORRUPTED + CLEAN} rows corrupted; --apply rewrites them"
    assert run("repair", "--config", str(config)) == (counts, said)
    assert run("repair", "--config", str(config), "--apply")[0] == counts
    said = f"0 of {CORRUPTED + CLEAN} rows corrupted; --apply rewrites them"
    assert run("repair", "--config", str(config)) == ("", said)

    columns = "program_name, user_locations, user_type, organisation_id"
    facts = "WRITETIME(user_type) AS age, TTL(user_type) AS left, TTL(user_sub_type) AS never"
    one = f"SELECT {columns}, {facts} FROM {TABLE} WHERE program_id = 'p' AND user_id = %s"
    fixed = session.execute(one, ["corrupted-7"]).one()
    assert (fixed.user_type, fixed.organisation_id) == ("administrator", None)
    assert dict(fixed.user_locations) == {"district_name": "GADAG"}
    assert fixed.program_name == "Some(Program)"
    # Newer than what it replaces by as little as there is, and no longer-lived.
    assert fixed.age == 1001
    assert 0 < fixed.left <= 100_000
    assert fixed.never is None
    untouched = session.execute(one, ["clean-7"]).one()
    assert (untouched.age, untouched.left) == (1000, None)


class Interrupted(Exception):
    """Somebody has lost patience."""


def test_an_interrupted_run_continues(session: Session, config: Path, tmp_path: Path) -> None:
    run("schema", "--config", str(config), "--apply")
    insert = session.prepare(
        f"INSERT INTO {TABLE} (program_id, user_id, user_type) VALUES (?, 'u', 'some(teacher)')"
    )
    for number in range(CORRUPTED):
        session.execute(insert, [f"program-{number}"])
    state, loaded = tmp_path / "state", load_config(config)

    def interrupt(share: float) -> None:
        if share >= 0.5:
            raise Interrupted

    with pytest.raises(Interrupted):
        repair(loaded, apply=True, state=state, progress=interrupt)
    types = [row.user_type for row in session.execute(f"SELECT user_type FROM {TABLE}")]
    assert 0 < types.count("teacher") < CORRUPTED
    # One that only counts does not continue what another has begun.
    left = types.count("some(teacher)")
    _, said = run("repair", "--config", str(config))
    assert said.startswith(f"{left} of {CORRUPTED} rows corrupted")
    counts, said = run("repair", "--config", str(config), "--apply", "--state", str(state))
    assert (counts, said) == (
        f"user_type {CORRUPTED}\n",
        f"{CORRUPTED} of {CORRUPTED} rows rewritten",
    )
    assert not state.exists()
    assert run("repair", "--config", str(config))[0] == ""
