"""The pods: restricted security, configuration and Secrets mounted, the user's own on top."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.job_config import (
    CONFIG_DIRECTORY,
    SECRETS_DIRECTORY,
    secret_mounts,
)

METRICS_PORT = 9249
CLAIM_DIRECTORY = "/var/lib/program-user-info-job"
CONFIG_VOLUME = "config"
_CLAIM = "claim:"
_MAIN_CONTAINER = "flink-main-container"  # the name that Flink's Kubernetes integration looks for
_USER = 9999


def pod_template(
    spec: JobSpec, labels: dict[str, str], *, secrets: str | None = None
) -> dict[str, Any]:
    """The template of JobManager and TaskManager pods.

    The configuration's volume names no ConfigMap yet. `secrets`, a digest of what the Secrets hold,
    replaces the pods when a Secret changes.
    """
    metadata: dict[str, Any] = {"labels": labels}
    if secrets is not None:
        metadata["annotations"] = {names.ANNOTATION_SECRETS: secrets}
    volumes: list[dict[str, Any]] = [{"name": CONFIG_VOLUME, "configMap": {"name": ""}}]
    mounts: list[dict[str, Any]] = [
        {"name": CONFIG_VOLUME, "mountPath": CONFIG_DIRECTORY, "readOnly": True}
    ]
    for volume, secret in secret_mounts(spec).items():
        volumes.append({"name": volume, "secret": {"secretName": secret}})
        path = f"{SECRETS_DIRECTORY}/{volume}"
        mounts.append({"name": volume, "mountPath": path, "readOnly": True})
    claim = claim_name(spec)
    if claim is not None:
        volumes.append({"name": "state", "persistentVolumeClaim": {"claimName": claim}})
        mounts.append({"name": "state", "mountPath": CLAIM_DIRECTORY})
    template = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata,
        "spec": {
            "enableServiceLinks": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "runAsGroup": _USER,
                "fsGroup": _USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [
                {
                    "name": _MAIN_CONTAINER,
                    "ports": [{"name": "metrics", "containerPort": METRICS_PORT}],
                    "securityContext": {
                        "allowPrivilegeEscalation": False,
                        "capabilities": {"drop": ["ALL"]},
                    },
                    "volumeMounts": mounts,
                }
            ],
            "volumes": volumes,
        },
    }
    merged: dict[str, Any] = merge(template, spec.flink.pod_template)
    return merged


def claim_name(spec: JobSpec) -> str | None:
    """The PersistentVolumeClaim named by `checkpoints.storage: claim:NAME`."""
    storage = spec.checkpoints.storage
    return storage.removeprefix(_CLAIM) if storage and storage.startswith(_CLAIM) else None


def merge(base: Any, over: Any) -> Any:
    """`over` on top of `base`: maps key by key, lists of named objects name by name.

    A container may mount a volume in several places: its mounts go by their paths.
    """
    if isinstance(base, dict) and isinstance(over, dict):
        merged = dict(base)
        for key, value in over.items():
            merged[key] = merge(base[key], value) if key in base else value
        return merged
    key = common_key(base, over)
    if key is None:
        return over
    by_key = {item[key]: item for item in base}
    for item in over:
        by_key[item[key]] = merge(by_key.get(item[key], {}), item)
    return list(by_key.values())


def common_key(*lists: Any) -> str | None:
    """What tells the entries of all these lists apart; None where it is not in each of them."""
    keys = (key for key in ("mountPath", "name") if all(_has(key, each) for each in lists))
    return next(keys, None)


def _has(key: str, value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(item, Mapping) and isinstance(item.get(key), str) for item in value
    )
