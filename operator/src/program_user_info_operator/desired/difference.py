"""Whether a live object already is what is desired, foreign fields aside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api import names


def needs_apply(desired: Mapping[str, Any], live: Mapping[str, Any] | None) -> bool:
    """True if applying would change one of our fields.

    The values are compared as far as they are ours; the hash of what was last applied tells a
    field that we no longer want from one that somebody else added.
    """
    if live is None:
        return True
    annotations = live["metadata"].get("annotations") or {}
    wanted = desired["metadata"]["annotations"][names.ANNOTATION_DESIRED_HASH]
    if annotations.get(names.ANNOTATION_DESIRED_HASH) != wanted:
        return True
    return not _contains(live, desired)


def _contains(live: Any, desired: Any) -> bool:
    if live == desired:
        return True
    if isinstance(desired, Mapping):
        return isinstance(live, Mapping) and all(
            key in live and _contains(live[key], value) for key, value in desired.items()
        )
    if isinstance(desired, list):
        return (
            isinstance(live, list)
            and len(live) == len(desired)
            and all(_contains(each, wanted) for each, wanted in zip(live, desired, strict=True))
        )
    return False
