"""The start of the job: its steps, in their order, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.pipeline import start as steps
from program_user_info_job.pipeline.start import start
from tests.configuration import DOCUMENT

JARS = Path("/jars")


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was done, in order; Kafka answers at the second attempt, Cassandra at the third."""
    done: list[str] = []

    def fails(name: str, times: int) -> Callable[..., None]:
        def step(*_: object, **__: object) -> None:
            done.append(name)
            if done.count(name) <= times:
                raise JobFailure(FailureReason.KAFKA_UNREACHABLE, f"{name} is down")

        return step

    def submitted(config: Config, jars: Path | None) -> None:
        # Of events of a MiB.
        assert config.flink.arrow_batch == config.flink.arrow_batch_bytes >> 20
        done.append(f"submitted with {jars}")

    monkeypatch.setattr(steps, "prepare_topics", fails("kafka", 1))
    monkeypatch.setattr(steps, "check_java_client", fails("java client", 1))
    monkeypatch.setattr(steps, "prepare_schema", fails("cassandra", 2))
    monkeypatch.setattr(steps, "sample_sizes", lambda *_: [[1 << 20]])
    monkeypatch.setattr(steps, "submit", submitted)
    monkeypatch.setattr("program_user_info_job.pipeline.waiting._FIRST_DELAY", 0.001)
    return done


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    return path


def test_the_job_is_submitted_once_everything_is_there(done: list[str], file: Path) -> None:
    said: list[str] = []
    start(file, JARS, said.append, wait=True)
    # Kafka is not asked again while Cassandra is waited for: the group's start is set once.
    assert done == [
        *["kafka"] * 2,
        *["java client"] * 2,
        *["cassandra"] * 3,
        "submitted with /jars",
    ]
    assert [line.rpartition(" after ")[0] or line for line in said] == [
        "program_user_info_job.failure: [KafkaUnreachable] kafka is down",
        "program_user_info_job.failure: [Reached] Kafka: ready",
        "program_user_info_job.failure: [KafkaUnreachable] java client is down",
        "program_user_info_job.failure: [Reached] Kafka's Java client: ready",
        "program_user_info_job.failure: [KafkaUnreachable] cassandra is down",
        "program_user_info_job.failure: [Reached] Cassandra: ready",
    ]


def test_by_hand_it_can_end_at_the_first_failure(done: list[str], file: Path) -> None:
    said: list[str] = []
    with pytest.raises(JobFailure, match="kafka is down"):
        start(file, None, said.append, wait=False)
    assert done == ["kafka"]
    assert said == []


def test_a_configuration_that_is_wrong_is_waited_for_as_well(done: list[str], file: Path) -> None:
    """A Secret that it names may come later than the job."""
    right = file.read_text()
    file.unlink()
    said: list[str] = []

    def correct(line: str) -> None:
        said.append(line)
        file.write_text(right)

    start(file, None, correct, wait=True)
    assert said[0].startswith("program_user_info_job.config.load: [ConfigurationInvalid] ")
    assert said[1].startswith("program_user_info_job.failure: [Reached] configuration: ready")
    assert done[-1] == "submitted with None"


@pytest.mark.parametrize("manage", [True, False])
def test_the_table_is_created_only_where_the_job_manages_it(
    done: list[str], file: Path, monkeypatch: pytest.MonkeyPatch, manage: bool
) -> None:
    asked: list[bool] = []

    def prepare_schema(_: Config, *, create: bool) -> None:
        asked.append(create)

    monkeypatch.setattr(steps, "prepare_schema", prepare_schema)
    cassandra = DOCUMENT["cassandra"] | {"schema": {"manage": manage}}
    file.write_text(yaml.safe_dump(DOCUMENT | {"cassandra": cassandra}))
    start(file, None, lambda _: None, wait=True)
    assert asked == [manage]
