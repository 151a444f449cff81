"""The chart: what it renders, what it refuses, what the API server makes of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from dev import versions
from dev.cluster.chart_release import CHART, RELEASE
from dev.cluster.target import helm, kubectl
from dev.cluster.toolchain.programs import prometheus_crds
from dev.documentation.metrics_page import controller_metrics
from dev.paths import REPOSITORY
from dev.steps import StepFailed
from program_user_info_operator.environments.profiles import for_namespace
from program_user_info_operator.environments.resolve import Resolved, resolve
from tests.cluster import (
    Namespace,
    Object,
    eventually,
    temporary_namespace,
)
from tests.conftest import DATA
from tests.monitoring import alerts, metrics

pytestmark = pytest.mark.cluster
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
FLINK_OPERATORS_OWN = DATA / "flink-operator" / "chart-objects.yaml"


def rendered(*options: str) -> str:
    return helm("template", RELEASE, str(CHART), "--kube-version=1.34.0", *options)


def documents(text: str) -> list[Object]:
    found = [each for each in yaml.safe_load_all(text) if each]
    return [each for each in found if each["kind"] != "CustomResourceDefinition"]


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("default", ()),
        *((file.stem, ("--namespace", "operator", "--values", str(file))) for file in EXAMPLES),
    ],
)
def test_rendered_as_committed(
    golden: Callable[[str, str], None], name: str, options: tuple[str, ...]
) -> None:
    golden(f"chart-{name}.yaml", yaml.safe_dump_all(documents(rendered(*options))))


def test_each_bundled_job_has_its_own_repository_tag_and_digest() -> None:
    digest = f"sha256:{'0' * 64}"
    values = {
        "v1_20.repository": "r:5000/job",
        "v1_20.tag": "7",
        "v2_2.digest": digest,
        "v2_3.repository": "mine",
    }
    options = [f"--set-string=job.images.{name}={value}" for name, value in values.items()]
    (deployment,) = (each for each in documents(rendered(*options)) if each["kind"] == "Deployment")
    environment = deployment["spec"]["template"]["spec"]["containers"][0]["env"]
    (images,) = (each["value"] for each in environment if each["name"] == "JOB_IMAGES")
    assert images.split() == [
        "v1_20=r:5000/job:7",
        f"v2_2=program-user-info-job:{versions.PRODUCT}-flink2.2@{digest}",
        f"v2_3=mine:{versions.PRODUCT}-flink2.3",
    ]


@pytest.mark.parametrize(
    "value", ["job.image.tag=1", "job.images.flink2.tag=1", "job.images.v2_3.tag=1"]
)
def test_a_bundled_job_that_is_named_otherwise_is_refused(value: str) -> None:
    with pytest.raises(StepFailed, match="job"):
        rendered(f"--set-string={value}")


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda file: file.stem)
def test_example_values_pass_lint_and_make_valid_profiles(values: Path) -> None:
    helm("lint", "--strict", str(CHART), "--values", str(values))
    profiles = yaml.safe_load(values.read_text(encoding="utf-8"))["environments"]
    assert profiles
    for environment, profile in profiles.items():
        here = profile.get("namespaces", ["any"])[0]
        fields = for_namespace(profile, environment, here)
        assert isinstance(fields, dict), fields
        resolved = resolve({"environment": environment}, fields)
        assert isinstance(resolved, Resolved), resolved


@pytest.fixture(scope="module")
def monitoring_crds() -> Iterator[None]:
    """The Prometheus operator's kinds, without that operator."""
    files = [f"--filename={file}" for file in prometheus_crds()]
    kubectl("apply", "--server-side", *files)
    kubectl("wait", "--for=condition=Established", "--timeout=60s", *files)
    yield
    kubectl("delete", *files)


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda file: file.stem)
def test_the_api_server_accepts_every_object(values: Path, monitoring_crds: None) -> None:
    """Strictly, without storing any: an unknown field is an error."""
    with temporary_namespace("chart") as namespace:
        here = f"--set=watchNamespaces={{{namespace.name}}},job.namespaces={{{namespace.name}}}"
        found = documents(rendered("--namespace", namespace.name, "--values", str(values), here))
        assert len(found) >= 9
        text = yaml.safe_dump_all(found)
        kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)
        if values.stem == "production":
            kinds = {each["kind"] for each in found}
            assert kinds >= {"ServiceMonitor", "PodMonitor", "PrometheusRule"}


def named(found: list[Object], kind: str) -> set[tuple[str, str | None]]:
    """Name and namespace of each object of a kind."""
    metadata = [each["metadata"] for each in found if each["kind"] == kind]
    return {(each["name"], each.get("namespace")) for each in metadata}


def test_nothing_is_called_as_in_the_flink_operators_chart() -> None:
    """That one makes a service account, a Role and a RoleBinding `flink` where jobs run."""
    found = documents(rendered("--set=job.namespaces={jobs}"))
    assert ("program-user-info-job", "jobs") in named(found, "ServiceAccount")
    assert [each["metadata"]["name"] for each in found if "flink" in each["metadata"]["name"]] == []


def test_both_charts_objects_live_in_one_namespace() -> None:
    """The Flink operator's chart was there first; ours takes nothing of it, and leaves it there."""
    with temporary_namespace("chart") as namespace:
        theirs = FLINK_OPERATORS_OWN.read_text(encoding="utf-8").replace(
            "NAMESPACE", namespace.name
        )
        namespace.run("apply", "-f", "-", stdin=theirs)
        of_helm = ("serviceaccounts,roles,rolebindings", "-l=app.kubernetes.io/managed-by=Helm")
        before = namespace.run("get", *of_helm, "-o", "name")
        release = ("both", str(CHART), "--namespace", namespace.name)
        here = f"{{{namespace.name}}}"
        values = f"crds.install=false,job.namespaces={here},watchNamespaces={here}"
        with pytest.raises(StepFailed, match="cannot be imported into the current release"):
            helm("install", *release, "--set", f"{values},job.serviceAccount=flink")
        helm("install", *release, "--set", values)
        accounts = namespace.run("get", "serviceaccounts", "-o", "name").split()
        assert {"serviceaccount/flink", "serviceaccount/program-user-info-job"} <= set(accounts)
        helm("uninstall", "both", "--namespace", namespace.name)
        assert namespace.run("get", *of_helm, "-o", "name") == before


def test_an_existing_service_account_is_used_and_not_made() -> None:
    options = "job.namespaces={jobs},job.serviceAccount=mine,job.createServiceAccount=false"
    found = documents(rendered(f"--set={options}"))
    assert {name for name, _ in named(found, "ServiceAccount")} == {f"{RELEASE}-operator"}
    assert {name for name, _ in named(found, "Role")} == {f"{RELEASE}-operator-own"}
    (deployment,) = (each for each in found if each["kind"] == "Deployment")
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert {"name": "JOB_SERVICE_ACCOUNT", "value": "mine"} in container["env"]


def test_what_the_namespaces_of_jobs_can_have_besides() -> None:
    with temporary_namespace("chart") as namespace:
        on = ["createNamespaces", "podDisruptionBudget.enabled", "networkPolicy.enabled"]
        switches = ",".join(f"job.{each}=true" for each in on)
        options = f"job.namespaces={{{namespace.name}}},job.imagePullSecrets={{pull}},{switches}"
        found = documents(rendered("--namespace", namespace.name, f"--set={options}"))
        here = (f"{RELEASE}-jobs", namespace.name)
        assert here in named(found, "PodDisruptionBudget") & named(found, "NetworkPolicy")
        assert named(found, "Namespace") == {(namespace.name, None)}
        (account,) = (each for each in found if each.get("imagePullSecrets"))
        assert account["imagePullSecrets"] == [{"name": "pull"}]
        text = yaml.safe_dump_all(found)
        kubectl("apply", "--dry-run=server", "--validate=strict", "-f", "-", stdin=text)


def test_whoever_may_edit_a_namespace_may_edit_its_jobs() -> None:
    labels = "rbac.authorization.k8s.io/aggregate-to"
    roles = {
        role["metadata"]["name"].rpartition("-")[2]: role
        for role in documents(rendered())
        if role["kind"] == "ClusterRole" and f"{labels}-" in str(role["metadata"]["labels"])
    }
    assert roles.keys() == {"view", "edit"}
    assert "patch" in roles["edit"]["rules"][0]["verbs"]
    assert set(roles["view"]["rules"][0]["verbs"]) == {"get", "list", "watch"}
    assert f"{labels}-admin" in roles["edit"]["metadata"]["labels"]
    none = documents(rendered("--set=rbac.aggregate=false"))
    assert labels not in yaml.safe_dump_all(none)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "No namespace is prepared for jobs: list yours in job.namespaces"),
        (("--set=job.namespaces={a,b}",), "Jobs can run in: a, b"),
    ],
)
def test_the_notes_say_what_to_do_next(options: tuple[str, ...], said: str) -> None:
    release = ("noted", str(CHART), "--set=crds.install=false")
    text = helm("install", *release, "--dry-run=client", *options)
    notes = text.partition("\nNOTES:\n")[2]
    assert said in notes
    assert "kubectl rollout status deployment/noted-operator" in notes


@pytest.mark.parametrize(
    ("role", "verb", "may"),
    [
        ("view", "get", True),
        ("view", "patch", False),
        ("edit", "patch", True),
        ("admin", "delete", True),
    ],
)
def test_the_api_server_lets_people_do_what_their_role_says(
    namespace: Namespace, role: str, verb: str, may: bool
) -> None:
    namespace.run("create", "rolebinding", "person", f"--clusterrole={role}", "--user=person")

    # The API server sums the roles up a moment after they were made.
    eventually(lambda: may_i(namespace, "get"), f"{role} is in force")
    assert may_i(namespace, verb) is may


def may_i(namespace: Namespace, verb: str) -> bool:
    try:
        return namespace.run("auth", "can-i", verb, "puij", "--as=person").strip() == "yes"
    except StepFailed:  # it says no by its status
        return False


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("colour=red", "'colour' not allowed"),
        ("image.tga=1", "'tga' not allowed"),
        ("rollout.maxConcurrent=0", "/rollout/maxConcurrent"),
        ("image.digest=1.0", "/image/digest"),
        ("workers=many", "/workers"),
        ("resources.limts.memory=1Gi", "'limts' not allowed"),
        ("affinity.nodeAfinity.a=b", "'nodeAfinity' not allowed"),
        ("tolerations[0].efect=NoExecute", "'efect' not allowed"),
    ],
)
def test_a_wrong_value_is_refused_by_name(option: str, said: str) -> None:
    with pytest.raises(StepFailed, match=re.escape(said)):
        rendered(f"--set={option}")


def test_each_alert_has_its_runbook() -> None:
    pages = {page.stem for page in (REPOSITORY / "docs" / "runbooks").glob("*.md")}
    named = {Path(alert["annotations"]["runbook_url"]).stem for alert in alerts()}
    assert named == pages
    for alert in alerts():
        page = Path(alert["annotations"]["runbook_url"]).stem
        text = (REPOSITORY / "docs" / "runbooks" / f"{page}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {alert['alert']}\n")


def test_alerts_and_dashboards_ask_for_metrics_that_the_controller_has() -> None:
    served = {metric.name for metric in controller_metrics()}
    wanted = {name.removesuffix("_bucket") for name in metrics("program_user_info_operator")}
    assert len(wanted) >= 7
    assert wanted - served == set()
