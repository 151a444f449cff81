"""A Kubernetes Job that runs one command of a job: its image, configuration and Secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.desired.job_config import CONFIG_DIRECTORY, CONFIG_FILE
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.revision import Revision

Object = dict[str, Any]

CONTAINER = "command"
STATE_DIRECTORY = "/state"
"""Where a claim is mounted."""
_PROGRAM = "program-user-info-job"
_WITHOUT_CONFIGURATION = ("flatten", "--help", "--version")
_KEPT_SECONDS = 3600
"""Seconds for which the log of a finished command is kept if its caller is gone."""
_GRACE_SECONDS = 15
_SCRATCH = "tmp"
_KEPT_FIELDS = ("env", "envFrom", "volumeMounts", "securityContext")
_LEFT_OUT = ("containers", "volumes", "restartPolicy", "terminationGracePeriodSeconds")


class CommandRefused(Exception):
    """The command cannot be run like this; the message says what to do instead."""


@dataclass(frozen=True)
class Command:
    """A command line of the job's program, and what its pod is given.

    `claim` is a PersistentVolumeClaim to mount at `STATE_DIRECTORY`; `stdin` keeps the pod's
    standard input open for one caller.
    """

    words: Sequence[str]
    memory: str = "1Gi"
    claim: str | None = None
    stdin: bool = False


def running_revision(status: JobStatus) -> str | None:
    """Hash of the revision that writes; None where there is none yet."""
    if status.deployed_revision is not None:
        return status.deployed_revision
    running = History(tuple(status.revisions), status.last_good_revision).running
    return None if running is None else running.hash


def command_job(job: Object, revision: Revision, command: Command) -> Object:
    """The Job, to be created under a name of its own. Raises `CommandRefused`.

    It is owned by the ProgramUserInfoJob and goes with it. The pod has the labels of the job's
    own pods, so that network policies treat it like those.
    """
    metadata, template = job["metadata"], revision.deployment["podTemplate"]
    labels = template["metadata"]["labels"] | {"app.kubernetes.io/component": CONTAINER}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "generateName": f"{metadata['name']}-{CONTAINER}-",
            "namespace": metadata["namespace"],
            "labels": labels,
            "ownerReferences": [
                {
                    "apiVersion": names.API_VERSION,
                    "kind": names.KIND,
                    "name": metadata["name"],
                    "uid": metadata["uid"],
                }
            ],
        },
        "spec": {
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": _KEPT_SECONDS,
            "template": {
                "metadata": {"labels": labels},
                "spec": _pod(template["spec"], revision, command),
            },
        },
    }


def _pod(template: Object, revision: Revision, command: Command) -> Object:
    """The job's own pod with one container, without what is for one pod at a time: claims."""
    deployment = revision.deployment
    volumes = [
        each for each in template.get("volumes") or [] if "persistentVolumeClaim" not in each
    ]
    volumes.append({"name": _SCRATCH, "emptyDir": {}})
    mounts = [{"name": _SCRATCH, "mountPath": "/tmp"}]
    if command.claim is not None:
        claim = {"persistentVolumeClaim": {"claimName": command.claim}}
        volumes.append({"name": "state", **claim})
        mounts.append({"name": "state", "mountPath": STATE_DIRECTORY})
    container = _container(template, {each["name"] for each in volumes}, mounts, command)
    kept = {name: value for name, value in template.items() if name not in _LEFT_OUT}
    return kept | {
        "restartPolicy": "Never",
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "serviceAccountName": deployment["serviceAccount"],
        "automountServiceAccountToken": False,
        "containers": [
            container
            | {
                "image": deployment["image"],
                "imagePullPolicy": deployment.get("imagePullPolicy", "IfNotPresent"),
            }
        ],
        "volumes": volumes,
    }


def _container(
    template: Object, volumes: set[str], mounts: list[Object], command: Command
) -> Object:
    main = template["containers"][0]
    kept = {name: main[name] for name in _KEPT_FIELDS if name in main}
    inherited = [each for each in kept.get("volumeMounts", []) if each["name"] in volumes]
    taken = {each["mountPath"] for each in mounts}
    stdin = {"stdin": True, "stdinOnce": True} if command.stdin else {}
    return kept | {
        "name": CONTAINER,
        "args": [_PROGRAM, *_words(command.words)],
        "volumeMounts": [*(each for each in inherited if each["mountPath"] not in taken), *mounts],
        "securityContext": kept.get("securityContext", {}) | {"readOnlyRootFilesystem": True},
        "resources": {
            "requests": {"cpu": "100m", "memory": "256Mi"},
            "limits": {"memory": command.memory},
        },
        **stdin,
    }


def _words(words: Sequence[str]) -> list[str]:
    """With the job's configuration where the command reads one."""
    if not words:
        raise CommandRefused("name a command, such as: kubectl puij job NAME -- dead-letters")
    first, *rest = words
    if first == "run":
        raise CommandRefused(
            "run submits a second pipeline: use `kubectl puij restart` to deploy the job again"
        )
    if "--config" in rest or any(each.startswith("--config=") for each in rest):
        raise CommandRefused("--config is set for you; leave it out")
    if first in _WITHOUT_CONFIGURATION or "--help" in rest:
        return list(words)
    return [first, "--config", f"{CONFIG_DIRECTORY}/{CONFIG_FILE}", *rest]
