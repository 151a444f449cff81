"""The whole resource: names, labels and annotations as Kubernetes takes them."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api import names
from program_user_info_operator.api.resource import Resource
from tests.unit.operator import sections

DOCUMENT: dict[str, Any] = {
    "apiVersion": names.API_VERSION,
    "kind": names.KIND,
    "metadata": {"name": "job"},
    "spec": {},
}


def refused(metadata: dict[str, Any], **document: Any) -> list[str]:
    """A line for each field that is wrong; none where the resource is taken."""
    known = DOCUMENT | {"metadata": DOCUMENT["metadata"] | metadata}
    return sections.refused(Resource, known | document)


@pytest.mark.parametrize(
    ("metadata", "sentence"),
    [
        ({"name": None}, "metadata.name: must be a string, not null"),
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
        ({"labels": {"a" * 64: "c"}}, f"metadata.labels.{'a' * 64}: must be a label's key"),
        ({"labels": {f"{'a.' * 126}aa/b": "c"}}, f"metadata.labels.{'a.' * 126}aa/b: must be"),
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
def test_metadata_that_kubernetes_refuses(metadata: dict[str, Any], sentence: str) -> None:
    assert any(line.startswith(sentence) for line in refused(metadata))


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
def test_metadata_that_kubernetes_takes(metadata: dict[str, Any]) -> None:
    assert refused(metadata) == []


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        ("apiVersion", "v1", "apiVersion: must be 'lern.sunbird.org/v1alpha1'"),
        ("kind", "Pod", "kind: must be 'ProgramUserInfoJob'"),
        ("spec", [], "spec: must be a mapping, not a list"),
        ("spce", {}, "spce: no such field; correct or remove it"),
    ],
)
def test_a_document_that_is_no_job(field: str, value: Any, line: str) -> None:
    assert refused({}, **{field: value}) == [line]


def test_a_status_in_a_file_is_nobodys_business() -> None:
    assert refused({}, status={"whatever": 1}) == []


def test_annotations_may_have_256_kibibytes_in_all() -> None:
    """Keys and values together, in bytes and not in characters."""
    longest = (2**18 - 2) // 2 * "\N{LATIN SMALL LETTER E WITH ACUTE}"
    assert refused({"annotations": {"ab": longest}}) == []
    (line,) = refused({"annotations": {"abc": longest}})
    assert line == "metadata.annotations: must be at most 262144 bytes in all"
