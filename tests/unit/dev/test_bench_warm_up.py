"""How often the bench warms Cassandra up before it measures."""

from __future__ import annotations

from collections import Counter
from typing import Any
from unittest.mock import Mock

import pytest

from tests.bench.pipeline import run


@pytest.mark.parametrize(
    ("micros", "at_most", "runs"),
    [
        ([112, 68, 55, 52, 10], 6, 4),
        ([112, 68, 55, 52, 10], 3, 3),
        ([50, 60, 10], 6, 2),
        ([50, 10], 1, 1),
        ([50], 0, 0),
    ],
)
def test_until_it_costs_no_less_than_before(
    monkeypatch: pytest.MonkeyPatch, micros: list[int], at_most: int, runs: int
) -> None:
    costs = iter(micros)

    def measure(*_: Any) -> Mock:
        return Mock(cost=Mock(events=10, cpu=Counter({"Cassandra": next(costs) * 10_000})))

    monkeypatch.setattr(run, "measure", measure)
    run.warm_up(Mock(), at_most)
    assert len(micros) - len(list(costs)) == runs
