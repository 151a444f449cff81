"""`render` refuses what the API server would: by Kubernetes' rules and by the CRD's schema."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.cli.main import app
from program_user_info_operator.environments.resolve import Unresolved, resolve
from tests.conftest import DATA

MINIMAL = yaml.safe_load((DATA / "jobs" / "minimal.yaml").read_text(encoding="utf-8"))
EVERYTHING = yaml.safe_load((DATA / "jobs" / "everything.yaml").read_text(encoding="utf-8"))
SCHEMA = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def refusal(tmp_path: Path, document: dict[str, Any]) -> str:
    """What `render` says of the document; empty where it renders it."""
    file = tmp_path / "job.yaml"
    file.write_text(yaml.safe_dump(document), encoding="utf-8")
    result = CliRunner().invoke(app, ["render", "-f", str(file)])
    assert (result.exit_code == 0) == (result.stderr == "")
    return result.stderr


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"name": None}, "metadata.name: missing; give the job a name"),
        ({"name": "a" * 46}, "metadata.name: must be at most 45 lower-case letters"),
        ({"name": "a" * 60}, "metadata.name: must be at most 45 lower-case letters"),
        ({"name": "1job"}, "metadata.name: must be at most 45 lower-case letters"),
        ({"name": "job.x"}, "metadata.name: must be at most 45 lower-case letters"),
        ({"name": "Job"}, "metadata.name: must be at most 45 lower-case letters"),
        ({"name": 5}, "metadata.name: must be a string, not a number"),
        ({"namespace": "a" * 64}, "metadata.namespace: must be at most 63 lower-case letters"),
        ({"namespace": "a_b"}, "metadata.namespace: must be at most 63 lower-case letters"),
        ({"namespace": "a.b"}, "metadata.namespace: must be at most 63 lower-case letters"),
        ({"labels": {"a b": "c"}}, "metadata.labels.a b: must be a label's key"),
        ({"labels": {"/a": "c"}}, "metadata.labels./a: must be a label's key"),
        ({"labels": {"a/b/c": "c"}}, "metadata.labels.a/b/c: must be a label's key"),
        ({"labels": {"a" * 64: "c"}}, "must be a label's key"),
        ({"labels": {f"{'a.' * 126}aa/b": "c"}}, "must be a label's key"),
        ({"labels": {"a": "b c"}}, "metadata.labels.a: must be a label's value"),
        ({"labels": {"a": "-b"}}, "metadata.labels.a: must be a label's value"),
        ({"labels": {"a": "b" * 64}}, "metadata.labels.a: must be a label's value"),
        ({"labels": {"a": True}}, "metadata.labels.a: must be a string, not a boolean"),
        ({"annotations": {"a": 1}}, "metadata.annotations.a: must be a string, not a number"),
        ({"annotations": {"a b": "c"}}, "metadata.annotations.a b: must be an annotation's key"),
        ({"annotations": {"a": "b" * 2**18}}, "metadata.annotations: must be at most 262144 bytes"),
        ({"lables": {}}, "metadata.lables: no such field"),
    ],
)
def test_metadata_that_kubernetes_refuses(
    tmp_path: Path, metadata: dict[str, Any], sentence: str
) -> None:
    document = MINIMAL | {"metadata": MINIMAL["metadata"] | metadata}
    assert sentence in refusal(tmp_path, document)


@pytest.mark.parametrize(
    "metadata",
    [
        {"name": "a" * 45},
        {"namespace": "1-a"},
        {"labels": {"app.kubernetes.io/part-of": "a_b.C", "x": ""}},
        {"labels": None, "annotations": {"Example.org/a": "any text\n"}},
        {"uid": "1", "resourceVersion": "5", "generation": 2, "managedFields": []},
    ],
)
def test_metadata_that_kubernetes_takes(tmp_path: Path, metadata: dict[str, Any]) -> None:
    assert refusal(tmp_path, MINIMAL | {"metadata": MINIMAL["metadata"] | metadata}) == ""


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"apiVersion": "lern.sunbird.org/v1"}, "must be one ProgramUserInfoJob"),
        ({"kind": "ProgramUserInfoJobs"}, "must be one ProgramUserInfoJob"),
        ({"metadata": None}, "metadata: missing; give the job a name"),
        ({"metadata": "a"}, "metadata: must be a mapping, not a string"),
        ({"spec": None}, "spec: missing; set spec.environment at least"),
        ({"spec": []}, "spec: must be a mapping, not a list"),
        ({"spce": {}}, "spce: no such field; correct or remove it"),
    ],
)
def test_a_resource_that_is_none(tmp_path: Path, change: dict[str, Any], sentence: str) -> None:
    assert sentence in refusal(tmp_path, MINIMAL | change)


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
    assert sentence in refusal(tmp_path, document)


def test_a_time_needs_no_quotes(tmp_path: Path) -> None:
    text = (DATA / "jobs" / "minimal.yaml").read_text(encoding="utf-8")
    file = tmp_path / "job.yaml"
    file.write_text(text.replace("  kafka:", "  kafka:\n    startingOffsets: 2026-01-31T06:25:00Z"))
    result = CliRunner().invoke(app, ["render", "-f", str(file)])
    assert result.exit_code == 0, result.stderr
    assert "2026-01-31T06:25:00Z" in result.stdout


def places(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    found = [path] if path else []
    if isinstance(value, dict):
        found += [each for key, child in value.items() for each in places(child, (*path, key))]
    if isinstance(value, list):
        found += [each for at, child in enumerate(value) for each in places(child, (*path, at))]
    return found


VALUES = st.one_of(
    st.booleans(),
    st.integers(-2, 2000),
    st.sampled_from([2**53, 2**53 + 1, 0.0, 0.5, 1.5, 129.0]),
    st.sampled_from(["", "1", "a b", "true", "10s", "running", "x" * 600, "v1_20", "a:1"]),
    st.lists(st.sampled_from(["a:1", "b", 1]), max_size=17),
    st.dictionaries(st.sampled_from(["class", "cpu", "manage"]), st.sampled_from([1, "a", True])),
)


def pruned(value: Any) -> Any:
    """As the API server has it before it validates: a null is as good as nothing."""
    if isinstance(value, dict):
        return {key: pruned(each) for key, each in value.items() if each is not None}
    return [pruned(each) for each in value] if isinstance(value, list) else value


@settings(max_examples=400)
@given(place=st.sampled_from(places(EVERYTHING["spec"])), value=VALUES)
def test_whatever_the_crds_schema_refuses_is_refused(
    place: tuple[str | int, ...], value: Any
) -> None:
    spec = copy.deepcopy(EVERYTHING["spec"])
    parent = spec
    for key in place[:-1]:
        parent = parent[key]
    parent[place[-1]] = value
    validator = jsonschema.Draft4Validator(SCHEMA["properties"]["spec"])
    if not validator.is_valid(pruned(spec)):
        assert isinstance(resolve(spec, None), Unresolved)
