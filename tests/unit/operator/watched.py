"""Objects as watches tell of them: recorded ones, and small ones."""

from __future__ import annotations

import json
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import CONFIG_MAP
from program_user_info_operator.cluster.store import Place
from tests.conftest import DATA

Object = dict[str, Any]
RECORDED: list[Object] = json.loads((DATA / "flink-operator-1.15.0-versions.json").read_text())
"""What a watch told of a FlinkDeployment through creation and an upgrade."""
RUNNING = RECORDED[-1]


def config_map(name: str, version: int, text: str = "", job: str | None = "job") -> Object:
    labels = {} if job is None else {names.LABEL_JOB: job}
    metadata = {"namespace": "ns", "name": name, "resourceVersion": str(version), "labels": labels}
    return {"metadata": metadata, "data": {"text": text}}


def place(name: str) -> Place:
    return Place(CONFIG_MAP, "ns", name)
