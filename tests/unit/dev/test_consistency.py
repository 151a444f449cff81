"""What is said twice is said alike: versions, ports, the demo's file."""

from __future__ import annotations

import re

import pytest
import yaml

from dev import versions
from dev.cluster.demo.events import demo_events
from dev.cluster.demo.run import GROUP, JOB, JOB_FILE, TOPIC
from dev.paths import DEV, REPOSITORY
from program_user_info_operator.desired.pod_template import METRICS_PORT
from program_user_info_operator.environments.resolve import Resolved, resolve


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("cluster/toolchain/go/kubernetes/go.mod", f"k8s.io/kubernetes v{versions.KUBERNETES}"),
        ("cluster/toolchain/go/etcd/go.mod", f"go.etcd.io/etcd/server/v3 v{versions.ETCD}"),
        ("cluster/toolchain/go/coredns/go.mod", f"github.com/coredns/coredns v{versions.COREDNS}"),
        ("release/images/kafka/pom.xml", f"<version>{versions.KAFKA}</version>"),
        ("release/images/cassandra/pom.xml", f"<version>{versions.CASSANDRA}</version>"),
        ("release/images/flink-operator/pom.xml", f"<version>{versions.FLINK_OPERATOR}</version>"),
    ],
)
def test_the_versions_that_key_the_cache_are_those_that_are_built(file: str, text: str) -> None:
    assert text in (DEV / file).read_text(encoding="utf-8")


def test_one_version_of_the_product_everywhere() -> None:
    chart = yaml.safe_load(
        (REPOSITORY / "charts/program-user-info-operator/Chart.yaml").read_text(encoding="utf-8")
    )
    found = {chart["version"], chart["appVersion"], versions.PRODUCT}
    for file in ("pyproject.toml", "operator/pyproject.toml", "job/pyproject.toml"):
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        found |= set(re.findall(r'^version = "(.*)"$', text, re.MULTILINE))
    for file in ("operator/Dockerfile", "job/Dockerfile"):
        text = (REPOSITORY / file).read_text(encoding="utf-8")
        found |= set(re.findall(r"^ARG VERSION=(.*)$", text, re.MULTILINE))
    assert found == {versions.PRODUCT}


def test_the_images_hold_the_uv_of_the_makefile() -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    (uv,) = re.findall(r"^UV_VERSION := (.*)$", makefile, re.MULTILINE)
    for file in ("operator/Dockerfile", "job/Dockerfile"):
        assert f"uv=={uv}\n" in (REPOSITORY / file).read_text(encoding="utf-8")


def test_the_demo_speaks_of_the_sample_job() -> None:
    job = yaml.safe_load(JOB_FILE.read_text(encoding="utf-8"))
    outcome = resolve(job["spec"], None)
    assert isinstance(outcome, Resolved)
    kafka = outcome.spec.kafka
    assert (job["metadata"]["name"], kafka.topic, kafka.group_id) == (JOB, TOPIC, GROUP)
    assert METRICS_PORT == 9249


def test_the_demos_events_are_the_same_each_time_and_of_every_kind() -> None:
    events = list(demo_events(5000))
    assert events == list(demo_events(5000))
    assert {event.reason for event in events} >= {
        None,
        "INVALID_JSON",
        "NOT_AN_OBJECT",
        "PROGRAM_ID_MISSING",
        "USER_ID_MISSING",
        "USER_PROFILE_MISSING",
        "INVALID_FIELD",
        "TIMESTAMP_IN_FUTURE",
    }
    assert len({event.payload for event in events}) < len(events)


@pytest.mark.parametrize("name", ["operator", "job"])
def test_each_image_says_what_it_is(name: str) -> None:
    text = (REPOSITORY / name / "Dockerfile").read_text(encoding="utf-8")
    labels = dict(re.findall(r'org\.opencontainers\.image\.(\w+)="([^"]+)"', text))
    assert labels.keys() == {"title", "description", "version", "licenses"}
    assert labels["title"] == f"program-user-info-{name}"
    assert labels["version"] == "${VERSION}" + ("-flink${FLINK}" if name == "job" else "")
    assert f"ARG VERSION={versions.PRODUCT}" in text
    project = (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")
    assert f'license = "{labels["licenses"]}"' in project
