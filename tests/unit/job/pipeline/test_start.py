"""The start of the job: its steps, in their order, and what is said of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from program_user_info_job.cli import main
from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.pipeline import start
from tests.configuration import DOCUMENT


@pytest.fixture
def submitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What `run` did, in order; Kafka answers at the second attempt, Cassandra at the third."""
    done: list[str] = []

    def fails(name: str, times: int) -> Callable[..., None]:
        def step(*_: object, **__: object) -> None:
            done.append(name)
            if done.count(name) <= times:
                raise JobFailure(FailureReason.KAFKA_UNREACHABLE, f"{name} is down")

        return step

    monkeypatch.setattr(start, "prepare_topics", fails("kafka", 1))
    monkeypatch.setattr(start, "check_java_client", fails("java client", 1))
    monkeypatch.setattr(start, "prepare_schema", fails("cassandra", 2))
    monkeypatch.setattr(start, "sample_sizes", lambda *_: [[1 << 20]])

    def submitted(config: Config, *_: object) -> None:
        # Of events of a MiB.
        assert config.flink.arrow_batch == config.flink.arrow_batch_bytes >> 20
        done.append("submitted")

    monkeypatch.setattr(start, "submit", submitted)
    monkeypatch.setattr("program_user_info_job.pipeline.waiting._FIRST_DELAY", 0.001)
    return done


def run(file: Path, *options: str) -> tuple[int, str]:
    result = CliRunner().invoke(main.app, ["run", "--config", str(file), *options])
    return result.exit_code, result.stderr


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(DOCUMENT))
    return path


def test_the_job_is_submitted_once_everything_is_there(submitted: list[str], file: Path) -> None:
    code, said = run(file)
    assert code == 0, said
    # Kafka is not asked again while Cassandra is waited for: the group's start is set once.
    assert submitted == [
        *["kafka"] * 2,
        *["java client"] * 2,
        *["cassandra"] * 3,
        "submitted",
    ]
    assert "[KafkaUnreachable] kafka is down\n" in said
    assert "[Reached] Kafka: " in said
    assert "[Reached] Cassandra: " in said


def test_by_hand_it_can_end_at_the_first_failure(submitted: list[str], file: Path) -> None:
    code, said = run(file, "--no-wait")
    assert code == 1
    assert said == "error: program_user_info_job.failure: [KafkaUnreachable] kafka is down\n"
    assert submitted == ["kafka"]
