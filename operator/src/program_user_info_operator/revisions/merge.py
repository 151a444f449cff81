"""Three-way merge of documents: what changed between two is changed in a third."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from program_user_info_operator.desired.pod_template import common_key

_ABSENT = object()


def carried_over(before: Any, own: Any, after: Any) -> Any:
    """`own`, changed where `after` differs from `before`, and only there.

    Maps are merged key by key, lists of named objects as those of a pod template; everything else
    is replaced as a whole.
    """
    if after == before:
        return own
    if _are(Mapping, before, own, after):
        return _maps(before, own, after)
    key = common_key(before, own, after)
    if key is None:
        return after
    merged = _maps(*({item[key]: item for item in each} for each in (before, own, after)))
    return list(merged.values())


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
