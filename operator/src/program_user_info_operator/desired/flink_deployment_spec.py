"""`spec` of the FlinkDeployment of a job, without what passes from one moment to the next."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api.flink_section import Resources
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.job_config import CONFIG_DIRECTORY, CONFIG_FILE
from program_user_info_operator.desired.logging_configuration import log_configuration
from program_user_info_operator.desired.objects import job_labels
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.desired.pod_template import CONFIG_VOLUME, pod_template
from program_user_info_operator.desired.runtime import Runtime

Object = dict[str, Any]

# Where the job's image has them.
_PYTHON_JAR = "local:///opt/flink-python.jar"
_PYTHON = "/opt/venv/bin/python"
_SCRIPT = "/opt/job.py"
_MEBIBYTES = {"m": 1, "Mi": 1, "g": 1024, "Gi": 1024}


def deployment_spec(
    spec: JobSpec, owner: Owner, runtime: Runtime, service_account: str, secrets: str | None
) -> Object:
    """What runs a job with this complete spec.

    The configuration's volume has yet to be told which ConfigMap to mount (`with_configuration`).
    `secrets` is the digest of the Secrets that the job uses.
    """
    shown = secrets if spec.upgrade.restart_on_secret_change else None
    labels = job_labels(owner.name, spec.environment)
    return {
        "image": runtime.image,
        "imagePullPolicy": spec.image_pull_policy,
        "flinkVersion": runtime.flink_version,
        "serviceAccount": service_account,
        "flinkConfiguration": flink_configuration(spec, runtime.line),
        "logConfiguration": log_configuration(owner.namespace, owner.name),
        "podTemplate": pod_template(spec, labels, secrets=shown),
        "jobManager": {"resource": _resource(spec.resources.job_manager)},
        "taskManager": {"resource": _resource(spec.resources.task_manager)},
        "restartNonce": spec.restart_nonce,
        "job": {
            "jarURI": _PYTHON_JAR,
            "entryClass": "org.apache.flink.client.python.PythonDriver",
            "args": [
                *("-pyclientexec", _PYTHON, "-py", _SCRIPT),
                *("run", "--config", f"{CONFIG_DIRECTORY}/{CONFIG_FILE}"),
            ],
            "parallelism": spec.parallelism,
        },
    }


def with_configuration(deployment: Mapping[str, Any], config_map: str) -> Object:
    """The same, with the ConfigMap of this name mounted as the job's configuration."""
    template = deployment["podTemplate"]
    volumes = [
        volume | {"configMap": volume["configMap"] | {"name": config_map}}
        if volume["name"] == CONFIG_VOLUME
        else volume
        for volume in template["spec"]["volumes"]
    ]
    changed = template | {"spec": template["spec"] | {"volumes": volumes}}
    return dict(deployment) | {"podTemplate": changed}


def _resource(resources: Resources) -> Object:
    """In Flink's own unit, which every release of the Flink operator reads alike."""
    match = re.fullmatch(r"(\d+)(\D+)", resources.memory)
    if match is None:
        raise AssertionError(f"the spec's validation let memory {resources.memory} pass")
    return {"memory": f"{int(match[1]) * _MEBIBYTES[match[2]]}m", "cpu": resources.cpu}
