"""`spec.flink.podTemplate`: any fields of a pod, as long as it can be merged with the operator's.

The template is merged by the names of volumes and containers, so each of them needs one. All else
is for the API server to judge, which knows every field of a pod. A field that is null is not set,
as everywhere in the resource.
"""

from __future__ import annotations

from itertools import product
from typing import Annotated, Any

from pydantic import AfterValidator, WithJsonSchema

_NAMED_LISTS = ("containers", "initContainers", "volumes")
_FREE = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
_NAMED = _FREE | {"required": ["name"], "properties": {"name": {"type": "string"}}}
_SOURCES = ("configMap", "persistentVolumeClaim")
"""Those of a volume that are read."""
_VOLUME = _NAMED | {"properties": {"name": {"type": "string"}} | dict.fromkeys(_SOURCES, _FREE)}
_TEXTS = {"type": "object", "additionalProperties": {"type": "string"}}
_SCHEMA = _FREE | {
    "properties": {
        "metadata": _FREE | {"properties": {"annotations": _TEXTS, "labels": _TEXTS}},
        "spec": _FREE
        | {
            "properties": {
                name: {"type": "array", "items": _VOLUME if name == "volumes" else _NAMED}
                for name in _NAMED_LISTS
            }
        },
    }
}


def _check(given: dict[str, Any]) -> dict[str, Any]:
    template: dict[str, Any] = _without_nulls(given)
    metadata = _mapping(template, "metadata")
    for name in ("annotations", "labels"):
        texts = _mapping(metadata, name, "metadata.")
        if not all(isinstance(each, str) for each in texts.values()):
            raise ValueError(f"metadata.{name} must hold texts only; put them in quotation marks")
    spec = _mapping(template, "spec")
    for name in _NAMED_LISTS:
        items = spec.get(name, [])
        if not isinstance(items, list) or not all(map(_is_named, items)):
            raise ValueError(f"spec.{name} must be a list in which each entry has a name")
    for volume, source in product(spec.get("volumes", []), _SOURCES):
        _mapping(volume, source, f"spec.volumes, {volume['name']}: ")
    return template


def _without_nulls(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return [_without_nulls(each) for each in value] if isinstance(value, list) else value


def _mapping(parent: dict[str, Any], name: str, place: str = "") -> dict[str, Any]:
    found = parent.get(name, {})
    if not isinstance(found, dict):
        raise ValueError(f"{place}{name} must be a mapping; correct or remove it")
    return found


def _is_named(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


PodTemplate = Annotated[dict[str, Any], AfterValidator(_check), WithJsonSchema(_SCHEMA)]
