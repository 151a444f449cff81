"""Objects of the API server, compared without what differs from run to run."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

import yaml


def without(value: Any, keys: Collection[str]) -> Any:
    """The same document without these keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    return [without(each, keys) for each in value] if isinstance(value, list) else value


def difference(one: Any, other: Any) -> str:
    """Which lines of the two differ, as `diff` shows it; nothing if none does."""
    before, after = (yaml.safe_dump(each).splitlines(keepends=True) for each in (one, other))
    return "".join(difflib.unified_diff(before, after, n=1))
