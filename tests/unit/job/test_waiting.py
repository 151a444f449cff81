"""The start of the job: it waits for what may come, and says what it waits for."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from program_user_info_job.cli import main
from program_user_info_job.config.model import Config
from program_user_info_job.failure import FailureReason, JobFailure
from program_user_info_job.kafka import topics
from program_user_info_job.pipeline import start
from program_user_info_job.pipeline.waiting import wait_for
from tests.configuration import DOCUMENT

AWAY = JobFailure(FailureReason.KAFKA_UNREACHABLE, "kafka.bootstrapServers: no answer")
REFUSED = JobFailure(FailureReason.KAFKA_REFUSED, "kafka.security: correct the Secret")


class World:
    """A clock that sleeping moves on, and what was said when."""

    def __init__(self) -> None:
        self.now = 0.0
        self.said: list[tuple[float, str]] = []

    def wait_for(self, step: Callable[[], str]) -> str:
        def sleep(seconds: float) -> None:
            assert 0 < seconds <= 15
            self.now += seconds

        def say(line: str) -> None:
            self.said.append((self.now, line))

        return wait_for("Kafka", step, say, sleep=sleep, clock=lambda: self.now)

    def until(self, moment: float, failure: Callable[[], JobFailure]) -> str:
        """Wait for a step that fails until this moment."""

        def step() -> str:
            if self.now < moment:
                raise failure()
            return "ready"

        return self.wait_for(step)


def test_what_is_there_is_not_spoken_of() -> None:
    world = World()
    assert world.wait_for(lambda: "ready") == "ready"
    assert world.said == []
    assert world.now == 0


def test_a_reason_is_said_at_once_then_once_a_minute_and_when_it_is_over() -> None:
    world = World()
    assert world.until(600, lambda: AWAY) == "ready"
    *reasons, end = world.said
    assert {line for _, line in reasons} == {AWAY.line()}
    times = [moment for moment, _ in reasons]
    assert times[0] == 0
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(60 <= gap <= 75 for gap in gaps)
    assert len(times) >= 8
    assert end[1].startswith("program_user_info_job.failure: [Reached] Kafka: ready after ")


def test_a_new_reason_is_said_at_once() -> None:
    world = World()
    world.until(40, lambda: AWAY if world.now < 5 else REFUSED)
    lines = [line for _, line in world.said]
    assert lines[:2] == [AWAY.line(), REFUSED.line()]
    assert len(lines) == 3


def test_any_other_error_is_not_waited_out() -> None:
    def step() -> str:
        raise KeyError("a mistake of ours")

    with pytest.raises(KeyError):
        World().wait_for(step)


@pytest.mark.parametrize(
    ("server", "words"),
    [
        ("no-such-host.invalid:9092", "no address is known for a host of no-such-host.invalid"),
        ("127.0.0.1:1", "no answer from 127.0.0.1:1"),
    ],
)
def test_brokers_that_are_away_are_named_and_nothing_else_is_printed(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], server: str, words: str
) -> None:
    monkeypatch.setattr(topics, "_FIRST_TIMEOUT", 2.0)
    document = DOCUMENT | {"kafka": DOCUMENT["kafka"] | {"bootstrapServers": [server]}}
    config = msgspec.convert(document, Config)
    with pytest.raises(topics.KafkaNotReady, match=rf"kafka\.bootstrapServers: {words}") as caught:
        topics.prepare_topics(config)
    assert caught.value.reason is FailureReason.KAFKA_UNREACHABLE
    # The controller reads a few hundred lines: the client's own must not push our sentence out.
    assert capfd.readouterr() == ("", "")


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
