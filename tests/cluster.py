"""The cluster as tests use it: a namespace of one's own, objects, waiting for conditions."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.chart_release import CHART, NAMESPACE, RELEASE
from dev.cluster.demo.world import NAMESPACE as SERVERS
from dev.cluster.node import ctr
from dev.cluster.target import helm, kubectl
from dev.steps import StepFailed, capture, pause

CONTROLLER = f"deployment/{RELEASE}-operator"
PROFILES = f"configmap/{RELEASE}-environments"

Object = dict[str, Any]


class Namespace:
    """kubectl in one namespace."""

    def __init__(self, name: str) -> None:
        self.name = name

    def run(self, *arguments: str, stdin: str | None = None) -> str:
        """Run kubectl; raises `StepFailed` with what it said."""
        return kubectl("--namespace", self.name, *arguments, stdin=stdin)

    def apply(self, document: Object, *options: str) -> None:
        """Apply an object."""
        self.run("apply", "-f", "-", *options, stdin=yaml.safe_dump(document))

    def get(self, kind: str, name: str) -> Object | None:
        """The object, or None."""
        out = self.run("get", kind, name, "--ignore-not-found", "-o", "json")
        found: Object | None = json.loads(out) if out else None
        return found

    def flink_deployment(self, job: str) -> Object | None:
        """The newest FlinkDeployment of a job, or None."""
        selector = f"lern.sunbird.org/job={job}"
        listed = json.loads(self.run("get", "flinkdeployments", "-l", selector, "-o", "json"))
        moments = [(each["metadata"]["creationTimestamp"], each) for each in listed["items"]]
        found: list[Object] = [each for _, each in sorted(moments, key=lambda pair: pair[0])]
        return found[-1] if found else None

    def flink_logs(self, job: str) -> str:
        """What the JobManagers of a job have logged."""
        selector = f"lern.sunbird.org/job={job},component=jobmanager"
        return self.run("logs", "-l", selector, "--tail=-1")

    def names(self, kind: str, selector: str) -> list[str]:
        """Names of the objects that a label selector matches."""
        path = "{range .items[*]}{.metadata.name} {end}"
        return self.run("get", kind, "-l", selector, "-o", f"jsonpath={path}").split()


@contextmanager
def temporary_namespace(prefix: str) -> Iterator[Namespace]:
    """A namespace that is gone afterwards, with everything in it."""
    name = f"{prefix}-{uuid.uuid4().hex[:6]}"
    kubectl("create", "namespace", name)
    try:
        yield Namespace(name)
    finally:
        # First: once a namespace is being deleted, the Flink operator, which wants to write an
        # Event about it, never lets go of a FlinkDeployment in it.
        kinds = "programuserinfojobs,flinkdeployments"
        kubectl("delete", kinds, "--all", "--namespace", name, "--timeout=60s")
        kubectl("delete", "namespace", name, "--wait=false")


def job(name: str = "job", environment: str = "dev", **spec: Any) -> Object:
    """A job that is suspended, so that no pod is started for it, unless told otherwise."""
    defaults: Object = {
        "environment": environment,
        "state": "suspended",
        "kafka": {"bootstrapServers": ["kafka:9092"]},
        "cassandra": {"contactPoints": ["cassandra:9042"]},
    }
    return {
        "apiVersion": "lern.sunbird.org/v1alpha1",
        "kind": "ProgramUserInfoJob",
        "metadata": {"name": name},
        "spec": {key: value for key, value in (defaults | spec).items() if value is not None},
    }


def condition(found: Object | None, kind: str) -> Object:
    """A condition of a job; empty where it has none."""
    conditions = ((found or {}).get("status") or {}).get("conditions") or []
    return next((each for each in conditions if each["type"] == kind), {})


def eventually(
    probe: Callable[[], Any],
    what: str,
    timeout: float = 60,
    every: float = 0.2,
    at_most: float = 2.0,
) -> Any:
    """The first truthy answer of the probe. Fails after `timeout` seconds.

    `every` and `at_most` are the least and the most seconds from probe to probe.
    """
    started = time.monotonic()
    answer: Any = None
    while (elapsed := time.monotonic() - started) < timeout:
        answer = probe()
        if answer:
            return answer
        time.sleep(pause(elapsed, every, at_most))
    raise AssertionError(f"{what}: not so after {timeout:.0f} s; last answer: {answer!r}")


def settled(namespace: Namespace, name: str) -> Object:
    """The job once its current generation is Ready and the Flink operator knows of it.

    That operator adds its finalizer, which would otherwise look like a write of the controller's.
    """

    def probe() -> Object | None:
        found = namespace.get("puij", name)
        ready = condition(found, "Ready")
        generation = (found or {}).get("metadata", {}).get("generation")
        is_ready = ready.get("status") == "True" and ready["observedGeneration"] == generation
        return found if is_ready else None

    found: Object = eventually(probe, f"{name} is Ready", timeout=240)
    eventually(
        lambda: (namespace.flink_deployment(name) or {}).get("metadata", {}).get("finalizers"),
        f"the Flink operator knows of {name}",
    )
    return found


def stalled(namespace: Namespace, name: str) -> Object:
    """The job's Stalled condition once it is true."""

    def probe() -> Object | None:
        found = condition(namespace.get("puij", name), "Stalled")
        return found if found.get("status") == "True" else None

    found: Object = eventually(probe, f"{name} is Stalled")
    return found


def the_pod(selector: str) -> Object:
    """The one pod of this kind among the servers and jobs of the development environment."""
    answer = kubectl("get", "pods", "-n", SERVERS, "-l", selector, "-o", "json")
    found: Object
    (found,) = json.loads(answer)["items"]
    return found


def upgrade_release(chart: Path = CHART, values: Mapping[str, str] | None = None) -> None:
    """Upgrade the release in use; with these values."""
    given = (f"--set-string={name}={value}" for name, value in (values or {}).items())
    helm(
        *("upgrade", RELEASE, str(chart), "--namespace", NAMESPACE, *given),
        *("--reset-then-reuse-values", "--wait", "--timeout=3m"),
    )


@contextmanager
def release_set_aside() -> Iterator[None]:
    """The release in use is uninstalled, its namespace deleted; afterwards it is as it was."""
    values = helm("get", "values", RELEASE, "--namespace", NAMESPACE, "--output", "yaml")
    uninstall = ("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=3m")
    namespace = ("delete", "namespace", NAMESPACE, "--ignore-not-found", "--timeout=120s")
    helm(*uninstall)
    kubectl(*namespace)
    try:
        yield
    finally:
        helm(*uninstall, "--ignore-not-found")
        kubectl(*namespace)
        helm(
            *("install", RELEASE, str(CHART), "--namespace", NAMESPACE, "--create-namespace"),
            *("--values", "-", "--wait", "--timeout=3m"),
            stdin=values,
        )


@contextmanager
def controller_stopped() -> Iterator[None]:
    """No controller runs meanwhile."""
    of_the_release = ("get", CONTROLLER, "-n", NAMESPACE, "-o", "jsonpath={.spec.replicas}")
    replicas = kubectl(*of_the_release)
    kubectl("scale", CONTROLLER, "-n", NAMESPACE, "--replicas=0")
    selector = "app.kubernetes.io/name=program-user-info-operator"
    kubectl("wait", "pods", "-n", NAMESPACE, "-l", selector, "--for=delete", "--timeout=120s")
    try:
        yield
    finally:
        kubectl("scale", CONTROLLER, "-n", NAMESPACE, f"--replicas={replicas}")
        kubectl("rollout", "status", CONTROLLER, "-n", NAMESPACE, "--timeout=120s")


@contextmanager
def profiles(**documents: Object | str) -> Iterator[Callable[..., None]]:
    """Profiles, more or other ones, while the test runs; yields a function that changes them."""
    before = _profiles()

    def patch(**changed: Object | str | None) -> None:
        data = {
            name: text if isinstance(text, str | None) else yaml.safe_dump(text)
            for name, text in changed.items()
        }
        kubectl(
            *("patch", PROFILES, "-n", NAMESPACE, "--type=merge"),
            *("-p", json.dumps({"data": data})),
        )

    patch(**documents)
    try:
        yield patch
    finally:
        patch(**{name: before.get(name) for name in documents})


def profile(environment: str) -> Object:
    """The profile of an environment."""
    found: Object = yaml.safe_load(_profiles()[environment])
    return found


def _profiles() -> dict[str, str]:
    live = json.loads(kubectl("get", PROFILES, "-n", NAMESPACE, "-o", "json"))
    found: dict[str, str] = live["data"]
    return found


def refusal(namespace: Namespace, document: Object) -> str:
    """What the API server says against an object that it must refuse."""
    try:
        namespace.apply(document, "--dry-run=server")
    except StepFailed as failure:
        return str(failure)
    raise AssertionError("the API server accepts it")


def forget_images(place: str) -> None:
    """Take all images of a place in a registry from the node."""
    names = [name for name in capture(ctr("images", "list", "--quiet")).split() if place in name]
    if names:
        capture(ctr("images", "remove", "--sync", *names))
