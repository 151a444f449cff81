"""What a job's pods run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Runtime:
    """The image that a job's pods run, and the Flink that is in it."""

    image: str
    line: str
    """The Flink in the image, written as `flink.version` is: v1_20."""
    flink_version: str
    """What the Flink operator is told: the line, or an older one that stands in for it."""
    is_bundled: bool
    """Whether a release of the operator brought the image: nobody pinned it."""
    is_line_chosen: bool
    """Whether the operator chose the line: `flink.version` is not set."""
