"""What is too large for Cassandra is rejected before it is sent."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_job.event.rejection import Reason, Rejected
from program_user_info_job.row.event_to_row import Row, Rules
from program_user_info_job.row.layout import MAP
from program_user_info_job.row.size import check_size
from tests.unit.job.events import convert, event, rejection


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"programId": "x" * 65_536}, "program_id"),
        ({"userId": "é" * 40_000}, "user_id"),
        ({"programName": "x" * 2_000_000}, "program_name"),
    ],
)
def test_a_cell_that_is_too_large_is_rejected_before_it_is_sent(
    fields: dict[str, Any], column: str
) -> None:
    found = rejection(event(**fields))
    assert found.reason is Reason.TOO_LARGE
    assert found.detail.startswith(f"{column}: ")


def test_a_row_that_is_too_large_is_rejected() -> None:
    places = [
        {"type": kind, "name": "x" * 1_000_000, "code": "y" * 1_000_000}
        for kind in ("state", "district", "block")
    ]
    document = event(userProfile={"userLocations": places})
    assert rejection(document).detail.startswith("row: ")
    assert rejection(document, Rules(layout=MAP)).reason is Reason.TOO_LARGE
    assert isinstance(convert(event(programName="x" * 100_000)), Row)


@pytest.mark.parametrize("size", [1 << 20, (1 << 20) + 1])
def test_a_cell_may_be_as_large_as_the_limit(size: int) -> None:
    def check() -> str:
        try:
            check_size("p", "u", {"program_name": "x" * size})
        except Rejected as rejected:
            return rejected.rejection.detail
        return ""

    told = f"program_name: {size} bytes, at most {1 << 20} allowed"
    assert check() == ("" if size == 1 << 20 else told)


def test_a_map_counts_with_the_lengths_before_its_texts() -> None:
    half = (1 << 19) - 4
    check_size("p", "u", {"user_locations": {"k" * half: "é" * (half // 2)}})
    with pytest.raises(Rejected, match="user_locations: 1048577 bytes"):
        check_size("p", "u", {"user_locations": {"k" * (half + 1): "é" * (half // 2)}})


def test_a_row_is_the_sum_of_its_key_and_cells() -> None:
    cells: dict[str, Any] = {f"c{n}": "x" * (1 << 20) for n in range(3)}
    cells |= {"flag": True, "rest": "x" * ((1 << 20) - 8 - 4)}
    check_size("pp", "uu", cells)
    with pytest.raises(Rejected, match="row: 4194305 bytes, at most 4194304 allowed"):
        check_size("ppp", "uu", cells)
