"""`render`: what the controller would apply, as golden files, and its errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
import yaml
from typer.testing import CliRunner

from program_user_info_job.config.model import Config
from program_user_info_operator.cli.main import app
from tests.conftest import DATA

JOBS = sorted((DATA / "jobs").glob("*.yaml"))
IMAGE = ["--job-image", "registry.example/program-user-info-job", "--job-version", "1.0.0"]


def render(job: Path, *options: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["render", "-f", str(job), *IMAGE, *options])
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_golden(job: Path, golden: Callable[[str, str], None]) -> None:
    code, out, err = render(job, "--environments", str(DATA / "environments.yaml"))
    assert (code, err) == (0, "")
    golden(f"render-{job.stem}.yaml", out)


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.stem)
def test_the_job_accepts_its_rendered_configuration(job: Path) -> None:
    _, out, _ = render(job, "--environments", str(DATA / "environments.yaml"))
    deployment, config_map, record = yaml.safe_load_all(out)
    assert deployment["kind"] == "FlinkDeployment"
    config = msgspec.convert(yaml.safe_load(config_map["data"]["config.yaml"]), Config)
    assert config.environment in ("dev", "staging")
    revision = deployment["metadata"]["labels"]["lern.sunbird.org/revision"]
    assert record["metadata"]["name"].endswith(f"-revision-{revision}")


def test_a_job_from_standard_input_and_profiles_from_the_charts_values(tmp_path: Path) -> None:
    profiles = DATA / "environments.yaml"
    values = tmp_path / "values.yaml"
    document = {"workers": 8, "environments": yaml.safe_load(profiles.read_text(encoding="utf-8"))}
    values.write_text(yaml.safe_dump(document), encoding="utf-8")
    _, expected, _ = render(JOBS[0], "--environments", str(profiles))
    options = ["render", "-f", "-", *IMAGE, "--environments", str(values)]
    result = CliRunner().invoke(app, options, input=JOBS[0].read_text(encoding="utf-8"))
    assert (result.exit_code, result.stdout) == (0, expected)


def test_every_container_satisfies_the_restricted_profile() -> None:
    _, out, _ = render(JOBS[1])
    template = next(yaml.safe_load_all(out))["spec"]["podTemplate"]["spec"]
    assert template["securityContext"]["runAsNonRoot"] is True
    assert template["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = template["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "environment: set neither"),
        ({"environment": "dev"}, "kafka.bootstrapServers: set neither"),
        ({"environment": "Dev"}, "environment: must be a short lower-case name"),
        ({"environment": "dev", "kafak": {}}, "kafak: no such field"),
        (
            {"environment": "dev", "parallelism": "2"},
            "parallelism: Input should be a valid integer",
        ),
        ({"environment": "dev", "kafka": []}, "kafka: Input should be"),
    ],
)
def test_bad_input_names_field_and_reason(
    tmp_path: Path, spec: dict[str, object], message: str
) -> None:
    file = tmp_path / "job.yaml"
    job = {
        "apiVersion": "lern.sunbird.org/v1alpha1",
        "kind": "ProgramUserInfoJob",
        "metadata": {"name": "job"},
        "spec": spec,
    }
    file.write_text(yaml.safe_dump(job))
    code, out, err = render(file)
    assert (code, out) == (1, "")
    assert message in err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML"),
        ("- a", "must be a YAML mapping"),
        ("kind: Pod", "must be one ProgramUserInfoJob"),
        (
            "{apiVersion: lern.sunbird.org/v1alpha1, kind: ProgramUserInfoJob, spec: {}}",
            "metadata.name: missing",
        ),
        (
            """{apiVersion: lern.sunbird.org/v1alpha1, kind: ProgramUserInfoJob,
                metadata: {name: a}}""",
            "spec: missing",
        ),
    ],
)
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "job.yaml"
    file.write_text(text)
    code, _, err = render(file)
    assert code == 1
    assert message in err


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    code, _, err = render(tmp_path / "none.yaml")
    assert code == 1
    assert "none.yaml: No such file" in err


def test_a_profile_must_be_a_mapping(tmp_path: Path) -> None:
    file = tmp_path / "environments.yaml"
    file.write_text("dev: 5")
    code, _, err = render(JOBS[1], "--environments", str(file))
    assert code == 1
    assert "dev: must be a mapping" in err


def test_diff_without_a_cluster_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
    result = CliRunner().invoke(app, ["diff", "-f", str(JOBS[0])])
    assert result.exit_code == 2
    assert "set KUBECONFIG" in result.stderr


def test_explain_says_where_each_value_came_from() -> None:
    code, out, _ = render(JOBS[0], "--environments", str(DATA / "environments.yaml"), "--explain")
    assert code == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in out.splitlines()}
    assert rows["FIELD"] == ["SOURCE", "VALUE"]
    assert rows["kafka.groupId"][0] in ("spec", "profile", "default")
    assert {source for source, _ in rows.values()} == {"SOURCE", "spec", "profile", "default"}
    assert rows["cassandra.localDatacenter"][1].startswith('"')
    assert len(rows) > 40


def test_explain_shows_the_keys_of_free_form_fields(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    job = yaml.safe_load(JOBS[1].read_text())
    job["spec"]["flink"] = {"configuration": {"a.b": "c"}}
    file.write_text(yaml.safe_dump(job))
    _, out, _ = render(file, "--explain")
    assert re.search(r'flink\.configuration\.a\.b +spec +"c"', out)
