"""The commands: what they print, and what they end with."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from program_user_info_operator.cli.main import app
from program_user_info_operator.cluster.api_server import CONFIG_MAP, FLINK_DEPLOYMENT, JOB
from tests.conftest import DATA
from tests.unit.operator.local_api import LocalApi, status
from tests.unit.operator.specs import CR

MINIMAL = str(DATA / "jobs" / "minimal.yaml")
JOBS = f"GET {JOB.path(None)}"


def run(*words: str) -> Any:
    return CliRunner(env={"COLUMNS": "120"}).invoke(app, words)


def a_job(name: str = "a", namespace: str = "ns") -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": namespace}, "spec": CR}


@pytest.mark.parametrize("words", [(), ("--help",)])
def test_each_command_is_listed(words: tuple[str, ...]) -> None:
    result = run(*words)
    assert all(f" {name} " in result.output for name in ("run", "render", "diff", "status"))


def test_an_error_of_a_file_is_one_sentence_and_status_1() -> None:
    result = run("render", "-f", "none.yaml")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("error: none.yaml: No such file")


def test_of_a_diff_an_error_is_status_2_because_1_means_changes() -> None:
    result = run("diff", "-f", "none.yaml")
    assert result.exit_code == 2


def test_the_status_of_all_jobs_is_a_table(local_api: LocalApi) -> None:
    local_api.answers[JOBS] = {"items": [a_job("b"), a_job("a")]}
    result = run("status")
    assert result.exit_code == 0
    assert [line.split()[:3] for line in result.stdout.splitlines()[1:3]] == [
        ["ns", "a", "dev"],
        ["ns", "b", "dev"],
    ]


def test_a_program_gets_json(local_api: LocalApi) -> None:
    local_api.answers[JOBS] = {"items": [a_job()]}
    (found,) = json.loads(run("status", "--json").stdout)
    assert (found["namespace"], found["name"], found["state"]) == ("ns", "a", None)


def test_jobs_are_chosen_by_namespace_and_label(local_api: LocalApi) -> None:
    local_api.answers[f"GET {JOB.path('ns')}"] = {"items": []}
    result = run("status", "-n", "ns", "-l", "team=a")
    assert local_api.last.query == {"labelSelector": "team=a"}
    assert result.stdout == "no ProgramUserInfoJob found; see `kubectl get puij --all-namespaces`\n"


def test_what_the_api_server_refuses_is_one_sentence(local_api: LocalApi) -> None:
    local_api.answers[JOBS] = status(403, "Forbidden", "jobs is forbidden")
    result = run("status")
    assert (result.exit_code, result.stderr) == (1, "error: 403: jobs is forbidden\n")


def test_a_diff_that_cannot_read_the_cluster_is_an_error(local_api: LocalApi) -> None:
    place = JOB.path("sunbird-dev", "program-user-info")
    local_api.answers[f"GET {place}"] = status(403, "Forbidden", "may not read")
    result = run("diff", "-f", MINIMAL)
    assert (result.exit_code, result.stderr) == (2, "error: 403: may not read\n")


def test_a_diff_in_a_cluster_without_the_flink_operator_says_what_is_missing(
    local_api: LocalApi,
) -> None:
    for kind in (CONFIG_MAP, FLINK_DEPLOYMENT):
        local_api.answers[f"GET {kind.path('sunbird-dev')}"] = {"items": []}
    result = run("diff", "-f", MINIMAL)
    assert result.exit_code == 2
    assert "install the Flink Kubernetes Operator" in result.stderr
    assert {each.method for each in local_api.requests} == {"GET"}
