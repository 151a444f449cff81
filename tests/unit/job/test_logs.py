"""Lines of the log: one JSON object each, on standard error, unless the handler is Flink's."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from program_user_info_job.logs import configure_logging

NAMES = (None, "program_user_info_job", "cassandra", "cassandra.datastax.cloud")


@pytest.fixture(autouse=True)
def _logging_stays_as_it_is() -> Iterator[None]:
    handlers = logging.getLogger().handlers[:]
    levels = {name: logging.getLogger(name).level for name in NAMES}
    yield
    logging.getLogger().handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_a_line_is_one_json_object_on_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    structlog.get_logger("program_user_info_job.store").warning("two\nlines", count=3)
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    told = json.loads(line)
    assert told.pop("timestamp").endswith("Z")
    assert told == {
        "event": "two\nlines",
        "count": 3,
        "level": "warning",
        "logger": "program_user_info_job.store",
    }


def test_an_exception_is_part_of_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging()
    try:
        raise KeyError("lost")
    except KeyError:
        structlog.get_logger("program_user_info_job").error("failed", exc_info=True)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["exception"].endswith("KeyError: 'lost'")


def test_inside_of_a_worker_the_handlers_are_flinks() -> None:
    handler = logging.NullHandler()
    logging.getLogger().handlers[:] = [handler]
    configure_logging(own_handler=False)
    assert logging.getLogger().handlers == [handler]


@pytest.mark.parametrize(
    ("logger", "level", "shown"),
    [
        ("program_user_info_job.kafka", logging.INFO, True),
        ("program_user_info_job.kafka", logging.DEBUG, False),
        ("cassandra.cluster", logging.WARNING, True),
        ("cassandra.cluster", logging.INFO, False),
        ("cassandra.datastax.cloud", logging.ERROR, False),
    ],
)
@pytest.mark.parametrize("own_handler", [True, False])
def test_what_is_shown(logger: str, level: int, shown: bool, own_handler: bool) -> None:
    configure_logging(own_handler=own_handler)
    assert logging.getLogger(logger).isEnabledFor(level) is shown
