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
from tests.unit.operator.world import flink_crd

JOBS = sorted((DATA / "jobs").glob("*.yaml"))
EVERYTHING, MINIMAL = DATA / "jobs" / "everything.yaml", DATA / "jobs" / "minimal.yaml"
IMAGE = [
    f"--job-image={line}=registry.example/program-user-info-job:1.0.0-flink{number}"
    for line, number in (("v1_20", "1.20"), ("v2_2", "2.2"))
]


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
    _, expected, _ = render(EVERYTHING, "--environments", str(profiles))
    options = ["render", "-f", "-", *IMAGE, "--environments", str(values)]
    result = CliRunner().invoke(app, options, input=EVERYTHING.read_text(encoding="utf-8"))
    assert (result.exit_code, result.stdout) == (0, expected)


def test_every_container_satisfies_the_restricted_profile() -> None:
    _, out, _ = render(MINIMAL)
    template = next(yaml.safe_load_all(out))["spec"]["podTemplate"]["spec"]
    assert template["securityContext"]["runAsNonRoot"] is True
    assert template["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = template["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }


def test_explain_says_where_each_value_came_from() -> None:
    code, out, _ = render(
        EVERYTHING, "--environments", str(DATA / "environments.yaml"), "--explain"
    )
    assert code == 0
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in out.splitlines()}
    assert rows["FIELD"] == ["SOURCE", "VALUE"]
    assert rows["kafka.groupId"][0] in ("spec", "profile", "default")
    assert {source for source, _ in rows.values()} == {"SOURCE", "spec", "profile", "default"}
    assert rows["cassandra.localDatacenter"][1].startswith('"')
    assert len(rows) > 40


def test_explain_shows_the_keys_of_free_form_fields(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    job = yaml.safe_load(MINIMAL.read_text())
    job["spec"]["flink"] = {"configuration": {"a.b": "c"}}
    file.write_text(yaml.safe_dump(job))
    _, out, _ = render(file, "--explain")
    assert re.search(r'flink\.configuration\.a\.b +spec +"c"', out)


@pytest.mark.parametrize(
    ("versions", "spec", "told", "tag"),
    [
        (("v1_20", "v2_2"), {}, "v2_2", "1.0.0-flink2.2"),
        (("v1_18", "v1_19"), {}, "v1_18", "1.0.0-flink1.20"),
        (("v1_20", "v2_2"), {"flink": {"version": "v1_20"}}, "v1_20", "1.0.0-flink1.20"),
        (("v1_20", "v2_2"), {"version": "0.9"}, "v2_2", "0.9-flink2.2"),
    ],
)
def test_the_flink_is_one_that_the_given_flink_operator_knows(
    tmp_path: Path, versions: tuple[str, ...], spec: dict[str, object], told: str, tag: str
) -> None:
    code, out, err = render(with_spec(tmp_path, **spec), *knowing(tmp_path, *versions))
    assert (code, err) == (0, "")
    deployment = next(yaml.safe_load_all(out))["spec"]
    image = f"registry.example/program-user-info-job:{tag}"
    assert (deployment["flinkVersion"], deployment["image"]) == (told, image)


@pytest.mark.parametrize(
    ("version", "sentence"),
    [
        ("v1_19", "there is no bundled job for v1_19"),
        ("v2_2", "the installed Flink operator does not support v2_2"),
    ],
)
def test_a_flink_that_cannot_run_is_refused(tmp_path: Path, version: str, sentence: str) -> None:
    job = with_spec(tmp_path, flink={"version": version})
    code, _, err = render(job, *knowing(tmp_path, "v1_19", "v1_20"))
    assert code == 1
    assert f"flink.version: {sentence}" in err


def test_another_file_than_the_flink_operators_crd_is_refused(tmp_path: Path) -> None:
    code, _, err = render(MINIMAL, "--flink-operator", str(MINIMAL))
    assert code == 1
    assert "must be the CRD flinkdeployments.flink.apache.org" in err


def with_spec(folder: Path, **fields: object) -> Path:
    """The minimal job with more fields."""
    job = yaml.safe_load(MINIMAL.read_text(encoding="utf-8"))
    job["spec"] |= fields
    file = folder / "job.yaml"
    file.write_text(yaml.safe_dump(job), encoding="utf-8")
    return file


def knowing(folder: Path, *versions: str) -> tuple[str, str]:
    """The option for a Flink operator that knows these versions."""
    file = folder / "crd.yaml"
    file.write_text(yaml.safe_dump(flink_crd(*versions)), encoding="utf-8")
    return "--flink-operator", str(file)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({}, "environment: missing; name the environment"),
        ({"environment": "dev"}, "kafka.bootstrapServers: missing in"),
        ({"environment": "Dev"}, "environment: must be a short lower-case name"),
        ({"environment": "dev", "kafak": {}}, "kafak: no such field"),
        (
            {"environment": "dev", "parallelism": "2"},
            "parallelism: must be an integer, not a string",
        ),
        ({"environment": "dev", "kafka": []}, "kafka: must be a mapping, not a list"),
    ],
)
def test_bad_input_names_field_and_reason(
    tmp_path: Path, spec: dict[str, object], message: str
) -> None:
    file = tmp_path / "job.yaml"
    job = yaml.safe_load(MINIMAL.read_text(encoding="utf-8")) | {"spec": spec}
    file.write_text(yaml.safe_dump(job))
    code, out, err = render(file)
    assert (code, out) == (1, "")
    assert message in err
