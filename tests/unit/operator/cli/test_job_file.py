"""A job, and profiles, in files: what is read, and the sentences about what cannot be."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import pytest
import yaml

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.cli.job_file import (
    JobFile,
    JobFileError,
    read_job,
    read_profile,
    read_yaml,
)
from program_user_info_operator.environments.resolve import Unresolved, resolve
from program_user_info_operator.policy.decision import Decision
from program_user_info_operator.policy.deployments import Deployments
from program_user_info_operator.revisions.history import History
from tests.conftest import DATA

MINIMAL = yaml.safe_load((DATA / "jobs" / "minimal.yaml").read_text(encoding="utf-8"))


def written(folder: Path, document: dict[str, Any] | str) -> Path:
    file = folder / "job.yaml"
    text = document if isinstance(document, str) else yaml.safe_dump(document)
    file.write_text(text, encoding="utf-8")
    return file


def refusal(folder: Path, document: dict[str, Any] | str) -> str:
    """What is said of the document, after the file's name."""
    file = written(folder, document)
    with pytest.raises(JobFileError) as refused:
        read_job(file)
    assert str(refused.value).startswith(f"{file}: ")
    return str(refused.value).replace(f"{file}: ", "")


def test_a_job_is_read_with_its_place_and_its_spec_as_it_stands(tmp_path: Path) -> None:
    metadata = {"name": "a", "namespace": "jobs", "uid": "u", "labels": None}
    file = written(tmp_path, MINIMAL | {"metadata": metadata, "status": None})
    assert read_job(file) == JobFile(file, "a", "jobs", "u", MINIMAL["spec"])


def test_without_a_namespace_it_is_the_default_one(tmp_path: Path) -> None:
    found = read_job(written(tmp_path, MINIMAL | {"metadata": {"name": "a"}}))
    assert (found.namespace, found.uid) == ("default", None)


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    said = refusal(tmp_path, MINIMAL | {"metadata": {"name": "A", "lables": {}}, "spec": 5})
    assert [line.partition(":")[0] for line in said.splitlines()] == [
        "metadata.name",
        "metadata.lables",
        "spec",
    ]


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"apiVersion": "lern.sunbird.org/v1"}, "must be one ProgramUserInfoJob"),
        ({"kind": "ProgramUserInfoJobs"}, "must be one ProgramUserInfoJob"),
        ({"metadata": None}, "metadata: missing; give the job a name"),
        ({"metadata": {"name": None}}, "metadata.name: missing; give the job a name"),
        ({"metadata": "a"}, "metadata: must be a mapping, not a string"),
        ({"spec": None}, "spec: missing; set spec.environment at least"),
        ({"spec": []}, "spec: must be a mapping, not a list"),
        ({"spce": {}}, "spce: no such field; correct or remove it"),
    ],
)
def test_a_resource_that_is_none(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    assert refusal(tmp_path, MINIMAL | change).startswith(sentence)


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"resources": {"jobManager": {"cpu": "1"}}},
            "resources.jobManager.cpu: must be a number, not a string",
        ),
        (
            {"autoscaling": {"targetUtilization": True}},
            "autoscaling.targetUtilization: must be a number, not a boolean",
        ),
        (
            {"cassandra": {"schema": {"replication": {"dc1": 3}}}},
            "cassandra.schema.replication: needs class",
        ),
        (
            {"flink": {"configuration": {f"a{i}": "b" for i in range(257)}}},
            "flink.configuration: must have at most 256 entries",
        ),
    ],
)
def test_a_spec_that_the_crd_refuses(tmp_path: Path, spec: dict[str, Any], sentence: str) -> None:
    document = copy.deepcopy(MINIMAL)
    for key, value in spec.items():
        document["spec"][key] = document["spec"].get(key, {}) | value
    job = read_job(written(tmp_path, document))
    with pytest.raises(JobFileError) as refused:
        job.resolved(resolve(job.spec, None))
    assert str(refused.value).startswith(f"{job.file}: {sentence}")


def test_each_message_about_a_spec_names_the_file() -> None:
    job = JobFile(Path("a.yaml"), "job", "ns", None, {})
    with pytest.raises(JobFileError) as refused:
        job.resolved(Unresolved(("a: wrong", "b: wrong"), in_profile=False))
    assert str(refused.value) == "a.yaml: a: wrong\na.yaml: b: wrong"


def test_what_the_controller_would_refuse_is_refused() -> None:
    job = JobFile(Path("a.yaml"), "job", "ns", None, {})
    allowed = Decision(History((), None), {}, Deployments((), ()))
    assert job.decided(allowed) is allowed
    refusal = Refusal("Why", "so")
    with pytest.raises(JobFileError, match=r"^a\.yaml: so$"):
        job.decided(Decision(History((), None), {}, Deployments((), ()), refusal=refusal))


def test_a_time_needs_no_quotes(tmp_path: Path) -> None:
    text = (DATA / "jobs" / "minimal.yaml").read_text(encoding="utf-8")
    times = "  kafka:\n    startingOffsets: 2026-01-31T06:25:00Z"
    job = read_job(written(tmp_path, text.replace("  kafka:", times)))
    assert job.spec["kafka"]["startingOffsets"] == "2026-01-31T06:25:00Z"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [", "not YAML: while parsing"),
        ("- a", "must be a YAML mapping"),
        ("", "must be a YAML mapping"),
        ("a: .nan", "not YAML: JSON has neither .inf nor .nan"),
        ("kind: Pod", "must be one ProgramUserInfoJob of lern.sunbird.org/v1alpha1"),
    ],
)
def test_a_file_that_is_no_job_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(message)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match=r"none\.yaml: No such file or directory; pass an"):
        read_yaml(tmp_path / "none.yaml")


def test_a_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("a: 1"))
    assert read_yaml(Path("-")) == {"a": 1}


DEV = {"parallelism": 2}


@pytest.mark.parametrize(
    ("document", "profile"),
    [
        ({"dev": DEV}, DEV),
        ({"workers": 8, "environments": {"dev": DEV}}, DEV),
        ({"dev": None}, {}),
        ({"dev": DEV | {"namespaces": ["jobs"]}}, DEV),
        # No profiles at all, as in an installation without any.
        ({"environments": {}}, None),
        ({"environments": None}, None),
    ],
)
def test_the_profile_is_that_of_the_jobs_environment(
    tmp_path: Path, document: dict[str, Any], profile: dict[str, Any] | None
) -> None:
    file = written(tmp_path, document)
    assert read_profile(file, {"environment": "dev"}, "jobs") == profile


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"dev": 5}, "dev: must be a mapping of spec fields"),
        ({"prod": DEV}, "environment: there is no profile for dev (there are: prod)"),
        (
            {"dev": {"namespaces": ["others"]}},
            "environment: jobs of namespace jobs may not use dev",
        ),
        (
            {"dev": {"namespaces": "jobs"}},
            "the profile of environment dev: namespaces must be a list of names",
        ),
    ],
)
def test_a_profile_that_the_job_cannot_use(
    tmp_path: Path, document: dict[str, Any], sentence: str
) -> None:
    file = written(tmp_path, document)
    with pytest.raises(JobFileError) as refused:
        read_profile(file, {"environment": "dev"}, "jobs")
    assert str(refused.value).startswith(f"{file}: {sentence}")
