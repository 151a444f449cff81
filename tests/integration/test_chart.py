"""The chart: what it renders, what it refuses, and its life in a cluster."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from prometheus_client import CollectorRegistry, generate_latest

from dev.cluster.release import CHART, NAMESPACE, RELEASE, install_chart
from dev.cluster.target import helm, kubectl
from dev.images.catalogue import product_images
from dev.paths import REPOSITORY
from dev.steps import StepFailed
from dev.toolchain.programs import prometheus_crds
from program_user_info_operator.environments.resolve import Resolved, resolve
from program_user_info_operator.metrics import LiveCounts
from tests.cluster import (
    Namespace,
    Object,
    eventually,
    job,
    settled,
    temporary_namespace,
    upgrade_release,
)
from tests.monitoring import alerts, metrics

pytestmark = pytest.mark.cluster

EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
CRD = "crd/programuserinfojobs.lern.sunbird.org"


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


@pytest.mark.parametrize("values", EXAMPLES, ids=lambda file: file.stem)
def test_example_values_pass_lint_and_make_valid_profiles(values: Path) -> None:
    helm("lint", "--strict", str(CHART), "--values", str(values))
    profiles = yaml.safe_load(values.read_text(encoding="utf-8"))["environments"]
    assert profiles
    for environment, profile in profiles.items():
        resolved = resolve({"environment": environment}, profile)
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
    live = CollectorRegistry()
    live.register(LiveCounts(dict, dict))
    served = (generate_latest() + generate_latest(live)).decode()
    wanted = {name.removesuffix("_bucket") for name in metrics("program_user_info_operator")}
    assert len(wanted) >= 7
    assert {name for name in wanted if f"# TYPE {name} " not in served} == set()


def test_upgrade_changes_the_crd_rollback_goes_back_and_uninstall_keeps_all(
    tmp_path: Path,
) -> None:
    previous = tmp_path / "chart"
    shutil.copytree(CHART, previous)
    crd = yaml.safe_load((previous / "files" / "crd.yaml").read_text(encoding="utf-8"))
    del spec_fields(crd)["deletion"]
    (previous / "files" / "crd.yaml").write_text(yaml.safe_dump(crd), encoding="utf-8")
    with temporary_namespace("chart") as namespace:
        namespace.apply(job("kept"))
        try:
            upgrade_release(previous)
            assert "deletion" not in live_fields()
            upgrade_release()
            assert "deletion" in live_fields()
            settled(namespace, "kept")
            helm("rollback", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=3m")
            assert "deletion" not in live_fields()
            helm("uninstall", RELEASE, "--namespace", NAMESPACE, "--wait", "--timeout=3m")
            deployments = kubectl("get", "deployments", "-n", NAMESPACE, "-o", "name")
            assert deployments == ""
            for kind in ("puij", "flinkdeployment"):
                assert namespace.get(kind, "kept") is not None
        finally:
            install_chart(product_images())
        assert "deletion" in live_fields()
        namespace.run("patch", "puij", "kept", "--type=merge", "-p", '{"spec":{"parallelism":2}}')
        eventually(lambda: parallelism(namespace) == 2, "the new release takes the job up")


def spec_fields(crd: Object) -> Object:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields: Object = schema["properties"]["spec"]["properties"]
    return fields


def live_fields() -> Object:
    return spec_fields(yaml.safe_load(kubectl("get", CRD, "-o", "yaml")))


def parallelism(namespace: Namespace) -> int | None:
    found = namespace.get("flinkdeployment", "kept")
    return found["spec"]["job"]["parallelism"] if found else None
