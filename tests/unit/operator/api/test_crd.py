"""The CRD: generated from the types, and as strict as they are."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from dev.documentation.generate import CRD_FILES, crd_text
from program_user_info_operator.api.crd import _structural, custom_resource_definition
from program_user_info_operator.environments.resolve import Unresolved, resolve
from tests.conftest import DATA

EVERYTHING = yaml.safe_load((DATA / "jobs" / "everything.yaml").read_text(encoding="utf-8"))
SCHEMA = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]


def test_the_crd_is_generated_from_the_types() -> None:
    for file in CRD_FILES:
        assert file.read_text(encoding="utf-8") == crd_text(), "run `make generate`"


def test_the_spec_has_no_defaults_that_would_shadow_a_profile() -> None:
    assert "default:" not in crd_text()
    version = custom_resource_definition()["spec"]["versions"][0]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert spec["required"] == ["environment"]
    assert all("description" in field for field in spec["properties"].values())


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


def nodes(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each part of a schema that is a schema."""
    yield schema
    for name in ("items", "additionalProperties"):
        if name in schema:
            yield from nodes(schema[name])
    for child in schema.get("properties", {}).values():
        yield from nodes(child)


@pytest.mark.parametrize("word", ["$ref", "$defs", "anyOf", "default", "title", "pattern", "const"])
def test_the_schema_is_structural(word: str) -> None:
    """Else the API server refuses the CRD, or prunes nothing."""
    assert all(word not in each for each in nodes(SCHEMA))
    assert all("type" in each or "x-kubernetes-int-or-string" in each for each in nodes(SCHEMA))


def field(path: str) -> dict[str, Any]:
    found: dict[str, Any] = SCHEMA
    for part in path.split("."):
        found = found["properties"][part]
    return found


@pytest.mark.parametrize(
    ("path", "part"),
    [
        ("spec.image", {"type": "string", "nullable": True, "maxLength": 512}),
        ("spec.resources.jobManager.cpu", {"minimum": 0, "exclusiveMinimum": True}),
        ("spec.kafka.bootstrapServers", {"type": "array", "minItems": 1, "maxItems": 16}),
        ("spec.flink.podTemplate", {"x-kubernetes-preserve-unknown-fields": True}),
        ("spec.state", {"enum": ["running", "suspended"]}),
        ("status.conditions", {"x-kubernetes-list-map-keys": ["type"]}),
        ("status.lastCheckpoint.time", {"type": "string", "format": "date-time"}),
    ],
)
def test_a_types_bounds_are_the_schemas(path: str, part: dict[str, Any]) -> None:
    found = field(path)
    assert found == found | part


def test_a_replication_holds_numbers_and_words() -> None:
    values = field("spec.cassandra.schema.replication")["additionalProperties"]
    assert values == {"x-kubernetes-int-or-string": True}


def test_a_field_is_required_where_no_profile_can_supply_it() -> None:
    required = {str(each["required"]) for each in nodes(field("spec")) if "required" in each}
    # The entries of a pod template are merged by their names.
    assert required == {"['environment']", "['name']"}
    assert "required" in field("status.conditions")["items"]


def test_the_name_is_one_that_the_flink_deployment_can_have() -> None:
    (rule,) = SCHEMA["x-kubernetes-validations"]
    assert rule["rule"].startswith("self.metadata.name.size() <= 45 ")
    assert rule["message"].startswith("metadata.name must be at most 45 lower-case letters")


def test_the_scale_subresource_reads_fields_that_there_are() -> None:
    (version,) = custom_resource_definition()["spec"]["versions"]
    paths = version["subresources"]["scale"].values()
    assert [field(path.removeprefix("."))["type"] for path in paths] == [
        "integer",
        "integer",
        "string",
    ]


def test_what_is_no_structural_type_is_a_bug() -> None:
    with pytest.raises(NotImplementedError, match="no structural schema"):
        _structural({"anyOf": [{"type": "string"}, {"type": "array"}]}, partial=True)
