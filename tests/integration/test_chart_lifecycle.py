"""The chart is upgraded, rolled back and uninstalled: the CRD follows, and jobs stay."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from dev.cluster.chart_release import CHART, NAMESPACE, RELEASE, install_chart
from dev.cluster.target import helm, kubectl
from dev.release.images.catalogue import product_images
from tests.cluster import (
    Namespace,
    Object,
    eventually,
    job,
    settled,
    temporary_namespace,
    upgrade_release,
)

pytestmark = pytest.mark.cluster
CRD = "crd/programuserinfojobs.lern.sunbird.org"


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
            assert namespace.get("puij", "kept") is not None
            assert namespace.flink_deployment("kept") is not None
        finally:
            install_chart(product_images())
        assert "deletion" in live_fields()
        namespace.run("patch", "puij", "kept", "--type=merge", "-p", '{"spec":{"parallelism":2}}')
        eventually(lambda: parallelism(namespace) == 2, "the new release manages the job")


def spec_fields(crd: Object) -> Object:
    schema = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    fields: Object = schema["properties"]["spec"]["properties"]
    return fields


def live_fields() -> Object:
    return spec_fields(yaml.safe_load(kubectl("get", CRD, "-o", "yaml")))


def parallelism(namespace: Namespace) -> int | None:
    found = namespace.flink_deployment("kept")
    return found["spec"]["job"]["parallelism"] if found else None
