"""`diff`: what the controller would change, by the API server's dry run."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from program_user_info_operator.cli.diff import diff_job
from program_user_info_operator.cli.job_file import JobFileError
from program_user_info_operator.cli.main import app
from program_user_info_operator.cluster.api_server import Kind
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from tests.conftest import DATA
from tests.unit.operator.controller import Controller
from tests.unit.operator.specs import CR
from tests.unit.operator.world import World

BUNDLE = BundledJobs({"v1_20": "image:1.0", "v2_2": "image:1.0-flink2.2"})
PROFILES = ("operator", "profiles")


def in_order(document: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(document, sort_keys=True))
    return found


class DryRunWorld(World):
    """As the real API server: stores nothing in a dry run, and answers with keys in order."""

    def get(self, kind: Kind, namespace: str | None, name: str) -> dict[str, Any] | None:
        found = super().get(kind, namespace, name)
        return None if found is None else in_order(found)

    def apply(
        self,
        desired: Mapping[str, Any],
        *,
        subresource: str = "",
        dry_run: bool = False,
        resource_version: str | None = None,
    ) -> dict[str, Any]:
        objects, writes = copy.deepcopy(self.objects), list(self.writes)
        applied = super().apply(desired, subresource=subresource, resource_version=resource_version)
        if dry_run:
            self.objects, self.writes = objects, writes
        return in_order(applied)


def running() -> DryRunWorld:
    """A job that runs what it asks for."""
    world = DryRunWorld()
    world.put_job()
    Controller(world).settle()
    return world


def changes(
    folder: Path, world: World, environments: dict[str, Any] | None = None, **fields: Any
) -> str:
    """The difference that a file with these fields would make."""
    file, profiles = folder / "job.yaml", None
    document = {
        "apiVersion": "lern.sunbird.org/v1alpha1",
        "kind": "ProgramUserInfoJob",
        "metadata": {"name": "job", "namespace": "ns"},
        "spec": CR | fields,
    }
    file.write_text(yaml.safe_dump(document))
    if environments is not None:
        profiles = folder / "environments.yaml"
        profiles.write_text(yaml.safe_dump(environments))
    api: Any = world
    return diff_job(api, file, profiles, PROFILES, BUNDLE)


def changed(diff: str, sign: str) -> set[str]:
    lines = diff.splitlines()
    return {line[1:].strip() for line in lines if line[:1] == sign and line[:3] != sign * 3}


def test_of_a_job_that_runs_as_asked_for_nothing_changes(tmp_path: Path) -> None:
    world = running()
    assert changes(tmp_path, world) == ""


def test_a_new_job_is_all_new(tmp_path: Path) -> None:
    world = DryRunWorld()
    diff = changes(tmp_path, world)
    assert changed(diff, "-") == set()
    assert {"kind: FlinkDeployment", "kind: ConfigMap"} <= changed(diff, "+")
    assert world.writes == []


def test_an_edit_is_compared_with_what_runs_under_its_own_name(tmp_path: Path) -> None:
    world = running()
    before = list(world.writes)
    diff = changes(tmp_path, world, parallelism=3)
    (name,) = [each["metadata"]["name"] for each in world.deployments()]
    assert f"--- live/FlinkDeployment/{name}" in diff
    assert "parallelism: 1" in changed(diff, "-")
    assert "parallelism: 3" in changed(diff, "+")
    assert world.writes == before


def test_what_the_api_server_writes_itself_is_no_change(tmp_path: Path) -> None:
    lines = changed(changes(tmp_path, running(), parallelism=3), "+")
    foreign = ("managedFields", "resourceVersion", "generation", "creationTimestamp", "status")
    assert not [line for line in lines if line.startswith(foreign)]


def test_profiles_of_a_file_stand_in_for_the_clusters(tmp_path: Path) -> None:
    world = running()
    world.put_profile("parallelism: 5")
    assert "parallelism: 5" in changed(changes(tmp_path, world), "+")
    assert "parallelism: 7" in changed(changes(tmp_path, world, {"dev": {"parallelism": 7}}), "+")


@pytest.mark.parametrize(
    ("fields", "environments", "sentence"),
    [
        ({"parallelism": 0}, None, "parallelism: must be at least 1"),
        ({}, {"prod": {}}, "there is no profile for dev"),
        ({"cassandra": CR["cassandra"] | {"layout": "map"}}, None, "has layout flat, which map"),
    ],
)
def test_what_the_controller_would_refuse_is_told(
    tmp_path: Path, fields: dict[str, Any], environments: dict[str, Any] | None, sentence: str
) -> None:
    with pytest.raises(JobFileError) as refused:
        changes(tmp_path, running(), environments, **fields)
    assert sentence in str(refused.value)


def test_without_a_cluster_it_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
    everything = str(DATA / "jobs" / "everything.yaml")
    result = CliRunner().invoke(app, ["diff", "-f", everything])
    assert result.exit_code == 2
    assert "set KUBECONFIG" in result.stderr
