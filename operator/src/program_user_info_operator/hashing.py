"""Stable hashes of what we render."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def short_hash(document: Mapping[str, Any] | str) -> str:
    """Ten hexadecimal digits that change if and only if the content does."""
    text = document if isinstance(document, str) else json.dumps(document, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:10]
