"""Why a job does not run, in one sentence with the next step: from its pods, its log, its events.

The job itself says `[Reason] sentence`: while it waits at its start, and as the last line of what
it logs about a failure. `[Reached] sentence` ends the reason given before (see
`program_user_info_job.failure`). Nothing else of a log is relayed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

Object = Mapping[str, Any]

_OWN_WORDS = re.compile(
    r"program_user_info_job\.\S*: \[(?P<reason>[A-Z][A-Za-z]+)\] (?P<message>[^\n]+)"
)
_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_LONGEST = 500
_GENERIC = "JobFailing"
_OVER = "Reached"


@dataclass(frozen=True)
class Failure:
    """A condition's reason and message."""

    reason: str
    message: str
    ends_earlier: bool = False
    """Whether the job has reported that what it waited for is available now."""

    @property
    def is_over(self) -> bool:
        """Whether no other cause is known."""
        return self.reason == _OVER

    @property
    def is_generic(self) -> bool:
        """Whether it is only what Flink reports, which seldom names the cause."""
        return self.reason == _GENERIC


def find_failure(pods: Sequence[Object], log: str, error: str | None) -> Failure | None:
    """The most telling cause: what keeps the pods from starting, then the job's own words.

    `log` is the end of the JobManager's log, `error` what the FlinkDeployment's status says.
    """
    for pod in pods:
        found = _pod_failure(pod)
        if found is not None:
            return found
    own = _own_words(log)
    if own is None or not own.is_over:
        return _quota(error) or own or _flink_error(error)
    return replace(_quota(error) or _flink_error(error) or own, ends_earlier=True)


def _pod_failure(pod: Object) -> Failure | None:
    status = pod.get("status") or {}
    for condition in status.get("conditions") or []:
        if condition["type"] == "PodScheduled" and condition["status"] == "False":
            said = _one_line(condition.get("message") or "no node fits")
            return Failure(
                "Unschedulable",
                f"a pod cannot be placed: {said} — add nodes, or lower spec.resources",
            )
    for container in status.get("containerStatuses") or []:
        found = _container_failure(container)
        if found is not None:
            return found
    return None


def _container_failure(container: Object) -> Failure | None:
    state = container.get("state") or {}
    waiting = state.get("waiting") or {}
    reason, said = waiting.get("reason") or "", _one_line(waiting.get("message") or "")
    if reason in _IMAGE_REASONS:
        return Failure(
            "ImagePullFailed",
            f"image {container['image']} cannot be pulled: correct spec.image or spec.version, or"
            " give the pods credentials for its registry",
        )
    if reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return Failure("ContainerFailed", f"a container cannot start ({reason}): {said}")
    ended = (container.get("lastState") or {}).get("terminated") or state.get("terminated") or {}
    if ended.get("reason") == "OOMKilled":
        return Failure(
            "OutOfMemory",
            "a container ran out of memory and was killed: raise"
            " spec.resources.jobManager.memory or spec.resources.taskManager.memory",
        )
    return None


def _own_words(log: str) -> Failure | None:
    said = list(_OWN_WORDS.finditer(log))
    return Failure(said[-1]["reason"], _one_line(said[-1]["message"])) if said else None


def _quota(error: str | None) -> Failure | None:
    if error is None or "exceeded quota" not in error:
        return None
    return Failure(
        "QuotaExceeded",
        f"the namespace's ResourceQuota leaves no room: {_after(error, 'exceeded quota')} — raise"
        " it, or lower spec.resources or spec.parallelism",
    )


def _flink_error(error: str | None) -> Failure | None:
    if error is None:
        return None
    return Failure(_GENERIC, f"Flink reports: {error} — see `kubectl logs` of the job's pods")


def _after(text: str, words: str) -> str:
    return _one_line(text[text.index(words) :])


def _one_line(text: str) -> str:
    return " ".join(text.split())[:_LONGEST]


def newest(pods: Iterable[Object], component: str) -> Object | None:
    """The newest pod that is this component of Flink's: `jobmanager`, `taskmanager`."""
    found = [
        pod for pod in pods if (pod["metadata"].get("labels") or {}).get("component") == component
    ]
    return max(found, key=lambda pod: pod["metadata"]["creationTimestamp"], default=None)


def has_restarted(pod: Object) -> bool:
    """Whether a container of the pod has ended before."""
    containers = (pod.get("status") or {}).get("containerStatuses") or []
    return any(container.get("restartCount") for container in containers)
