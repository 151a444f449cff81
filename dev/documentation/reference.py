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
    *("environment", "kafka.bootstrapServers"),
    *("cassandra.contactPoints", "cassandra.localDatacenter"),
    *("kafka.topic", "kafka.groupId", "kafka.deadLetterTopic"),
}
_HEAD = """# The resource, field by field

`apiVersion: lern.sunbird.org/v1alpha1`, `kind: ProgramUserInfoJob`, short name `puij`.

You must set `spec.environment` in the job. `kafka.bootstrapServers` and one of
`cassandra.contactPoints` and `cassandra.secureConnectBundle` must be set in the job or in its
environment's [profile](environments.md). All other fields have a default. A field of the job wins
over the profile, and the profile wins over the default. To see each value and where it comes from,
run `program-user-info-operator render --explain -f job.yaml`.

[Samples](samples.md) has complete jobs to copy. `kubectl explain puij.spec` shows the same as this
page. The page is generated from the code (`make generate`).
"""
_FOOT = """## Labels and annotations

[Labels and annotations](labels-and-annotations.md) lists all of them: those that you set on a
job, and those that you may select by.

## Where to go next

- [Environments](environments.md): put settings that jobs share into a profile.
- [Changes and upgrades](upgrades.md): which field to change to restart, suspend or go back.
- [Troubleshooting](troubleshooting.md): what each reason in a condition means, and what to do.
"""


def reference_page() -> str:
    """Markdown: a heading for each section of the spec and of the status."""
    schema = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    spec, status = schema["properties"]["spec"], schema["properties"]["status"]
    defaults = _defaults()
    parts = [_HEAD]
    for path, section in _sections(spec, "spec"):
        parts += [f"## {path}\n", section.get("description", ""), ""]
        parts += ["| field | value | default | meaning |", "| --- | --- | --- | --- |"]
        for name, field in section["properties"].items():
            parts.append(_row(f"{path}.{name}".removeprefix("spec."), name, field, defaults))
        parts.append("")
    status["description"] = (
        "Only the controller writes the status. If a field is missing, its value is not known."
    )
    for path, section in _sections(status, "status"):
        parts += [f"## {path}\n", section.get("description", ""), ""]
        parts += ["| field | meaning |", "| --- | --- |"]
        parts += [_status_row(path, *each) for each in section["properties"].items()]
        parts.append("")
    return "\n".join([*parts, _FOOT])


def _sections(schema: Schema, path: str) -> Iterator[tuple[str, Schema]]:
    """A section's path and schema, then those inside of it; of a list, the schema of its items."""
    yield path, schema
    for name, field in schema["properties"].items():
        if _is_section(field) and not _is_secret(field):
            inner = field.get("items", field)
            described = {"description": field.get("description", "")}
            yield from _sections(inner | described, f"{path}.{name}")


def _is_section(field: Schema) -> bool:
    shown = field.get("items", field)
    return "properties" in shown and "x-kubernetes-preserve-unknown-fields" not in shown


def _is_secret(field: Schema) -> bool:
    return list(field.get("properties", {})) == ["secretName"]


def _row(path: str, name: str, field: Schema, defaults: dict[str, Any]) -> str:
    if _is_secret(field):
        meaning = _meaning(field)
        return f"| `{name}.secretName` | name of a Secret in the job's namespace | | {meaning} |"
    if _is_section(field):
        anchor = f"spec{path}".replace(".", "").lower()
        return f"| [`{name}`](#{anchor}) | a section | | {_meaning(field)} |"
    default = f"`{json.dumps(defaults[path])}`" if defaults.get(path) is not None else ""
    return f"| `{name}` | {_value(field)} | {default} | {_meaning(field)} |"


def _status_row(path: str, name: str, field: Schema) -> str:
    shown = f"`{name}`"
    if _is_section(field):
        shown = f"[`{name}`](#{f'{path}{name}'.replace('.', '').lower()})"
    return f"| {shown} | {_meaning(field)} |"


def _defaults() -> dict[str, Any]:
    resolved = resolve(_EXAMPLE, None)
    if not isinstance(resolved, Resolved):
        raise TypeError(f"the example is refused: {resolved.messages}")
    found = leaves(resolved.spec)
    return {path: value for path, value in found.items() if path not in _WITHOUT_DEFAULT}


def _value(field: Schema) -> str:
    """What may be written, from the schema's types, bounds and rules."""
    if "enum" in field:
        return ", ".join(f"`{each}`" for each in field["enum"])
    kind: str = field.get("type", "any")
    expected = _expected(field)
    if kind == "array":
        items = field["items"]
        return f"a list, each {_expected(items) or items.get('type', 'any')}"
    if expected:
        return expected
    if "maximum" in field:
        least, most = field.get("minimum", 0), field["maximum"]
        if field.get("exclusiveMinimum"):
            return f"{kind} above {least}, up to {most}"
        return f"{kind}, {least} to {most}"
    return kind


def _expected(field: Schema) -> str:
    """What the API server's rule requires, from the message that it refuses with."""
    messages = [each["message"] for each in field.get(_RULES, [])]
    found = (each.removeprefix("must be ") for each in messages if each.startswith("must be "))
    return next(found, "").replace("|", "\\|")


def _meaning(field: Schema) -> str:
    words: str = field.get("description", "")
    return words.strip().replace("|", "\\|").replace("<", "&lt;")
