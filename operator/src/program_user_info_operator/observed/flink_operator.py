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
    has_resource: bool = True
    """Whether `jobManager` and `taskManager` have `resource`; else `resources`."""

    @property
    def newest(self) -> str | None:
        """The newest Flink that it says it runs."""
        return max(self.versions, key=_number, default=None)

    def knows(self, version: str) -> bool:
        """Whether it takes this `flinkVersion`."""
        return not self.versions or version in self.versions

    def refusal(self, version: str) -> str | None:
        """Why a job with this `flink.version` cannot run under it, or None."""
        if self.knows(version):
            return None
        return (
            f"flink.version: the installed Flink operator does not support {version} (its newest"
            f" is {self.newest}); upgrade that operator, or remove flink.version, or set it and"
            " image to a version that it supports"
        )


def read_flink_operator(crd: Mapping[str, Any]) -> FlinkOperator:
    """Read the CRD of FlinkDeployment."""
    for version in crd["spec"]["versions"]:
        if version["name"] == "v1beta1":
            schema = (version.get("schema") or {}).get("openAPIV3Schema") or {}
            spec = (schema.get("properties") or {}).get("spec") or {}
            fields = spec.get("properties") or {}
            versions = (fields.get("flinkVersion") or {}).get("enum") or ()
            pods = (fields.get("jobManager") or {}).get("properties") or {}
            has_resource = "resource" in pods or "resources" not in pods
            return FlinkOperator(tuple(versions), has_resource)
    return FlinkOperator(())


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(digits) for digits in re.findall(r"\d+", version))
