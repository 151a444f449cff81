"""A registry that asks for a password: with it people publish and pods pull, without it neither.

The store is the one of the open registry, so all that `make publish` has pushed is in it.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dev import versions
from dev.cluster import registry
from dev.cluster.chart_release import CHART
from dev.cluster.target import helm, own_kubeconfig
from dev.release.images.builder import Builder
from dev.release.images.catalogue import PAUSE
from dev.release.publish import SBOM_TYPE, Published, attach, oras, publish_chart
from tests.cluster import Namespace, Object, eventually, forget_images
from tests.integration.conftest import publish

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.nightly,
    pytest.mark.skipif(own_kubeconfig() is not None, reason="the registry is the node's localhost"),
]

USER, PASSWORD = "reader", "sesame"
USERS = f"{USER}:$2b$05$SvTvn8Xt0Z6M35C79FzPa.3QKU7Lq1AHTOlxV3N.ElKd6ZFkmHY6C\n"
LINE = f"v{versions.FLINK_LINES[-1].replace('.', '_')}"


@pytest.fixture(scope="module")
def private(published: str) -> Iterator[str]:
    with registry.running(registry.PRIVATE, users=USERS) as address:
        yield f"{address}/{published.partition('/')[2]}"


@pytest.fixture
def logged_in(private: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """What `docker login` writes; the file's text."""
    login = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    text = json.dumps({"auths": {private.partition("/")[0]: {"auth": login}}})
    (tmp_path / "config.json").write_text(text, encoding="utf-8")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return text


def test_publishing_needs_the_login(private: str) -> None:
    with pytest.raises(AssertionError, match=r"(?i)unauthorized|authentication required"):
        publish(private)


def test_each_tool_that_publishes_uses_the_login(private: str, logged_in: str) -> None:
    """With the smallest image: to compress all of them again would prove nothing more."""
    digest = Builder().push(PAUSE, f"{private}/pause:1")
    image = Published(f"{private}/pause", "1", digest)
    attach({"bomFormat": "CycloneDX"}, f"{image.repository}@{digest}")
    found = json.loads(oras("discover", f"{image.repository}:1", "--format", "json"))
    assert found["digest"] == digest
    assert [each["artifactType"] for each in found["referrers"]] == [SBOM_TYPE]
    publish_chart({}, f"{private}/pause")
    chart = f"oci://{private}/pause/charts/{CHART.name}"
    assert CHART.name in helm("show", "chart", chart, "--version", versions.PRODUCT)


def test_pulled_with_the_login_and_not_without(
    private: str, logged_in: str, namespace: Namespace
) -> None:
    forget_images(private)
    namespace.apply(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "pull"},
            "stringData": {".dockerconfigjson": logged_in},
        }
    )
    here = f"{{{namespace.name}}}"
    values = (
        f"crds.install=false,watchNamespaces={here},job.namespaces={here}"
        ",imagePullSecrets[0].name=pull,job.imagePullSecrets={pull}"
        f",image.repository={private}/program-user-info-operator"
    )
    chart = (f"oci://{private}/charts/{CHART.name}", "--version", versions.PRODUCT)
    options = ("--namespace", namespace.name, "--wait", "--timeout=2m", "--set", values)
    try:
        helm("install", "private", *chart, *options)  # waits until the controller is Ready
        image = job_image(private, *chart)
        namespace.apply(pod("as-a-job", image, account="program-user-info-job"))
        namespace.apply(pod("as-anybody", image, account="default"))
        eventually(lambda: waiting(namespace, "as-anybody") == "ErrImagePull", "it is refused")
        eventually(lambda: phase(namespace, "as-a-job") == "Succeeded", "it has run", 120)
    finally:
        helm("uninstall", "private", "--namespace", namespace.name, "--ignore-not-found")
    pulled = {name for name, _ in registry.pulled_by("containerd", registry.PRIVATE)}
    assert pulled == {f"sunbird/program-user-info-{each}" for each in ("operator", "job")}


def job_image(place: str, *chart: str) -> str:
    """What the chart names for the newest line of Flink, in this place."""
    values = helm("show", "values", *chart, "--jsonpath", f"{{.job.images.{LINE}}}")
    image = json.loads(values)
    return f"{place}/program-user-info-job:{image['tag']}@{image['digest']}"


def pod(name: str, image: str, *, account: str) -> Object:
    # Always: an image that another pod has pulled does not show that this one may pull it.
    container = {
        "name": "look",
        "image": image,
        "imagePullPolicy": "Always",
        "command": ["python3", "--version"],
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name},
        "spec": {
            "serviceAccountName": account,
            "restartPolicy": "Never",
            "containers": [container],
        },
    }


def phase(namespace: Namespace, name: str) -> str | None:
    found: str | None = (namespace.get("pod", name) or {}).get("status", {}).get("phase")
    return found


def waiting(namespace: Namespace, name: str) -> str | None:
    status = (namespace.get("pod", name) or {}).get("status", {})
    states = [each["state"] for each in status.get("containerStatuses", [])]
    reasons = [state["waiting"]["reason"] for state in states if "waiting" in state]
    return reasons[0].replace("ImagePullBackOff", "ErrImagePull") if reasons else None
