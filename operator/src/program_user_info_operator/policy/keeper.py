"""Which installation of the controller manages a job, if two of them could."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api import names

Object = Mapping[str, Any]


def keeper(job: Object) -> str:
    """The installation (namespace/name) that keeps a job; empty: none yet.

    The annotation hands a job over; else it stays with the first that has written its status.
    """
    claimed: str | None = (job.get("status") or {}).get("controller")
    return _annotation(job) or claimed or ""


def is_handed_over(job: Object) -> bool:
    """Whether the annotation says which installation manages the job."""
    return bool(_annotation(job))


def _annotation(job: Object) -> str:
    annotations = job["metadata"].get("annotations") or {}
    return str(annotations.get(names.ANNOTATION_CONTROLLER, ""))
