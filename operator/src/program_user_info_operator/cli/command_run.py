"""Run a command of a job in its cluster: show its output, return its status, clean up."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cli import kubectl
from program_user_info_operator.cli.command_job import (
    CONTAINER,
    Command,
    CommandRefused,
    command_job,
    running_revision,
)
from program_user_info_operator.cli.kubectl import KubectlError
from program_user_info_operator.cli.log_lines import LogLines
from program_user_info_operator.revisions.record import read_record, record_name
from program_user_info_operator.revisions.revision import Revision

Object = dict[str, Any]
Say = Callable[[str], None]

FAILED_TO_RUN = 2
"""Exit status where the command did not run, or its own is not known. `verify` ends so, too."""
_CHECKED_EVERY = 1.0
_REFUSED_WITHIN = 3.0
"""Seconds: until then kubectl has been told that it may not attach."""
_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_HOPELESS = frozenset(
    [
        *("CreateContainerConfigError", "CreateContainerError", "InvalidImageName"),
        *("ErrImageNeverPull", "ImagePullBackOff", "RunContainerError"),
    ]
)
"""Reasons for which a container waits that do not go away."""


class CommandFailed(Exception):
    """The command did not run, or was stopped from outside; the message says why."""


def run_command(job: Object, command: Command, show: Say, say: Say, start_within: float) -> int:
    """Exit status of the command. `show` is given its output, `say` what happens around it.

    Raises `CommandFailed`, `CommandRefused` and `KubectlError`; a KeyboardInterrupt, and what
    else ends this process in order, removes the pod.
    """
    namespace = job["metadata"]["namespace"]
    manifest = command_job(job, _revision(job), command)
    with _ended_in_order(), _created(manifest, say) as name:
        pod = _started(namespace, name, start_within)
        with _standard_input(namespace, pod, wanted=command.stdin):
            return _followed(namespace, pod, show)


def _revision(job: Object) -> Revision:
    """The revision that runs, from its record."""
    metadata = job["metadata"]
    wanted = running_revision(JobStatus.model_validate(job.get("status") or {}))
    if wanted is None:
        raise CommandRefused(
            f"{metadata['name']} has no revision yet; see `kubectl puij explain {metadata['name']}`"
        )
    found = kubectl.get("configmap", record_name(metadata["name"], wanted), metadata["namespace"])
    revision = read_record(found)
    if revision is None:
        raise CommandRefused(
            f"the record of revision {wanted} was written by a newer release; upgrade the plugin"
        )
    return revision


@contextmanager
def _created(manifest: Object, say: Say) -> Iterator[str]:
    """The Job's name; it is deleted with its pod, whatever happens."""
    metadata = kubectl.create(manifest)["metadata"]
    name, namespace = metadata["name"], metadata["namespace"]
    try:
        yield name
    finally:
        # A second Ctrl-C must not leave the pod behind.
        ignored = [signal.signal(each, signal.SIG_IGN) for each in _SIGNALS]
        try:
            kubectl.delete("job", name, namespace)
        except KubectlError as error:
            say(
                f"the Job {name} is still there ({error}); delete it:"
                f" kubectl delete job {name} --namespace {namespace}"
            )
        finally:
            for number, handler in zip(_SIGNALS, ignored, strict=True):
                signal.signal(number, handler)


@contextmanager
def _ended_in_order() -> Iterator[None]:
    """A closed terminal and a plain `kill` are interruptions too."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = [signal.signal(each, interrupt) for each in _SIGNALS]
    try:
        yield
    finally:
        for number, handler in zip(_SIGNALS, before, strict=True):
            signal.signal(number, handler)


def _started(namespace: str, job: str, within: float) -> str:
    """The pod's name once its container runs or has run. Raises `CommandFailed`."""
    waited_since = time.monotonic()
    while True:
        pod = _pod(namespace, job)
        state = _state(pod) if pod else {}
        if pod and ("running" in state or "terminated" in state):
            name: str = pod["metadata"]["name"]
            return name
        waiting = state.get("waiting") or {}
        reason = waiting.get("reason", "")
        if reason in _HOPELESS:
            raise CommandFailed(f"the pod does not start: {reason}: {waiting.get('message', '')}")
        if time.monotonic() - waited_since > within:
            why = _obstacle(namespace, pod["metadata"]["name"] if pod else job)
            raise CommandFailed(f"the pod has not started within {within:.0f} s: {why or reason}")
        time.sleep(_CHECKED_EVERY)


def _pod(namespace: str, job: str) -> Object | None:
    pods: list[Object] = kubectl.listed("pods", namespace, f"--selector=job-name={job}")
    return pods[0] if pods else None


def _state(pod: Object) -> Object:
    statuses = (pod.get("status") or {}).get("containerStatuses") or []
    found: Object = next((each["state"] for each in statuses if each["name"] == CONTAINER), {})
    return found


def _obstacle(namespace: str, name: str) -> str:
    """What the cluster last said of an object."""
    with contextlib.suppress(KubectlError):
        events = kubectl.listed("events", namespace, f"--field-selector=involvedObject.name={name}")
        if events:
            return str(events[-1].get("message", ""))
    return ""


@contextmanager
def _standard_input(namespace: str, pod: str, *, wanted: bool) -> Iterator[None]:
    """The pod reads what this process could read. Raises `CommandFailed`."""
    if not wanted:
        yield
        return
    attached = kubectl.attach(pod, f"--namespace={namespace}", f"--container={CONTAINER}")
    try:
        with contextlib.suppress(subprocess.TimeoutExpired):
            if attached.wait(_REFUSED_WITHIN):
                assert attached.stderr is not None
                raise CommandFailed(f"standard input: {attached.stderr.read().strip()}")
        yield
    finally:
        attached.kill()
        attached.communicate()


def _followed(namespace: str, pod: str, show: Say) -> int:
    """Show the log until the container has ended, through interruptions of the connection."""
    lines = LogLines()
    while True:
        arguments = ["logs", pod, f"--namespace={namespace}", f"--container={CONTAINER}"]
        since = [f"--since-time={lines.since}"] if lines.since else []
        lines.connected()
        with kubectl.stream(*arguments, "--follow", "--timestamps", *since) as log:
            assert log.stdout is not None
            try:
                for line in log.stdout:
                    text = lines.text(line)
                    if text is not None:
                        show(text)
            except KeyboardInterrupt:
                log.terminate()
                raise
        found = kubectl.get("pod", pod, namespace)
        ended = _state(found).get("terminated")
        if ended is not None:
            return _status(ended)
        if found.get("status", {}).get("phase") == "Failed":
            status = found["status"]
            raise CommandFailed(f"the pod was stopped: {status.get('reason', 'Failed')}")
        time.sleep(_CHECKED_EVERY)


def _status(ended: Object) -> int:
    if ended.get("reason") == "OOMKilled":
        raise CommandFailed("the command ran out of memory: raise --memory")
    return int(ended["exitCode"])
