"""Environments belong to namespaces: the API server itself refuses a job of another one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from dev.cluster.chart_release import CHART
from dev.cluster.target import helm, kubectl
from dev.steps import StepFailed
from tests.cluster import Namespace, eventually, job, temporary_namespace

pytestmark = pytest.mark.cluster


@pytest.fixture
def strangers() -> Iterator[Namespace]:
    with temporary_namespace("strangers") as created:
        yield created


def rendered(release: str, *options: str, stdin: str | None = None) -> str:
    only = ("--kube-version=1.34.0", "--show-only=templates/admission-policy.yaml")
    return helm("template", release, str(CHART), *only, *options, stdin=stdin)


@pytest.fixture
def policy(namespace: Namespace, strangers: Namespace) -> Iterator[None]:
    """The chart's, for two namespaces alone; staging is for one of them."""
    values = {
        "admissionPolicy": {"enabled": True},
        "environments": {"dev": {}, "staging": {"namespaces": [namespace.name]}},
        "watchNamespaces": [namespace.name, strangers.name],
    }
    text = rendered(f"policy-{namespace.name}", "--values=-", stdin=yaml.safe_dump(values))
    kubectl("apply", "-f", "-", stdin=text)
    yield
    kubectl("delete", "-f", "-", stdin=text)


def refusal(namespace: Namespace, environment: str) -> str:
    """What `kubectl apply` says, without applying it; nothing if it would."""
    try:
        body = job(environment=environment)
        namespace.run("apply", "--dry-run=server", "-f", "-", stdin=yaml.safe_dump(body))
    except StepFailed as error:
        return str(error)
    return ""


@pytest.mark.usefixtures("policy")
def test_a_job_is_refused_where_its_environment_is_not_for_its_namespace(
    namespace: Namespace, strangers: Namespace
) -> None:
    eventually(lambda: refusal(strangers, "staging"), "the API server enforces the policy")
    said = refusal(strangers, "staging")
    assert f"spec.environment: jobs of namespace {strangers.name} may not use staging" in said
    assert "environments.staging.namespaces" in said
    assert refusal(namespace, "staging") == ""
    assert refusal(strangers, "dev") == ""
    assert refusal(strangers, "unknown") == ""


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--set=watchSelector=a=b"], "the policy judges all jobs"),
        (["--kube-version=1.29.0"], "needs Kubernetes 1.30"),
    ],
)
def test_refused_at_installation(options: list[str], why: str) -> None:
    with pytest.raises(StepFailed, match=rf"admissionPolicy\.enabled: {why}"):
        rendered("a", "--set=admissionPolicy.enabled=true", *options)
