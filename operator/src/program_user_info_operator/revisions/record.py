"""A revision as a ConfigMap beside the configuration it belongs to, so that it can run again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.desired.job_config import CONFIG_FILE
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.revisions.revision import Inputs, Revision

Object = dict[str, Any]

_RECORD = "revision.json"


def record(revision: Revision, job: str, namespace: str) -> Object:
    """The revision as a ConfigMap of a job."""
    runtime, inputs = revision.runtime, revision.inputs
    document = {
        "inputs": vars(inputs) if inputs is not None else None,
        "bundled": runtime.is_bundled,
        "flink": {"line": runtime.line, "chosen": runtime.is_line_chosen},
        "configName": revision.config_name,
        "deployment": revision.deployment,
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": record_name(job, revision.hash), "namespace": namespace},
        "data": {
            CONFIG_FILE: revision.config,
            _RECORD: json.dumps(document, sort_keys=True),
        },
    }


def record_name(job: str, revision_hash: str) -> str:
    """Name of the ConfigMap that records a revision of a job."""
    return f"{job}-revision-{revision_hash}"


def recorded(config_maps: Iterable[Mapping[str, Any]]) -> dict[str, Revision]:
    """The revisions that these ConfigMaps record, by hash."""
    found = (read_record(each) for each in config_maps)
    return {each.hash: each for each in found if each is not None}


def read_record(config_map: Mapping[str, Any]) -> Revision | None:
    """The revision in a ConfigMap, or None where it holds none that is whole."""
    data = config_map.get("data") or {}
    if _RECORD not in data or CONFIG_FILE not in data:
        return None
    revision = _read(data[_RECORD], data[CONFIG_FILE])
    labels = config_map["metadata"].get("labels") or {}
    is_whole = revision is not None and labels.get(names.LABEL_REVISION) == revision.hash
    return revision if is_whole else None


@lru_cache(maxsize=256)
def _read(text: str, config: str) -> Revision | None:
    """A job is decided on again and again, and its records stay as they are."""
    try:
        document = dict(json.loads(text))
        return Revision(
            inputs=_inputs(document),
            runtime=_runtime(document),
            config_name=document["configName"],
            config=config,
            deployment=document["deployment"],
        )
    except (KeyError, TypeError, ValueError):
        return None


def _inputs(document: Object) -> Inputs | None:
    """Newer releases may record more: what is not known here is left out."""
    found = document.get("inputs")
    if found is None:
        return None
    return Inputs(
        spec=found["spec"],
        profile=found["profile"],
        defaults=found["defaults"],
        secrets=found["secrets"],
        release=found["release"],
    )


def _runtime(document: Object) -> Runtime:
    deployment, is_bundled = document["deployment"], document["bundled"]
    told = deployment["flinkVersion"]
    # An older controller did not write the line down: all that it bundled was Flink 1.20.
    before_lines = {"line": "v1_20" if is_bundled else told, "chosen": True}
    flink = document.get("flink", before_lines)
    return Runtime(
        image=deployment["image"],
        line=flink["line"],
        flink_version=told,
        is_bundled=is_bundled,
        is_line_chosen=flink["chosen"],
    )
