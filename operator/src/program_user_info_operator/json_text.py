"""Documents as JSON: by pydantic's parser, which is fast, and by Python's where that one gives up.

pydantic's takes no more than some 200 levels of nesting. What other people write into an object may
have more, and the watch that brings it is that of all jobs.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic_core import PydanticSerializationError, from_json, to_json


def read_json(text: str | bytes) -> Any:
    """The document. Raises `ValueError`."""
    try:
        return from_json(text)
    except ValueError:
        return json.loads(text)


def write_json(document: Any) -> bytes:
    """The document's text. Raises `ValueError` or `TypeError`."""
    try:
        return to_json(document)
    except PydanticSerializationError:
        return json.dumps(document).encode()
