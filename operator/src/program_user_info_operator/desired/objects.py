"""All objects of one job, in the order in which `render` prints them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.spec import JobSpec, Resources
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.job_config import (
    CONFIG_DIRECTORY,
    CONFIG_FILE,
    config_map,
    configuration,
)
from program_user_info_operator.desired.logging_configuration import log_configuration
from program_user_info_operator.desired.pod_template import pod_template
from program_user_info_operator.desired.revision import Revision, given_hash, record, storage
from program_user_info_operator.environments.resolve import Resolved
from program_user_info_operator.hashing import short_hash

Object = dict[str, Any]

# Where the job's image has them.
_PYTHON_JAR = "local:///opt/flink-python.jar"
_PYTHON = "/opt/venv/bin/python"
_SCRIPT = "/opt/job.py"
_MEBIBYTES = {"m": 1, "Mi": 1, "g": 1024, "Gi": 1024}


@dataclass(frozen=True)
class Desired:
    """The objects that should exist for one job, and the revision that they are."""

    flink_deployment: Object
    config_map: Object
    record: Object
    revision: Revision

    def objects(self) -> list[Object]:
        """FlinkDeployment first."""
        return [self.flink_deployment, self.config_map, self.record]

    @property
    def config_map_name(self) -> str:
        """Name of the ConfigMap, which ends in the hash of the configuration."""
        return self.revision.config_name

    @property
    def image(self) -> str:
        """Image of the job's pods."""
        return self.revision.image


def desired_objects(
    resolved: Resolved,
    owner: Owner,
    bundle: Bundle,
    *,
    bundled_image: str | None = None,
    secrets: str | None = None,
) -> Desired:
    """What should exist for a job with this resolved spec.

    `bundled_image` takes the place of the bundle's own image, where a job is to stay with an
    earlier one. `secrets` is the hash of the versions of the Secrets that it uses.
    """
    spec = resolved.spec
    image = spec.image or (
        bundle.image(spec.version) if spec.version else bundled_image or bundle.image(None)
    )
    config_name, config = configuration(spec, owner.name)
    shown = secrets if spec.upgrade.restart_on_secret_change else None
    template = pod_template(spec, _labels(spec, owner), config_name, secrets=shown)
    revision = Revision(
        given=given_hash(resolved.given),
        secrets=shown,
        bundled=spec.image is None and spec.version is None,
        config_name=config_name,
        config=config,
        deployment=_deployment_spec(spec, bundle, owner, image, template),
    )
    return revision_objects(revision, spec, owner)


def revision_objects(revision: Revision, spec: JobSpec, owner: Owner) -> Desired:
    """The objects that run a revision: the one just rendered, or an earlier one."""
    labels = _labels(spec, owner)
    marked = labels | {names.LABEL_REVISION: revision.hash}
    name, namespace = owner.name, owner.namespace
    deployment = _finish(
        {
            "apiVersion": names.FLINK_API_VERSION,
            "kind": names.FLINK_KIND,
            "metadata": {"name": name, "namespace": namespace},
            "spec": revision.present(spec),
        },
        owner,
        marked,
        {names.ANNOTATION_REDEPLOY: str(spec.savepoint.redeploy_nonce)},
    )
    mounted = config_map(revision.config_name, revision.config, namespace)
    return Desired(
        flink_deployment=deployment,
        config_map=_finish(mounted, owner, labels),
        record=_finish(record(revision, name, namespace), owner, marked),
        revision=revision,
    )


def reachable_from(
    desired: Desired, live: Mapping[str, Any], spec: JobSpec, owner: Owner
) -> Desired:
    """The same, upgraded to without state if what runs now could not leave its state where needed.

    The Flink operator takes a savepoint before an upgrade with the *new* spec's mode and directory
    from the *old* pods, which know neither the volume nor the bucket: it would fail for ever.
    Nothing is lost, for Kafka's committed offsets are state enough.
    """
    if storage(live) == storage(desired.flink_deployment["spec"]):
        return desired
    upgrade = spec.upgrade.model_copy(update={"mode": "stateless"})
    return revision_objects(desired.revision, spec.model_copy(update={"upgrade": upgrade}), owner)


def _finish(
    document: Object,
    owner: Owner,
    labels: dict[str, str],
    annotations: dict[str, str] | None = None,
) -> Object:
    metadata = document["metadata"] | {"labels": labels, "annotations": annotations or {}}
    if owner.uid is not None:
        metadata["ownerReferences"] = _owner_references(owner)
    finished = document | {"metadata": metadata}
    metadata["annotations"] = metadata["annotations"] | {
        names.ANNOTATION_DESIRED_HASH: short_hash(finished)
    }
    return finished


def _deployment_spec(
    spec: JobSpec, bundle: Bundle, owner: Owner, image: str, template: dict[str, Any]
) -> Object:
    return {
        "image": image,
        "imagePullPolicy": spec.image_pull_policy,
        "flinkVersion": spec.flink.version,
        "serviceAccount": bundle.service_account,
        "flinkConfiguration": flink_configuration(spec),
        "logConfiguration": log_configuration(owner.namespace, owner.name),
        "podTemplate": template,
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
