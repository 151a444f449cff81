"""The resource field by field, as a page, from the CRD and the defaults of the types."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.environments.resolve import Resolved, leaves, resolve

Schema = dict[str, Any]

_RULES = "x-kubernetes-validations"
_EXAMPLE = {
    "environment": "dev",
    "kafka": {"bootstrapServers": ["kafka:9092"]},
    "cassandra": {"contactPoints": ["cassandra:9042"]},
}
# Given in the example, or told in the description.
_WITHOUT_DEFAULT = {
    *("environment", "kafka.bootstrapServers", "cassandra.contactPoints"),
    *("kafka.topic", "kafka.groupId", "kafka.deadLetterTopic"),
}
_HEAD = """# ProgramUserInfoJob, field by field

`apiVersion: lern.sunbird.org/v1alpha1`, short name `puij`. Only `spec.environment` has to be set,
and `kafka.bootstrapServers` and `cassandra.contactPoints` in the job or in its environment's
profile. A job's own field wins over the profile's, that over the default.
`program-user-info-operator render --explain -f job.yaml` shows each value and where it came from.

This page is generated: `make generate`.
"""


def reference_page() -> str:
    """Markdown: the spec with its defaults, then the status."""
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec, status = schema["properties"]["spec"], schema["properties"]["status"]
    defaults = _defaults()
    parts = [
        _HEAD,
        "## spec\n",
        "| field | value | default | meaning |",
        "| --- | --- | --- | --- |",
    ]
    for path, field in _fields(spec):
        default = f"`{json.dumps(defaults[path])}`" if defaults.get(path) is not None else ""
        parts.append(f"| `{path}` | {_value(field)} | {default} | {_meaning(field)} |")
    parts += ["\n## status\n", "| field | meaning |", "| --- | --- |"]
    parts += [f"| `{name}` | {_meaning(field)} |" for name, field in status["properties"].items()]
    return "\n".join(parts) + "\n"


def _defaults() -> dict[str, Any]:
    resolved = resolve(_EXAMPLE, None)
    if not isinstance(resolved, Resolved):
        raise TypeError(f"the example is refused: {resolved.messages}")
    found = leaves(resolved.spec)
    return {path: value for path, value in found.items() if path not in _WITHOUT_DEFAULT}


def _fields(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    for name, field in schema["properties"].items():
        here = f"{path}.{name}" if path else name
        if "properties" in field:
            yield from _fields(field, here)
        else:
            yield here, field


def _value(field: Schema) -> str:
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    kind: str = field.get("type", "any")
    if kind == "array":
        return f"list of {field['items'].get('type', 'any')}"
    if "maximum" in field:
        return f"{kind}, {field.get('minimum', 0)} to {field['maximum']}"
    return kind


def _meaning(field: Schema) -> str:
    """The description, then what the API server says of a value that is wrong."""
    places = (field, field.get("items", {}))
    rules = [each["message"] for place in places for each in place.get(_RULES, [])]
    sentences = (f"{rule[0].upper()}{rule[1:]}." for rule in rules)
    words = " ".join([field.get("description", ""), *sentences])
    return words.strip().replace("|", "\\|").replace("<", "&lt;")
