"""Three-way merge of documents: what changed between two is changed in a third."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_ABSENT = object()


def carried_over(before: Any, own: Any, after: Any) -> Any:
    """`own`, changed where `after` differs from `before`, and only there.

    Maps are merged key by key, lists of named objects name by name; everything else is replaced as
    a whole.
    """
    if after == before:
        return own
    if _are(Mapping, before, own, after):
        return _maps(before, own, after)
    if all(_is_named(each) for each in (before, own, after)):
        merged = _maps(*(_by_name(each) for each in (before, own, after)))
        return list(merged.values())
    return after


def _maps(
    before: Mapping[str, Any], own: Mapping[str, Any], after: Mapping[str, Any]
) -> dict[str, Any]:
    merged = {}
    for key in [*own, *(key for key in after if key not in own)]:
        values = (each.get(key, _ABSENT) for each in (before, own, after))
        value = carried_over(*values)
        if value is not _ABSENT:
            merged[key] = value
    return merged


def _are(kind: type, *values: Any) -> bool:
    return all(isinstance(each, kind) for each in values)


def _is_named(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(each, Mapping) and "name" in each for each in value
    )


def _by_name(items: list[Mapping[str, Any]]) -> dict[str, Any]:
    return {item["name"]: item for item in items}
