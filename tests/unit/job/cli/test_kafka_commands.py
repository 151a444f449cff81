"""`produce`, `replay` and `dead-letters`: what their options ask for, and what they print."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from program_user_info_job.cli.main import app
from program_user_info_job.config.model import Kafka
from program_user_info_job.event.rejection import Reason
from program_user_info_job.kafka import dead_letter_counts, produce, replay
from program_user_info_job.kafka.dead_letter_counts import Counts, Kind
from program_user_info_job.kafka.dead_letters import (
    DeadLetter,
    DeadLettersUnreadable,
    RecordPlace,
)
from program_user_info_job.kafka.produce import ProduceError
from program_user_info_job.kafka.replay import Replay, Selection
from tests.configuration import DOCUMENT, write

DAY = datetime(2023, 1, 12, tzinfo=UTC)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(write(tmp_path / "config.yaml", DOCUMENT))


def run(command: str, file: str, *options: str, stdin: bytes = b"") -> tuple[int, str, str]:
    result = CliRunner().invoke(app, [command, "--config", file, *options], input=stdin)
    return result.exit_code, result.stdout, result.stderr


def test_events_are_sent_without_the_ends_of_their_lines(
    monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    sent: list[bytes] = []

    def send(_: Kafka, events: Iterable[bytes]) -> int:
        sent.extend(events)
        return len(sent)

    monkeypatch.setattr(produce, "send", send)
    assert run("produce", file, stdin=b'{"a": 1} \r\n\n{"b"') == (0, "", "3 events sent to t\n")
    assert sent == [b'{"a": 1} ', b"", b'{"b"']


@pytest.mark.parametrize(
    ("command", "step", "error"),
    [
        ("produce", "produce.send", ProduceError("event 1: no")),
        ("replay", "replay.replay", ProduceError("event 1: no")),
        ("replay", "replay.replay", DeadLettersUnreadable("kafka.deadLetterTopic: no")),
        ("dead-letters", "dead_letter_counts.count_events", DeadLettersUnreadable("no")),
    ],
)
def test_a_failure_is_told_in_its_own_words(
    monkeypatch: pytest.MonkeyPatch, file: str, command: str, step: str, error: Exception
) -> None:
    def fails(*_: object) -> None:
        raise error

    monkeypatch.setattr(f"program_user_info_job.kafka.{step}", fails)
    assert run(command, file) == (1, "", f"error: {error}\n")


@pytest.fixture
def _elsewhere() -> Iterator[None]:
    """On a machine whose clock does not show UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "Asia/Kolkata")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_elsewhere")
@pytest.mark.parametrize(
    ("options", "how"),
    [
        ((), Replay()),
        (("--reason", "INVALID_JSON"), Replay(Selection(frozenset([Reason.INVALID_JSON])))),
        (
            ("--reason", "TOO_LARGE", "--reason", "INVALID_JSON"),
            Replay(Selection(frozenset([Reason.INVALID_JSON, Reason.TOO_LARGE]))),
        ),
        # A time without a zone is UTC's.
        (("--since", "2023-01-12"), Replay(Selection(since=DAY))),
        (("--until", "2023-01-12T00:00:00"), Replay(Selection(until=DAY))),
        (("--limit", "5", "--all"), Replay(limit=5, from_position=False)),
        (("--to", "elsewhere", "--dry-run"), Replay(to="elsewhere", dry_run=True)),
    ],
)
def test_the_options_of_replay(
    monkeypatch: pytest.MonkeyPatch, file: str, options: tuple[str, ...], how: Replay
) -> None:
    asked: list[Replay] = []

    def stand_in(_: Kafka, asked_for: Replay) -> Counter[str]:
        asked.append(asked_for)
        return Counter({"TOO_LARGE": 1, "INVALID_JSON": 2})

    monkeypatch.setattr(replay, "replay", stand_in)
    verb, target = "would be sent" if how.dry_run else "sent", how.to or "t"
    assert run("replay", file, *options) == (
        0,
        "INVALID_JSON 2\nTOO_LARGE 1\n",
        f"3 events {verb} to {target}\n",
    )
    assert asked == [how]


@pytest.mark.parametrize(
    ("repetitions", "told"),
    [
        (0, "3 events in t.failed\n"),
        (4, "3 events in t.failed, 4 of its records are repetitions\n"),
    ],
)
def test_dead_letters_are_counted_by_reason_topic_and_day(
    monkeypatch: pytest.MonkeyPatch, file: str, repetitions: int, told: str
) -> None:
    events = Counter(
        {Kind("TOO_LARGE", "t", "2023-01-12"): 1, Kind("INVALID_JSON", "t", "2023-01-13"): 2}
    )
    monkeypatch.setattr(dead_letter_counts, "count_events", lambda _: Counts(events, repetitions))
    lines = "INVALID_JSON t 2023-01-13 2\nTOO_LARGE t 2023-01-12 1\n"
    assert run("dead-letters", file) == (0, lines, told)


def test_dead_letters_are_shown_by_their_place_and_never_by_their_payload(
    monkeypatch: pytest.MonkeyPatch, file: str
) -> None:
    def first_events(_: Kafka, number: int) -> Iterator[DeadLetter]:
        place = RecordPlace("t", "0", "17")
        for _each in range(number):
            yield DeadLetter(0, 1, place, DAY, "INVALID_JSON", "why", b"secret", b"secret", [])

    monkeypatch.setattr(dead_letter_counts, "first_events", first_events)
    line = "t/0/17 2023-01-12T00:00:00+00:00 INVALID_JSON why\n"
    assert run("dead-letters", file, "--peek", "2") == (0, 2 * line, "")
