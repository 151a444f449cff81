"""The migration guide, with a table that was written by the Scala job's rules."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from cassandra.cluster import Session
from cassandra.util import Date
from confluent_kafka import Producer
from typer.testing import CliRunner

from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.demo.fold import Record
from dev.cluster.demo.world import NAMESPACE, Kafka, open_cassandra, open_kafka
from dev.cluster.forward import port_forward
from program_user_info_job.cli.main import app
from program_user_info_job.config.model import Config
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row, Rules
from program_user_info_job.row.layout import LAYOUTS, MAP, CqlType
from program_user_info_job.store.needed_rows import Indexed
from program_user_info_job.store.schema_preparation import prepare_schema
from program_user_info_job.store.session import open_session
from program_user_info_job.store.writer import Writer
from tests.configuration import Document, document, write
from tests.unit.job.events import event

pytestmark = pytest.mark.cluster
TOPIC, KEYSPACE = "integration.migration", "integration_migration"
USERS = 20
_DAY = 86_400_000
OLD, NEXT = "program_enrollment", "program_enrollment_next"


def clock(hour: int) -> datetime:
    return datetime(2026, 1, 31, hour, tzinfo=UTC)


def milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@dataclass(frozen=True)
class World:
    """A topic, and a configuration of this project's job for a table by its name."""

    kafka: Kafka
    admin: Session
    parts: Document
    folder: Path

    def config(self, table: str) -> Config:
        return msgspec.convert(self._parts(table), Config)

    def run(self, table: str, command: str, *options: str) -> tuple[int, list[str]]:
        """Exit status and lines of a command of the job."""
        file = write(self.folder / f"{table}.yaml", self._parts(table))
        result = CliRunner().invoke(app, [command, "--config", str(file), *options])
        return result.exit_code, result.stdout.splitlines()

    def _parts(self, table: str) -> Document:
        return self.parts | {"cassandra": self.parts["cassandra"] | {"table": table}}

    def records(self) -> list[Record]:
        return sorted(self.kafka.records(TOPIC), key=lambda each: each.timestamp)


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    """Each user has an event at 9, at 10 and at 11 o'clock; the table of the Scala job is empty."""
    monkeypatch.setattr("program_user_info_job.verification.comparison._SETTLED", 0.1)
    with (
        open_kafka() as kafka,
        open_cassandra() as admin,
        port_forward("service/cassandra", NAMESPACE, 9042) as port,
    ):
        admin.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")
        kafka.recreate(TOPIC)
        section = {
            "bootstrapServers": [f"127.0.0.1:{KAFKA_PORT}"],
            "topic": TOPIC,
            "groupId": TOPIC,
            "deadLetterTopic": f"{TOPIC}.failed",
        }
        parts = document(f"127.0.0.1:{port}", KEYSPACE, kafka=section, cassandra={"layout": "map"})
        world = World(kafka, admin, parts, tmp_path)
        for hour in (9, 10, 11):
            send(hour)
        prepare_schema(world.config(OLD), create=True)
        yield world
        kafka.delete(TOPIC)
        admin.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")


def send(hour: int) -> None:
    """An event for each user, at this hour by its record and by `updatedAt`."""
    producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
    moment = milliseconds(clock(hour))
    for number in range(USERS):
        found = event(
            userId=f"user-{number}",
            programName=f"at {hour}",
            updatedAt=moment,
            userProfile={"profileUserTypes": [{"type": "teacher"}]},
        )
        producer.produce(TOPIC, msgspec.json.encode(found), timestamp=moment)
    assert producer.flush(30) == 0


def scala_job_writes(world: World, records: Iterable[Record], written: datetime) -> None:
    """Whole rows in the order of the events, at the time of writing, corrupted as since 8.0."""
    columns = list(MAP.columns)
    insert = world.admin.prepare(
        f"INSERT INTO {KEYSPACE}.{OLD} ({', '.join(columns)})"
        f" VALUES ({', '.join('?' for _ in columns)}) USING TIMESTAMP ?"
    )
    for record in records:
        cells = row_of(record)
        values = cells.cells | {"program_id": cells.program_id, "user_id": cells.user_id}
        values["user_type"] = f"some({values['user_type']})"
        for name, kind in MAP.columns.items():
            if kind == CqlType.DATE and values.get(name) is not None:
                values[name] = Date(values[name] // _DAY)
        stamp = milliseconds(written) * 1000
        world.admin.execute(insert, [*(values.get(each) for each in columns), stamp])


def our_job_writes(world: World, table: str, records: Sequence[Record]) -> None:
    """What the job does, without Flink."""
    config = world.config(table)
    prepare_schema(config, create=True)
    rows = [Indexed(number, row_of(record)) for number, record in enumerate(records)]
    with open_session(config.cassandra, 10) as session:
        assert Writer(session, config.cassandra, config.writes).write(rows) == {}


def row_of(record: Record) -> Row:
    origin = Origin(record.offset, record.timestamp)
    row = process(record.payload, origin, Rules(layout=LAYOUTS["map"]), record.timestamp)
    assert isinstance(row, Row)
    return row


def test_a_new_table_filled_from_the_topic_is_right_however_the_scala_job_lags(
    world: World,
) -> None:
    """It is 12 o'clock, and the Scala job has got as far as 9 o'clock."""
    scala_job_writes(world, world.records()[:USERS], clock(12))
    our_job_writes(world, NEXT, world.records())
    assert world.run(NEXT, "verify") == (0, [])
    code, differences = world.run(NEXT, "verify", "--against", OLD)
    assert code == 1
    assert f"program_name different {USERS}" in differences
    assert f"user_type different {USERS}" in differences
    # Both run until the readers have been switched.
    send(13)
    our_job_writes(world, NEXT, world.records())
    assert world.run(NEXT, "verify") == (0, [])


def test_in_place_the_lag_is_lost(world: World) -> None:
    """Why the guide forbids it: rows of 9 o'clock, written at 12, win over events of 11."""
    scala_job_writes(world, world.records()[:USERS], clock(12))
    assert world.run(OLD, "repair", "--apply")[0] == 0
    our_job_writes(world, OLD, world.records()[USERS:])
    code, differences = world.run(OLD, "verify")
    assert (code, f"program_name different {USERS}" in differences) == (1, True)


def test_in_place_without_lag_nothing_is_lost(world: World) -> None:
    records = world.records()
    for start in range(0, len(records), USERS):
        moment = datetime.fromtimestamp(records[start].timestamp / 1000, UTC)
        scala_job_writes(world, records[start : start + USERS], moment + timedelta(seconds=1))
    assert world.run(OLD, "repair", "--apply")[0] == 0
    send(13)
    our_job_writes(world, OLD, world.records()[len(records) :])
    assert world.run(OLD, "verify") == (0, [])
