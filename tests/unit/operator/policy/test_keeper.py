"""Whose a job is."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api import names
from program_user_info_operator.policy.keeper import is_handed_over, keeper


def job(annotation: str | None = None, claimed: str | None = None) -> dict[str, Any]:
    annotations = {} if annotation is None else {names.ANNOTATION_CONTROLLER: annotation}
    status = {} if claimed is None else {"controller": claimed}
    return {"metadata": {"annotations": annotations}, "status": status}


@pytest.mark.parametrize(
    ("annotation", "claimed", "whose"),
    [
        (None, None, ""),
        (None, "ns/first", "ns/first"),
        ("ns/other", "ns/first", "ns/other"),
        ("ns/other", None, "ns/other"),
        ("", "ns/first", "ns/first"),
    ],
)
def test_the_annotation_hands_a_job_over(
    annotation: str | None, claimed: str | None, whose: str
) -> None:
    assert keeper(job(annotation, claimed)) == whose
    assert is_handed_over(job(annotation, claimed)) is bool(annotation)


def test_a_job_that_nobody_has_touched_is_nobodys() -> None:
    assert keeper({"metadata": {}}) == ""
    assert not is_handed_over({"metadata": {}})
