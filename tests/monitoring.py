"""What the chart's alerts and dashboards ask Prometheus for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import yaml

from dev.cluster.chart_release import CHART
from dev.cluster.target import helm

_METRIC = re.compile(r"\b(?:program_user_info_operator|flink_(?:job|task)manager)_\w+")


def alerts() -> list[dict[str, Any]]:
    """The alerts, each as a rule of Prometheus."""
    switched_on = "--set=monitoring.prometheusRule.enabled=true"
    text = helm(
        *("template", "release", str(CHART), "--kube-version=1.34.0", switched_on),
        *("--set=monitoring.prometheusRule.runbooks=https://example.org", "--show-only"),
        "templates/alerts.yaml",
    )
    return [rule for group in yaml.safe_load(text)["spec"]["groups"] for rule in group["rules"]]


def dashboards() -> list[dict[str, Any]]:
    """Grafana's dashboards."""
    return [json.loads(file.read_text()) for file in sorted((CHART / "dashboards").glob("*.json"))]


def metrics(prefix: str) -> set[str]:
    """Names of all metrics with this prefix that are asked for."""
    return {name for text in _expressions() for name in _METRIC.findall(text) if prefix in name}


def _expressions() -> Iterator[str]:
    for alert in alerts():
        yield alert["expr"]
    for dashboard in dashboards():
        for panel in dashboard["panels"]:
            for target in panel["targets"]:
                yield target["expr"]
        for variable in dashboard["templating"]["list"]:
            yield json.dumps(variable["query"])
