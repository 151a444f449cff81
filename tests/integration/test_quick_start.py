"""The quick start as a stranger would follow it: the page's own commands, in its order.

The cluster has a Flink operator, with what its chart creates in the namespace, and nothing of ours:
the images come from the registry.
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import versions
from dev.cluster import registry
from dev.cluster.chart_release import NAMESPACE
from dev.cluster.demo.world import Kafka, open_cassandra, open_kafka
from dev.cluster.target import kubectl, own_kubeconfig
from dev.paths import REPOSITORY
from dev.steps import StepFailed
from tests.cluster import Object, condition, eventually, forget_images, release_set_aside
from tests.conftest import DATA
from tests.documentation import blocks

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.nightly,
    pytest.mark.skipif(own_kubeconfig() is not None, reason="replaces the release in the cluster"),
]

TRIAL = "sunbird-trial"
TOPIC = "trial.programuser.info"
KEYSPACE = "trial_programs"
FLINK_OPERATORS_OWN = DATA / "flink-operator" / "chart-objects.yaml"
COMMANDS = [
    block.code
    for block in blocks()
    if block.page == "docs/quick-start.md" and block.mark == "run in order"
]


@pytest.fixture
def nothing_of_ours(published: str) -> Iterator[None]:
    """No release, no image of the registry, no topic, no table; all is as before afterwards."""
    with release_set_aside(), open_kafka() as kafka:
        kubectl("delete", "namespace", TRIAL, "--ignore-not-found", "--timeout=120s")
        forget_images(published)
        forget_data(kafka)
        kafka.recreate(TOPIC)
        try:
            yield
        finally:
            # What a failure in the middle has left.
            kubectl("delete", "puij", "--all", "--namespace", TRIAL, "--timeout=120s")
            kubectl("delete", "namespace", TRIAL, "--ignore-not-found", "--wait=false")
            forget_data(kafka)


def forget_data(kafka: Kafka) -> None:
    """The job has not run here."""
    kafka.delete(TOPIC, f"{TOPIC}.failed")
    kafka.delete_group("trial-programuser-group")
    with open_cassandra() as session:
        session.execute(f"DROP KEYSPACE IF EXISTS {KEYSPACE}")


class Reader:
    """Who follows the page, in a shell."""

    def __init__(self, place: str, folder: Path) -> None:
        self._script = folder / "script.sh"
        address = "jsonpath={.spec.clusterIP}"
        self._variables = {
            "REGISTRY": place,
            "KAFKA": "kafka.sunbird-dev:9092",
            "CASSANDRA": kubectl("get", "service/cassandra", "-n", "sunbird-dev", "-o", address),
            "CASSANDRA_DC": "datacenter1",
            "CASSANDRA_USER": "anybody",
            "CASSANDRA_PASSWORD": "anything",
            "VERSION": versions.PRODUCT,
        }
        self._left = iter(COMMANDS)

    def next(self, first_word: str) -> str:
        """Run the page's next commands; what they say. The first word tells which they are."""
        self.code = next(self._left)
        assert self.code.startswith(first_word), self.code
        return self.again()

    def again(self) -> str:
        """Run the same commands again."""
        setup = 'eval "$(.venv/bin/python -m dev env)"\nexport PATH="$PATH:$PWD/.venv/bin"\n'
        self._script.write_text(f"set -eu -o pipefail\n{setup}{self.code}", encoding="utf-8")
        done = subprocess.run(
            ["bash", self._script],
            cwd=REPOSITORY,
            env=os.environ | self._variables,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise StepFailed(f"{self.code}\n{done.stdout[-1000:]}\n{done.stderr[-2000:]}")
        return done.stdout

    def has_finished(self) -> bool:
        """Whether there are no more commands on the page."""
        return next(self._left, None) is None


@pytest.mark.usefixtures("nothing_of_ours")
def test_from_nothing_to_a_row_and_back(published: str, tmp_path: Path) -> None:
    reader = Reader(published, tmp_path)
    assert published in reader.next("make publish")

    reader.next("kubectl create namespace")
    theirs = FLINK_OPERATORS_OWN.read_text(encoding="utf-8").replace("NAMESPACE", TRIAL)
    kubectl("apply", "-f", "-", stdin=theirs)
    reader.next("helm install")
    assert "Phase:          Succeeded" in reader.next("helm test")

    reader.next("kubectl create secret")
    assert "True" in reader.next("kubectl wait")
    reader.next("pod=$(kubectl get pods")
    reader.next("cqlsh")
    eventually(lambda: "A state" in reader.again(), "the row is read back", 60, every=1)
    assert "INVALID_FIELD" in reader.next("pod=$(kubectl get pods")
    assert_pulled(published)

    reader.next("helm upgrade")
    assert condition(job(), "Ready")["status"] == "True"
    assert owners(theirs) == {"flink-kubernetes-operator"}
    reader.next("kubectl delete puij")
    assert reader.has_finished()
    assert kubectl("get", "namespace", TRIAL, NAMESPACE, "--ignore-not-found") == ""


def assert_pulled(place: str) -> None:
    """The node got the controller and the job from the registry, by their digests."""
    repository = place.partition("/")[2]
    pulled = {name for name, _ in registry.pulled_by("containerd")}
    images = {f"{repository}/program-user-info-{each}" for each in ("operator", "job")}
    assert pulled == images
    selector = "-l=lern.sunbird.org/job=enrolments"
    path = "jsonpath={range .items[*]}{.spec.containers[0].image} {end}"
    ran = set(kubectl("get", "pods", "-n", TRIAL, selector, "-o", path).split())
    (image,) = ran
    assert image.startswith(f"{place}/program-user-info-job:")
    assert "@sha256:" in image


def job() -> Object:
    found: Object = json.loads(kubectl("get", "puij", "enrolments", "-n", TRIAL, "-o", "json"))
    return found


def owners(documents: str) -> set[str]:
    """Releases that these objects belong to, as helm marks them."""
    found = json.loads(kubectl("get", "-o", "json", "-f", "-", stdin=documents))["items"]
    name = "meta.helm.sh/release-name"
    return {each["metadata"]["annotations"][name] for each in found}
