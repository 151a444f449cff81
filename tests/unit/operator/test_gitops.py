"""What Argo CD and Flux are given: health as they read it."""

from __future__ import annotations

from typing import Any

import lupa
import pytest

from dev.paths import REPOSITORY

HEALTH = (REPOSITORY / "gitops" / "argo-cd" / "health.lua").read_text(encoding="utf-8")

Object = dict[str, Any]


def job(true: str, reason: str, message: str, *, generation: int = 1) -> Object:
    conditions = [
        {
            "type": kind,
            "status": "True" if kind == true else "False",
            "reason": reason,
            "message": message,
        }
        for kind in ("Ready", "Reconciling", "Stalled")
    ]
    status = {"observedGeneration": 1, "conditions": conditions}
    return {"metadata": {"generation": generation}, "status": status}


def health(document: Object) -> tuple[str, str]:
    """What the script says, run as Argo CD runs it: with the resource in `obj`."""
    lua = lupa.LuaRuntime(unpack_returned_tuples=True)
    lua.globals().obj = lua.table_from(document, recursive=True)
    answer = lua.execute(HEALTH)
    return answer["status"], answer["message"]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        ({"metadata": {"generation": 1}}, ("Progressing", "waiting for the controller")),
        (
            {"metadata": {"generation": 1}, "status": {"observedGeneration": 1}},
            ("Progressing", "waiting for the controller"),
        ),
        (job("Ready", "Running", "the job is running"), ("Healthy", "the job is running")),
        (job("Ready", "Suspended", "suspended"), ("Suspended", "suspended")),
        (job("Reconciling", "Upgrading", "under way"), ("Progressing", "under way")),
        (job("Stalled", "SecretMissing", "kafka"), ("Degraded", "kafka")),
        (
            job("Ready", "Running", "the job is running", generation=2),
            ("Progressing", "the controller has not seen this generation yet"),
        ),
    ],
)
def test_argo_cds_health(document: Object, expected: tuple[str, str]) -> None:
    assert health(document) == expected
