"""Names that Kubernetes allows and YAML takes for something else: the chart keeps them as text."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from dev.cluster.chart_release import CHART
from dev.cluster.target import helm
from tests.cluster import Object

pytestmark = pytest.mark.cluster

NAMES = ["no", "on", "yes", "off", "true", "null", "123", "007", "0x1f", "0b1"]
ENABLED = {"enabled": True}


def values(name: str) -> dict[str, Any]:
    """Everything that people name has this name, and everything is on."""
    return {
        "environments": {name: {"namespaces": [name]}},
        "watchNamespaces": [name],
        "priorityClassName": name,
        "imagePullSecrets": [{"name": name}],
        "rollout": {"environments": [name]},
        "secrets": {"allowed": [name]},
        "networkPolicy": ENABLED,
        "podDisruptionBudget": ENABLED,
        "monitoring": dict.fromkeys(
            ("serviceMonitor", "podMonitor", "prometheusRule", "dashboards"), ENABLED
        ),
        "admissionPolicy": ENABLED,
        "job": {
            "namespaces": [name],
            "serviceAccount": name,
            "imagePullSecrets": [name],
            "createNamespaces": True,
            "podDisruptionBudget": ENABLED,
            "networkPolicy": ENABLED,
        },
    }


def rendered(name: str, folder: Path) -> list[Object]:
    """What a release of this name renders, in a namespace of this name."""
    file = folder / "values.json"
    file.write_text(json.dumps(values(name)), encoding="utf-8")
    options = ("--kube-version=1.34.0", "--namespace", name, "--values", str(file))
    found = yaml.safe_load_all(helm("template", name, str(CHART), *options))
    return [each for each in found if each and each["kind"] != "CustomResourceDefinition"]


def not_text(found: object, path: str) -> Iterator[str]:
    """Where a key is not text, or a name, a label or an entry of a ConfigMap is not."""
    if isinstance(found, list):
        for each in found:
            yield from not_text(each, path)
    if isinstance(found, dict):
        texts = path.endswith((".labels", "Labels", ".annotations", ".data", "Selector"))
        for key, value in found.items():
            is_name = key in {"name", "namespace", "priorityClassName", "serviceAccountName"}
            is_nested = isinstance(value, dict | list)
            wanted = is_name or (texts and not is_nested)
            if not isinstance(key, str) or (wanted and not isinstance(value, str)):
                yield f"{path}.{key}: {value}"
            yield from not_text(value, f"{path}.{key}")


@pytest.mark.parametrize("name", NAMES)
def test_each_name_is_text(tmp_path: Path, name: str) -> None:
    found = rendered(name, tmp_path)
    assert [each for one in found for each in not_text(one, one["kind"])] == []
    profiles = next(each for each in found if each["metadata"]["name"] == f"{name}-environments")
    assert yaml.safe_load(profiles["data"][name]) == {"namespaces": [name]}
    (account,) = (each for each in found if "imagePullSecrets" in each)
    assert (account["metadata"]["name"], account["metadata"]["namespace"]) == (name, name)
    assert account["imagePullSecrets"] == [{"name": name}]
    (namespace,) = (each for each in found if each["kind"] == "Namespace")
    assert namespace["metadata"]["name"] == name
