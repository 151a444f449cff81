"""What the controller's port for metrics answers."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Iterator
from threading import Event

import pytest

from program_user_info_operator import metrics
from program_user_info_operator.controller.metrics_server import serve


@pytest.fixture
def filled() -> Event:
    return Event()


@pytest.fixture
def address(filled: Event) -> Iterator[str]:
    server = serve(0, filled.is_set)
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def test_it_is_ready_once_the_watches_have_delivered(address: str, filled: Event) -> None:
    status, said = get(f"{address}/readyz")
    assert (status, said) == (503, "the watches have not delivered yet what there is\n")
    filled.set()
    assert get(f"{address}/readyz") == (200, "ready\n")


def test_metrics_are_served_before_it_is_ready(address: str) -> None:
    status, said = get(f"{address}/metrics")
    assert status == 200
    (family,) = metrics.QUEUE_DEPTH.collect()
    assert f"# TYPE {family.name} gauge" in said
