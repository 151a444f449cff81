"""What the installed Flink operator can do, read from the CRD that came with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class FlinkOperator:
    """`versions` are the values that it takes for `flinkVersion`; empty: any."""

    versions: tuple[str, ...]

    def refusal(self, version: str) -> str | None:
        """Why a job with this `flink.version` cannot run under it, or None."""
        if not self.versions or version in self.versions:
            return None
        newest = max(self.versions, key=_number)
        return (
            f"flink.version: {version} is none that the installed Flink operator knows (its newest"
            f" is {newest}); upgrade that operator, or set flink.version to one that it knows"
        )


def read_flink_operator(crd: Mapping[str, Any]) -> FlinkOperator:
    """Read the CRD of FlinkDeployment."""
    for version in crd["spec"]["versions"]:
        if version["name"] == "v1beta1":
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            spec = (schema.get("properties") or {}).get("spec") or {}
            field = (spec.get("properties") or {}).get("flinkVersion") or {}
            return FlinkOperator(tuple(field.get("enum") or ()))
    return FlinkOperator(())


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version))
