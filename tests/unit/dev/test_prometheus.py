"""What Prometheus is told of the pods."""

from __future__ import annotations

from typing import Any

import pytest

from dev.documentation.monitoring.prometheus import targets_of

METRICS = [{"ports": [{"name": "metrics", "containerPort": 9249}, {"containerPort": 6123}]}]


def pod(containers: list[Any], namespace: str = "n", **labels: str) -> dict[str, Any]:
    metadata = {"name": "pod", "namespace": namespace, "labels": labels}
    return {
        "metadata": metadata,
        "spec": {"containers": containers},
        "status": {"podIP": "10.0.0.9"},
    }


@pytest.mark.parametrize(
    ("found", "labels"),
    [
        (
            pod(METRICS, **{"lern.sunbird.org/job": "a", "app": "a-revision"}),
            {"namespace": "n", "pod": "pod", "lern_sunbird_org_job": "a", "app": "a-revision"},
        ),
        (
            pod(METRICS, "program-user-info"),
            {"namespace": "program-user-info", "pod": "pod", "job": "program-user-info"},
        ),
    ],
    ids=["a job's", "the controller's"],
)
def test_a_pod_is_scraped_at_its_port_for_metrics(
    found: dict[str, Any], labels: dict[str, str]
) -> None:
    assert list(targets_of([found])) == [{"targets": ["10.0.0.9:9249"], "labels": labels}]


def test_a_pod_without_such_a_port_or_an_address_is_not() -> None:
    starting = pod(METRICS) | {"status": {}}
    assert list(targets_of([pod([{"ports": [{"containerPort": 80}]}]), pod([{}]), starting])) == []
