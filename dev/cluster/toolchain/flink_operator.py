"""Releases of the Flink operator that the embedded cluster can run.

The newest whole one in Maven Central is the oldest that is supported. Any other is handed over as a
folder, named by FLINK_OPERATOR_HOME: `jars` with the operator's shaded jar and the standalone one,
`crds` with its CRDs, as its released image and chart hold them (docs/versions.md).
"""

from __future__ import annotations

import hashlib
import os
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from dev import versions
from dev.cluster.toolchain.jars import fetch_jars
from dev.paths import DEV
from dev.steps import StepFailed

HOME_VARIABLE = "FLINK_OPERATOR_HOME"
_POMS = DEV / "release" / "images" / "flink-operator"
_JAR = re.compile(r"flink-kubernetes-operator-(\d+\.\d+\.\d+)(-shaded)?\.jar")
# The webhook's jar, which the released image has beside them, brings a second copy of everything.
_WANTED = ("flink-kubernetes-operator-*-shaded.jar", "flink-kubernetes-standalone-*.jar")

Object = dict[str, Any]


@dataclass(frozen=True)
class FlinkOperatorRelease:
    """One release; `folder` is None where Maven Central has it."""

    version: str
    folder: Path | None = None

    def jars(self) -> list[Path]:
        """Its class path, a binding for its log included."""
        if self.folder is None:
            return sorted(fetch_jars("flink-operator", _POMS / "pom.xml").glob("*.jar"))
        logging = fetch_jars("flink-operator-logging", _POMS / "logging" / "pom.xml")
        own = [jar for pattern in _WANTED for jar in (self.folder / "jars").glob(pattern)]
        return sorted([*own, *logging.glob("*.jar")])

    def crds(self) -> list[Object]:
        """Its CRDs."""
        if self.folder is None:
            return _api_crds(self.version)
        files = sorted((self.folder / "crds").glob("*.yml"))
        return [_installable(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files]

    def key(self) -> str:
        """Changes with the jars."""
        digest = hashlib.sha256(self.version.encode())
        for jar in self.jars():
            digest.update(f"{jar.name}\0{jar.stat().st_size}\0".encode())
        return digest.hexdigest()[:12]


def oldest() -> FlinkOperatorRelease:
    """The oldest supported release."""
    return FlinkOperatorRelease(versions.FLINK_OPERATOR)


def handed_over() -> FlinkOperatorRelease | None:
    """The release in FLINK_OPERATOR_HOME, if it is set. Raises `StepFailed` where it holds none."""
    value = os.environ.get(HOME_VARIABLE)
    if not value:
        return None
    folder = Path(value).expanduser().absolute()
    for jar in (folder / "jars").glob("*.jar"):
        match = _JAR.fullmatch(jar.name)
        if match is not None and (folder / "crds").is_dir():
            return FlinkOperatorRelease(match[1], folder)
    raise StepFailed(
        f"{HOME_VARIABLE}={value}: holds no release of the Flink operator. It needs the folders"
        " jars, with flink-kubernetes-operator-X.Y.Z-shaded.jar and"
        " flink-kubernetes-standalone-X.Y.Z.jar, and crds"
    )


def chosen() -> FlinkOperatorRelease:
    """The release that the embedded cluster runs."""
    return handed_over() or oldest()


def published_crd(release: str, kind: str) -> Object:
    """A CRD of a release whose API is in Maven Central, such as `flinkdeployments`."""
    found = (crd for crd in _api_crds(release) if crd["spec"]["names"]["plural"] == kind)
    return next(found)


def _api_crds(release: str) -> list[Object]:
    pom = DEV / "cluster" / "toolchain" / "flink-crds" / f"{release}.xml"
    jar = next(fetch_jars(f"flink-crds-{release}", pom).glob("*.jar"))
    with zipfile.ZipFile(jar) as archive:
        wanted = sorted(name for name in archive.namelist() if name.endswith("-v1.yml"))
        return [yaml.safe_load(archive.read(name)) for name in wanted]


def _installable(crd: Object) -> Object:
    """1.15's FlinkBlueGreenDeployment has a scale subresource that API servers refuse."""
    for version in crd["spec"]["versions"]:
        scale = (version.get("subresources") or {}).get("scale")
        if scale is not None and "statusReplicasPath" not in scale:
            del version["subresources"]["scale"]
    return crd
