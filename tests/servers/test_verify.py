"""`verify` on a real topic and a real table: no difference, or exactly the one that was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from cassandra.cluster import Session
from typer.testing import CliRunner

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.events import demo_events
from dev.cluster.demo.world import NAMESPACE, Kafka
from dev.cluster.forward import port_forward
from program_user_info_job.cli.main import app
from program_user_info_job.config.model import Config
from program_user_info_job.kafka.produce import send
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from program_user_info_job.store.writer import Writer
from tests.configuration import document, write
from tests.servers.own import own_keyspace, own_topic

pytestmark = pytest.mark.cluster
TOPIC, KEYSPACE = "integration.verify", "integration_verify"
NOW = 4_000_000_000_000
Verify = Callable[..., tuple[int, list[str], str]]


@pytest.fixture(scope="module")
def kafka() -> Iterator[Kafka]:
    with own_topic(TOPIC) as opened:
        yield opened


@pytest.fixture(scope="module")
def admin() -> Iterator[Session]:
    with own_keyspace(KEYSPACE) as session:
        yield session


@pytest.fixture(scope="module", params=["flat", "map"])
def file(
    request: pytest.FixtureRequest,
    kafka: Kafka,
    admin: Session,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Path]:
    """The configuration of a table that holds what the topic says."""
    with port_forward("service/cassandra", NAMESPACE, 9042) as port:
        parts = document(
            f"127.0.0.1:{port}",
            KEYSPACE,
            kafka={
                "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
                "topic": TOPIC,
                "groupId": "integration.verify",
                "deadLetterTopic": f"{TOPIC}.failed",
            },
            cassandra={"layout": request.param, "table": f"table_{request.param}"},
        )
        config = msgspec.convert(parts, Config)
        prepare_schema(config, create=True)
        if not kafka.records(TOPIC):
            send(config.kafka, (event.payload or b"" for event in demo_events(1500, seed=8)))
        write_all(config, kafka)
        yield write(tmp_path_factory.mktemp("verify") / "job.yaml", parts)


def write_all(config: Config, kafka: Kafka) -> None:
    """What the job does, without Flink."""
    rules = Rules(layout=LAYOUTS[config.cassandra.layout])
    rows: list[Indexed] = []
    for record in kafka.records(TOPIC):
        origin = Origin(record.offset, record.timestamp)
        row = process(record.payload, origin, rules, record.timestamp)
        if isinstance(row, Row):
            rows.append(Indexed(len(rows), row))
    with open_session(config.cassandra, 10) as session:
        assert Writer(session, config.cassandra, config.writes).write(rows) == {}


@pytest.fixture
def verify(file: Path, monkeypatch: pytest.MonkeyPatch) -> Verify:
    """The command; its exit status, lines and last words."""
    monkeypatch.setattr("program_user_info_job.verification.comparison._SETTLED", 0.1)

    def run(*options: str) -> tuple[int, list[str], str]:
        result = CliRunner().invoke(app, ["verify", "--config", str(file), *options])
        return result.exit_code, result.stdout.splitlines(), result.stderr

    return run


@pytest.fixture
def table(file: Path) -> str:
    config = msgspec.yaml.decode(file.read_bytes(), type=Config)
    return f"{KEYSPACE}.{config.cassandra.table}"


@pytest.fixture
def changed(admin: Session, table: str) -> Iterator[tuple[str, str]]:
    """A row whose program_name was changed by hand; changed back afterwards."""
    query = f"SELECT program_id, user_id, program_name FROM {table} LIMIT 50"
    row = next(each for each in admin.execute(query) if each.program_name)
    update = f"UPDATE {table} SET program_name = %s WHERE program_id = %s AND user_id = %s"
    admin.execute(update, ("by hand", row.program_id, row.user_id))
    yield row.program_id, row.user_id
    admin.execute(update, (row.program_name, row.program_id, row.user_id))


def test_a_table_that_holds_what_the_topic_says_is_equal(verify: Verify, tmp_path: Path) -> None:
    code, lines, said = verify()
    assert (code, lines) == (0, []), said
    state = tmp_path / "state"
    assert verify("--state", str(state))[:2] == (0, [])
    assert state.stat().st_size > 10_000
    assert verify("--state", str(state))[:2] == (0, [])


def test_one_cell_changed_by_hand_is_exactly_that_one(
    verify: Verify, changed: tuple[str, str]
) -> None:
    code, lines, _ = verify()
    assert (code, lines) == (1, ["program_name different 1"])
    _, lines, _ = verify("--show-keys")
    program, user = changed
    assert lines[1:] == [f"{program} {user} program_name different"]


def test_rows_that_are_missing_or_unknown(verify: Verify, admin: Session, table: str) -> None:
    row = admin.execute(f"SELECT * FROM {table} LIMIT 1").one()
    admin.execute(f"INSERT INTO {table} (program_id, user_id) VALUES ('unknown', 'unknown')")
    stamp = NOW * 1000
    where = "WHERE program_id = %s AND user_id = %s"
    key = (row.program_id, row.user_id)
    admin.execute(f"DELETE FROM {table} USING TIMESTAMP {stamp} {where}", key)
    code, lines, _ = verify()
    assert (code, lines) == (1, ["(row) missing 1", "(row) unexpected 1"])
    admin.execute(f"DELETE FROM {table} WHERE program_id = 'unknown' AND user_id = 'unknown'")


def test_two_tables_are_compared(verify: Verify, admin: Session, file: Path, table: str) -> None:
    other = f"{table}_copy"
    config = msgspec.yaml.decode(file.read_bytes(), type=Config)
    name = other.partition(".")[2]
    copied = msgspec.structs.replace(
        config, cassandra=msgspec.structs.replace(config.cassandra, table=name)
    )
    prepare_schema(copied, create=True)
    columns = list(LAYOUTS[config.cassandra.layout].columns)
    insert = admin.prepare(
        f"INSERT INTO {other} ({', '.join(columns)}) VALUES ({', '.join('?' for _ in columns)})"
    )
    for row in admin.execute(f"SELECT {', '.join(columns)} FROM {table}"):
        admin.execute(insert, list(row))
    assert verify("--against", name)[:2] == (0, [])
    admin.execute(
        f"INSERT INTO {other} (program_id, user_id, user_type) VALUES ('more', 'more', 't')"
    )
    code, lines, _ = verify("--against", name)
    assert (code, lines) == (1, ["(row) missing 1"])


def test_what_cannot_be_read_is_an_error(file: Path, tmp_path: Path) -> None:
    text = file.read_text().replace(TOPIC, "integration.none")
    other = tmp_path / "job.yaml"
    other.write_text(text)
    result = CliRunner().invoke(app, ["verify", "--config", str(other)])
    assert result.exit_code == 2
    assert "kafka.topic: integration.none cannot be read" in result.stderr
