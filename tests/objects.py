"""Objects of the API server, compared without what differs from run to run."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any


def without(value: Any, keys: Collection[str]) -> Any:
    """The same document without these keys, at any depth."""
    if isinstance(value, dict):
        return {key: without(each, keys) for key, each in value.items() if key not in keys}
    return [without(each, keys) for each in value] if isinstance(value, list) else value
