"""Flux, a Git repository with a copy of `gitops/`, and three environments that it keeps."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import yaml
from confluent_kafka import Producer

from dev import versions
from dev.cluster import flux
from dev.cluster.addresses import KAFKA_PORT
from dev.cluster.chart_release import CHART, NAMESPACE, RELEASE
from dev.cluster.demo.events import Generated, generate
from dev.cluster.demo.run import compare
from dev.cluster.demo.world import Kafka, open_cassandra, open_kafka, read_rows
from dev.cluster.node import ctr
from dev.cluster.target import helm, kubectl
from dev.paths import DEV, REPOSITORY
from dev.steps import capture
from tests.cluster import Namespace, condition, eventually
from tests.e2e.git_server import Repository, repository

ENVIRONMENTS = ("dev", "staging", "production")
JOB = "program-user-info"
SECRET = "cassandra"
RELEASED, NEXT = versions.PRODUCT, f"{versions.PRODUCT}-next"
"""Versions of the job that its repository has: the overlays name the first."""
MINUTES = 300.0

Object = dict[str, Any]


class World:
    """What a platform team has: a work tree, a kubeconfig, and the topics and tables."""

    def __init__(self, git: Repository, kafka: Kafka) -> None:
        self.git, self._kafka = git, kafka
        self._sent: dict[str, list[Generated]] = {name: [] for name in ENVIRONMENTS}

    def namespace(self, environment: str) -> Namespace:
        """The environment's, as its overlay names it."""
        return Namespace(f"sunbird-{environment}")

    def job(self, environment: str, name: str = JOB) -> Object:
        """The environment's job; empty where there is none."""
        return self.namespace(environment).get("puij", name) or {}

    def image(self, environment: str) -> str:
        """What the job runs by its status."""
        image: str = self.job(environment).get("status", {}).get("image", "")
        return image

    def images(self, environment: str) -> set[str]:
        """Of all the job's revisions."""
        return {each["image"] for each in self.job(environment)["status"]["revisions"]}

    def announce(self) -> None:
        """Have Flux look at Git now, as a webhook does."""
        reconcile("gitrepository/deployments")

    def ready(self, environment: str, commit: str) -> None:
        """Wait until the Kustomization is Ready with this commit."""

        def probe() -> bool:
            found = kustomization(environment)
            applied = found.get("status", {}).get("lastAppliedRevision", "")
            return bool(applied.endswith(commit)) and condition(found, "Ready")["status"] == "True"

        eventually(probe, f"{environment} is Ready with {commit}", MINUTES, every=1)

    def failed(self, environment: str, commit: str) -> str:
        """Wait until the Kustomization has failed with this commit; what it says."""

        def probe() -> str | None:
            found = kustomization(environment)
            attempted = found.get("status", {}).get("lastAttemptedRevision", "")
            ready = condition(found, "Ready")
            has_failed = attempted.endswith(commit) and ready.get("status") == "False"
            return ready["message"] if has_failed else None

        said: str = eventually(probe, f"{environment} fails with {commit}", MINUTES, every=1)
        return said

    def send(self, count: int, seed: int) -> None:
        """Send events to each environment's topic."""
        producer = Producer({"bootstrap.servers": f"127.0.0.1:{KAFKA_PORT}"})
        for number, name in enumerate(ENVIRONMENTS):
            for event in generate(count, seed + number):
                producer.produce(f"{name}.programuser.info", event.payload)
                self._sent[name].append(event)
        assert producer.flush(60) == 0

    def differences(self, environment: str) -> list[str]:
        """The table and the dead letters against the topic's fold, once all has been read."""
        topic = f"{environment}.programuser.info"
        self._kafka.wait_for_commit(topic, f"{environment}-programuser-group")
        rejected = {each.payload: each.reason for each in self._sent[environment] if each.reason}
        with open_cassandra() as session:
            found = read_rows(session, f"{keyspace(environment)}.program_enrollment")
        assert found
        return compare(self._kafka, rejected, found, topic).problems


def kustomization(environment: str) -> Object:
    """Flux's object."""
    found: Object = json.loads(
        kubectl("get", f"kustomization/{JOB}-{environment}", "-n", flux.NAMESPACE, "-o", "json")
    )
    return found


def reconcile(flux_object: str) -> None:
    """What `flux reconcile` does."""
    now = f"reconcile.fluxcd.io/requestedAt={time.time_ns()}"
    kubectl("annotate", "--overwrite", flux_object, "-n", flux.NAMESPACE, now)


def keyspace(environment: str) -> str:
    """Each environment's own, on the one Cassandra of the tests."""
    return f"gitops_{environment}"


@contextmanager
def world(folder: Path) -> Iterator[World]:
    """Flux runs and knows the repository, in which nothing has been committed yet."""
    with ExitStack() as stack:
        kafka = stack.enter_context(open_kafka())
        git = stack.enter_context(repository(folder))
        stack.callback(_forget_data, kafka)
        _forget_data(kafka)
        kafka.recreate(*(f"{name}.programuser.info" for name in ENVIRONMENTS))
        stack.enter_context(_namespaces())
        stack.enter_context(_profiles())
        stack.enter_context(_versions())
        stack.enter_context(flux.running())
        shutil.copytree(REPOSITORY / "gitops", git.folder / "gitops")
        stack.enter_context(_kustomizations(git))
        yield World(git, kafka)


@contextmanager
def _kustomizations(git: Repository) -> Iterator[None]:
    """The objects of gitops/flux, with the address of this repository."""
    for name in ("source", "environments"):
        text = git.read(f"gitops/flux/{name}.yaml")
        text = text.replace("https://git.example.org/platform/deployments.git", git.url)
        kubectl("apply", "-f", "-", stdin=text)
    try:
        yield
    finally:
        # Flux removes what it has applied; the pods go with the jobs.
        kinds = ("kustomizations,gitrepositories", "--all", "-n", flux.NAMESPACE)
        kubectl("delete", *kinds, "--timeout=180s")
        eventually(lambda: not _left(), "no pod of the jobs is left", 180)


def _left() -> list[str]:
    """Pods and FlinkDeployments of the environments' jobs."""
    return [
        name
        for environment in ENVIRONMENTS
        for name in Namespace(f"sunbird-{environment}").names(
            "pods,flinkdeployments", "lern.sunbird.org/job"
        )
    ]


@contextmanager
def _namespaces() -> Iterator[None]:
    """Those of staging and production; dev's is where the servers are."""
    names = ("sunbird-staging", "sunbird-production")
    for name in names:
        kubectl("create", "namespace", name)
    try:
        yield
    finally:
        kubectl("delete", "namespace", *names, "--wait=false")


@contextmanager
def _profiles() -> Iterator[None]:
    """The release with a profile for each environment, as docs/gitops.md has them in its values."""
    before = helm("get", "values", RELEASE, "--namespace", NAMESPACE, "--output", "yaml")
    small = yaml.safe_load((DEV / "cluster" / "values.yaml").read_text(encoding="utf-8"))
    profiles: dict[str, Object] = {
        name: {
            **small["environments"]["dev"],
            "kafka": {"bootstrapServers": ["kafka.sunbird-dev:9092"]},
            "cassandra": {
                "contactPoints": ["cassandra.sunbird-dev:9042"],
                "keyspace": keyspace(name),
            },
        }
        for name in ENVIRONMENTS
    }
    profiles["production"]["cassandra"]["credentials"] = {"secretName": SECRET}
    values = {
        "environments": profiles,
        "job": {"namespaces": [f"sunbird-{name}" for name in ENVIRONMENTS]},
    }
    upgrade = ("upgrade", RELEASE, str(CHART), "--namespace", NAMESPACE, "--wait", "--timeout=3m")
    more = ("--reset-then-reuse-values", "--values", "-")
    helm(*upgrade, *more, stdin=yaml.safe_dump(values))
    try:
        yield
    finally:
        helm(*upgrade, "--reset-values", "--values", "-", stdin=before)


@contextmanager
def _versions() -> Iterator[None]:
    """Two versions of the job in the node's store, both with what the release runs."""
    values = json.loads(helm("get", "values", RELEASE, "--namespace", NAMESPACE, "-o", "json"))
    made = []
    for line, image in values["job"]["images"].items():
        for version in (RELEASED, NEXT):
            name = (
                f"{image['repository']}:{version}-flink{line.removeprefix('v').replace('_', '.')}"
            )
            running = f"{image['repository']}:{image['tag']}"
            if name != running:
                capture(ctr("images", "tag", "--force", running, name))
                made.append(name)
    try:
        yield
    finally:
        capture(ctr("images", "remove", *made))


def _forget_data(kafka: Kafka) -> None:
    for environment in ENVIRONMENTS:
        topic = f"{environment}.programuser.info"
        kafka.delete(topic, f"{topic}.failed")
        kafka.delete_group(f"{environment}-programuser-group")
    with open_cassandra() as session:
        for environment in ENVIRONMENTS:
            session.execute(f"DROP KEYSPACE IF EXISTS {keyspace(environment)}")
