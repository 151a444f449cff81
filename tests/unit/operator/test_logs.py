"""Logs: one JSON object a line, our own and those of libraries."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from program_user_info_operator.logs import configure_logging

NOISY = ("kopf.objects", "kopf.activities", "aiohttp.access", "leaderelection")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """What other tests of this process log is as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    levels = {name: logging.getLogger(name).level for name in NOISY}
    yield
    root.handlers, root.level = handlers, level
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    out, err = capsys.readouterr()
    assert out == ""
    return [json.loads(line) for line in err.splitlines()]


def test_our_lines_and_those_of_libraries_have_the_same_fields(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure_logging()
    structlog.get_logger("ours").warning("said", kind="a")
    logging.getLogger("theirs").warning("said %s", "too")
    ours, theirs = logged(capsys)
    assert ours.pop("timestamp").endswith("Z")
    assert theirs.pop("timestamp").endswith("Z")
    assert ours == {"event": "said", "kind": "a", "level": "warning", "logger": "ours"}
    assert theirs == {"event": "said too", "level": "warning", "logger": "theirs"}


def test_a_line_of_a_reconciliation_says_of_which_job(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    with structlog.contextvars.bound_contextvars(namespace="ns", job="j"):
        logging.getLogger("theirs").warning("said")
    logging.getLogger("theirs").warning("said")
    inside, outside = logged(capsys)
    assert (inside["namespace"], inside["job"]) == ("ns", "j")
    assert "job" not in outside


def test_an_exception_is_a_field_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        raise ValueError("wrong")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
    (line,) = logged(capsys)
    assert line["level"] == "error"
    assert line["exception"].splitlines()[-1] == "ValueError: wrong"


@pytest.mark.parametrize("name", NOISY)
def test_what_libraries_say_of_each_object_is_not_logged(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging()
    logging.getLogger(name).info("handled")
    logging.getLogger(name).warning("refused")
    assert [line["event"] for line in logged(capsys)] == ["refused"]


@pytest.mark.parametrize(
    ("level", "events"), [(logging.INFO, ["info"]), (logging.DEBUG, ["debug", "info"])]
)
def test_the_level_is_of_all_loggers(
    level: int, events: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(level)
    logging.getLogger("any").debug("debug")
    logging.getLogger("any").info("info")
    assert [line["event"] for line in logged(capsys)] == events
