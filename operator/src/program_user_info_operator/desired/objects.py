"""All objects of one job, in the order in which `render` prints them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec, Resources
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.hashing import short_hash
from program_user_info_operator.desired.job_config import (
    CONFIG_DIRECTORY,
    CONFIG_FILE,
    config_map,
)
from program_user_info_operator.desired.logging_configuration import log_configuration
from program_user_info_operator.desired.pod_template import pod_template

Object = dict[str, Any]

# Where the job's image has them.
_PYTHON_JAR = "local:///opt/flink-python.jar"
_PYTHON = "/opt/venv/bin/python"
_SCRIPT = "/opt/job.py"
_MEBIBYTES = {"m": 1, "Mi": 1, "g": 1024, "Gi": 1024}


@dataclass(frozen=True)
class Desired:
    """The objects that should exist for one job."""

    flink_deployment: Object
    config_map: Object

    def objects(self) -> list[Object]:
        """FlinkDeployment first."""
        return [self.flink_deployment, self.config_map]

    @property
    def config_map_name(self) -> str:
        """Name of the ConfigMap, which ends in the hash of the configuration."""
        name: str = self.config_map["metadata"]["name"]
        return name

    @property
    def image(self) -> str:
        """Image of the job's pods."""
        image: str = self.flink_deployment["spec"]["image"]
        return image


def desired_objects(spec: JobSpec, owner: Owner, bundle: Bundle) -> Desired:
    """What should exist for a job with this resolved spec."""
    labels = _labels(spec, owner)
    configuration = config_map(spec, owner.name, owner.namespace)
    deployment = _flink_deployment(spec, owner, bundle, labels, configuration["metadata"]["name"])
    for each in (deployment, configuration):
        each["metadata"] |= {"labels": labels, "ownerReferences": _owner_references(owner)}
        if owner.uid is None:
            del each["metadata"]["ownerReferences"]
        each["metadata"]["annotations"] = {names.ANNOTATION_DESIRED_HASH: short_hash(each)}
    return Desired(deployment, configuration)


def _flink_deployment(
    spec: JobSpec, owner: Owner, bundle: Bundle, labels: dict[str, str], config_map_name: str
) -> Object:
    return {
        "apiVersion": names.FLINK_API_VERSION,
        "kind": names.FLINK_KIND,
        "metadata": {"name": owner.name, "namespace": owner.namespace},
        "spec": {
            "image": spec.image or bundle.image(spec.version),
            "imagePullPolicy": spec.image_pull_policy,
            "flinkVersion": spec.flink.version,
            "serviceAccount": bundle.service_account,
            "flinkConfiguration": flink_configuration(spec),
            "logConfiguration": log_configuration(),
            "podTemplate": pod_template(spec, labels, config_map_name),
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
                "state": spec.state,
                "upgradeMode": spec.upgrade.mode,
            },
        },
    }


def _labels(spec: JobSpec, owner: Owner) -> dict[str, str]:
    return {
        "app.kubernetes.io/name": "program-user-info-job",
        "app.kubernetes.io/instance": owner.name,
        "app.kubernetes.io/managed-by": names.FIELD_MANAGER,
        "app.kubernetes.io/part-of": "program-user-info",
        names.LABEL_JOB: owner.name,
        names.LABEL_ENVIRONMENT: spec.environment,
    }


def _owner_references(owner: Owner) -> list[Object]:
    return [
        {
            "apiVersion": names.API_VERSION,
            "kind": names.KIND,
            "name": owner.name,
            "uid": owner.uid,
            "controller": True,
            "blockOwnerDeletion": True,
        }
    ]


def _resource(resources: Resources) -> Object:
    """In Flink's own unit, which every release of the Flink operator reads alike."""
    match = re.fullmatch(r"(\d+)(\D+)", resources.memory)
    if match is None:
        raise AssertionError(f"the spec's validation let memory {resources.memory} pass")
    return {"memory": f"{int(match[1]) * _MEBIBYTES[match[2]]}m", "cpu": resources.cpu}
