"""The overlays on the API server: accepted, resolved with the example profiles, and at rest."""

from __future__ import annotations

import subprocess
import sys

import pytest
import yaml

from dev.cluster.chart_release import CHART
from dev.cluster.target import kubectl
from dev.paths import REPOSITORY
from tests.cluster import Object, eventually, temporary_namespace

pytestmark = pytest.mark.cluster

GITOPS = REPOSITORY / "gitops"
PROFILES = CHART / "examples" / "production.yaml"


def built(environment: str) -> Object:
    text = kubectl("kustomize", str(GITOPS / "overlays" / environment))
    (document,) = yaml.safe_load_all(text)
    found: Object = document
    return found


@pytest.mark.parametrize("environment", ["dev", "staging", "production"])
def test_an_overlay_is_its_environments_job(environment: str) -> None:
    found = built(environment)
    assert found["spec"]["environment"] == environment
    assert found["metadata"]["namespace"] == f"sunbird-{environment}"


@pytest.mark.parametrize("environment", ["staging", "production"])
def test_a_pipeline_can_render_what_a_pull_request_would_deploy(environment: str) -> None:
    operator = [sys.executable, "-m", "program_user_info_operator"]
    done = subprocess.run(
        [*operator, "render", "-f", "-", "--environments", str(PROFILES)],
        input=yaml.safe_dump(built(environment)),
        capture_output=True,
        text=True,
        check=True,
    )
    deployment = next(yaml.safe_load_all(done.stdout))
    assert deployment["metadata"]["namespace"] == f"sunbird-{environment}"
    assert deployment["spec"]["image"].endswith(":0.1.0-flink2.2")


def test_what_was_applied_does_not_differ_once_the_controller_is_done() -> None:
    """Else Argo CD would see it out of sync for ever."""
    overlay = built("dev")
    with temporary_namespace("gitops") as namespace:
        overlay["metadata"]["namespace"] = namespace.name
        overlay["spec"] |= {"state": "suspended", "kafka": {"bootstrapServers": ["kafka:9092"]}}
        overlay["spec"]["cassandra"] = {"contactPoints": ["cassandra:9042"]}
        text = yaml.safe_dump(overlay)
        namespace.run("apply", "--server-side", "-f", "-", stdin=text)
        name = overlay["metadata"]["name"]

        def is_observed() -> bool:
            found = namespace.get("puij", name) or {}
            conditions = found.get("status", {}).get("conditions") or []
            return any(each["status"] == "True" and each["type"] == "Ready" for each in conditions)

        eventually(is_observed, "the job is Ready")
        # Exits with 1, which raises, if anything would change.
        namespace.run("diff", "--server-side", "-f", "-", stdin=text)
