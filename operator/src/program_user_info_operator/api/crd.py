"""The CustomResourceDefinition, generated from the types: `crds/` holds its output."""

from __future__ import annotations

from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.api.resource import MAX_NAME, NAME_EXPECTED, NAME_PATTERN
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import JobStatus

Json = dict[str, Any]

_NAME_RULE = {
    "rule": f"self.metadata.name.size() <= {MAX_NAME}"
    f" && self.metadata.name.matches('^{NAME_PATTERN}$')",
    "message": f"metadata.name must be {NAME_EXPECTED}",
}
_COLUMNS = [
    ("Environment", "string", ".spec.environment", 0),
    ("State", "string", ".status.jobState", 0),
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 0),
    ("Version", "string", ".status.imageVersion", 0),
    ("Topic", "string", ".status.topic", 1),
    ("Table", "string", ".status.table", 1),
    ("Age", "date", ".metadata.creationTimestamp", 0),
]


def custom_resource_definition() -> Json:
    """The manifest, ready to be applied."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{names.PLURAL}.{names.GROUP}"},
        "spec": {
            "group": names.GROUP,
            "names": {
                "kind": names.KIND,
                "listKind": f"{names.KIND}List",
                "plural": names.PLURAL,
                "singular": names.SINGULAR,
                "shortNames": [names.SHORT_NAME],
                "categories": [names.CATEGORY],
            },
            "scope": "Namespaced",
            "versions": [
                {
                    "name": names.VERSION,
                    "served": True,
                    "storage": True,
                    "subresources": {
                        "status": {},
                        # For `kubectl scale`, a HorizontalPodAutoscaler, KEDA.
                        "scale": {
                            "specReplicasPath": ".spec.parallelism",
                            "statusReplicasPath": ".status.parallelism",
                            "labelSelectorPath": ".status.selector",
                        },
                    },
                    "additionalPrinterColumns": [_column(*column) for column in _COLUMNS],
                    "schema": {"openAPIV3Schema": _resource_schema()},
                }
            ],
        },
    }


def _resource_schema() -> Json:
    spec = _structural(JobSpec.model_json_schema(by_alias=True), partial=True)
    spec["required"] = ["environment"]
    status = _structural(JobStatus.model_json_schema(by_alias=True), partial=False)
    return {
        "type": "object",
        "description": "A Program User Info job in one environment.",
        "required": ["spec"],
        "x-kubernetes-validations": [_NAME_RULE],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": spec,
            "status": status,
        },
    }


def _column(name: str, kind: str, path: str, priority: int) -> Json:
    column: Json = {"name": name, "type": kind, "jsonPath": path}
    return column | ({"priority": priority} if priority else {})


def _structural(schema: Json, *, partial: bool) -> Json:
    """A pydantic JSON schema as a structural one: inlined, without defaults or titles.

    With `partial`, nothing is required: the profile or a default may supply it.
    """
    return _Structural(schema.get("$defs", {}), partial).convert(schema)


_KEPT = {
    "type",
    "description",
    "enum",
    "format",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "maxProperties",
    "nullable",
    "x-kubernetes-int-or-string",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-list-type",
    "x-kubernetes-preserve-unknown-fields",
    "x-kubernetes-validations",
}


class _Structural:
    def __init__(self, definitions: Json, partial: bool) -> None:
        self._definitions = definitions
        self._partial = partial

    def convert(self, node: Json) -> Json:
        if "$ref" in node:
            target = self._definitions[node["$ref"].rpartition("/")[2]]
            return self.convert(target | _without(node, "$ref"))
        if "anyOf" in node:
            return self.convert(_one_of(node))
        kept = {key: value for key, value in node.items() if key in _KEPT}
        if "exclusiveMinimum" in node:
            kept |= {"minimum": node["exclusiveMinimum"], "exclusiveMinimum": True}
        kept |= self._children(node)
        # No profile supplies a part of a free-form object.
        is_whole = not self._partial or "x-kubernetes-preserve-unknown-fields" in node
        if "required" in node and is_whole:
            kept["required"] = node["required"]
        return kept

    def _children(self, node: Json) -> Json:
        children: Json = {}
        if "properties" in node:
            properties = node["properties"].items()
            children["properties"] = {name: self.convert(child) for name, child in properties}
        if "items" in node:
            children["items"] = self.convert(node["items"])
        extra = node.get("additionalProperties")
        if isinstance(extra, dict) and "x-kubernetes-preserve-unknown-fields" not in node:
            children["additionalProperties"] = self.convert(extra)
        return children


def _one_of(node: Json) -> Json:
    """`X | None` as a nullable X, `int | str` as int-or-string."""
    kinds = [child for child in node["anyOf"] if child.get("type") != "null"]
    outer = _without(node, "anyOf")
    if {child.get("type") for child in kinds} == {"integer", "string"}:
        return outer | {"x-kubernetes-int-or-string": True}
    if len(kinds) != 1:
        raise NotImplementedError(f"no structural schema for {node}")
    nullable: Json = kinds[0] | outer | {"nullable": True}
    return nullable


def _without(node: Json, key: str) -> Json:
    return {name: value for name, value in node.items() if name != key}
