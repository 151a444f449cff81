"""The jobs in the controller's metrics."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest

from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.job_metrics import JobMetrics
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.rollout.standings import HeldUp, Target, Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

A, B = Key("ns", "a"), Key("ns", "b")


def job(state: str, reason: str) -> dict[str, Any]:
    moment = "2026-01-01T00:00:00Z"
    condition = {"type": state, "status": "True", "reason": reason, "message": "m"}
    return {
        "metadata": {"resourceVersion": "1", "creationTimestamp": moment},
        "spec": {"environment": "dev"},
        "status": {
            "conditions": [condition | {"lastTransitionTime": moment, "observedGeneration": 1}],
            "rollout": {
                "changes": [{"change": "Release", "id": "1", "stage": "Failed", "since": moment}]
            },
        },
    }


def exposed(*, is_leading: bool = True) -> list[str]:
    """The samples that are not zero, as Prometheus reads them."""
    index = JobsIndex(Waves(1, ()), Target("id", "1.0"), "ours")
    index.put(A, job("Ready", "Running"))
    index.put(B, job("Stalled", "JobFailing"))
    since = datetime.now(UTC) - timedelta(hours=1)
    index.settle(A, HeldUp("waits", B, since), let_go=False)
    registry = CollectorRegistry()
    registry.register(JobMetrics(index, lambda: is_leading))
    text = generate_latest(registry).decode()
    return [
        line.removeprefix("program_user_info_operator_")
        for line in text.splitlines()
        if not line.startswith("#") and not line.endswith(" 0.0")
    ]


def test_each_job_is_counted_by_its_condition_its_stage_and_whom_it_holds_up() -> None:
    *samples, held = exposed()
    assert samples == [
        'jobs{condition="Ready",reason="Running"} 1.0',
        'jobs{condition="Stalled",reason="JobFailing"} 1.0',
        'job_ready{job_namespace="ns",lern_sunbird_org_job="a"} 1.0',
        'job_stalled{job_namespace="ns",lern_sunbird_org_job="b",reason="JobFailing"} 1.0',
        'rollout_jobs{change="Release",stage="Failed"} 2.0',
        'rollout_held_up_jobs{job_namespace="ns",lern_sunbird_org_job="b"} 1.0',
    ]
    name, _, seconds = held.rpartition(" ")
    assert name == 'rollout_held_up_seconds{job_namespace="ns",lern_sunbird_org_job="b"}'
    assert 3600 <= float(seconds) < 3700


def test_who_does_not_lead_counts_nothing() -> None:
    assert exposed(is_leading=False) == []


def test_a_job_that_waits_for_another_one_is_held_up_by_it_until_that_one_is_good() -> None:
    world = World()
    for name in "ab":
        world.put_job(name)
        first = Controller(world)
        first.settle(name)
        first.stop()
    controller = Controller(world, "2.0")
    controller.start()
    assert [(str(key), count) for key, (count, _) in controller.index.holders().items()] == [
        ("ns/a", 1)
    ]
    controller.settle("a")
    controller.settle("b")
    assert controller.index.holders() == {}
