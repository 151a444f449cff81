"""The cluster's own programs, built by Go from the module proxy and kept by version."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from dev import versions
from dev.paths import BIN, DEV, LOGS
from dev.steps import capture, run, step

KUBERNETES = BIN / f"kubernetes-{versions.KUBERNETES}"
ETCD = BIN / f"etcd-{versions.ETCD}"
HELM = BIN / f"helm-{versions.HELM}"
COREDNS = BIN / f"coredns-{versions.COREDNS}-small"
PAUSE = BIN / "pause-1"
REGISTRY = BIN / f"registry-{versions.REGISTRY}"
ORAS = BIN / f"oras-{versions.ORAS}"
FLUX = BIN / f"flux-{versions.FLUX}"
ACTIONLINT = BIN / f"actionlint-{versions.ACTIONLINT}"
KUBE_SCORE = BIN / f"kube-score-{versions.KUBE_SCORE}"
PROMETHEUS = BIN / "prometheus"

_MODULES = DEV / "cluster" / "toolchain" / "go"
_GO = ["go", "build", "-trimpath", "-buildvcs=false"]
_ENV = {"CGO_ENABLED": "0", "GOFLAGS": "-mod=readonly", "GOTOOLCHAIN": "auto"}


def build_programs(*, cluster: bool = True) -> None:
    """Build what is missing; minutes the first time, nothing afterwards."""
    build_helm()
    if not cluster:
        return
    _build(ETCD, "etcd", "")
    major, minor, _ = versions.KUBERNETES.split(".")
    stamp = "-X k8s.io/component-base/version.git"
    _build(
        KUBERNETES,
        "kubernetes",
        f"{stamp}Version=v{versions.KUBERNETES} {stamp}Major={major} {stamp}Minor={minor}",
        note=" (about 8 minutes the first time)",
    )
    _build(COREDNS, "coredns", "", package=".")
    _build(PAUSE, "pause", "", package=".")


def build_helm() -> None:
    """Helm alone: for the chart without a cluster."""
    _install(HELM, f"helm.sh/helm/v3/cmd/helm@v{versions.HELM}")


def build_registry() -> None:
    """The registry that the tests push to."""
    _build(REGISTRY, "registry", "", package=".")


def build_oras() -> None:
    """ORAS, which puts documents beside images in a registry."""
    _install(ORAS, f"oras.land/oras/cmd/oras@v{versions.ORAS}")


def build_flux() -> None:
    """Flux's source-controller and kustomize-controller."""
    _build(FLUX, "flux", "", note=" (about 4 minutes the first time)")


def build_linters() -> None:
    """The linters of workflows and of the chart's objects."""
    _install(ACTIONLINT, f"github.com/rhysd/actionlint/cmd/actionlint@v{versions.ACTIONLINT}")
    _install(KUBE_SCORE, f"github.com/zegl/kube-score/cmd/kube-score@v{versions.KUBE_SCORE}")


def flux_manifests(controller: str) -> Path:
    """The folder of a controller's own manifests, CRDs included, in its module."""
    module = f"github.com/fluxcd/{controller}"
    answer = capture(
        ["go", "mod", "download", "-json", module],
        cwd=_MODULES / "flux",
    )
    return Path(json.loads(answer)["Dir"]) / "config"


def kubectl() -> Path:
    """The kubectl of the cluster's version."""
    return KUBERNETES / "kubectl"


def unpack_prometheus() -> None:
    """Debian's program, beside the cluster's own: nothing is installed."""
    if PROMETHEUS.exists():
        return
    with step("fetch Prometheus"), _fresh(PROMETHEUS) as partial:
        log = LOGS / "apt.log"
        run(["apt-get", "update"], log, advice="check the network and apt's sources")
        run(["apt-get", "download", "prometheus"], log, cwd=partial)
        (package,) = partial.glob("prometheus_*.deb")
        capture(["dpkg-deb", "--extract", package, partial])


def prometheus_crds() -> list[Path]:
    """The CRDs of ServiceMonitor, PodMonitor and PrometheusRule, from that operator's source."""
    module = "github.com/prometheus-operator/prometheus-operator"
    answer = capture(
        ["go", "mod", "download", "-json", module],
        cwd=_MODULES / "prometheus",
    )
    folder = Path(json.loads(answer)["Dir"]) / "example" / "prometheus-operator-crd"
    names = ("servicemonitors", "podmonitors", "prometheusrules")
    return [folder / f"monitoring.coreos.com_{name}.yaml" for name in names]


def _build(
    target: Path, module: str, ldflags: str, *, package: str = "tool", note: str = ""
) -> None:
    if target.exists():
        return
    with step(f"build {target.name}{note}"), _fresh(target) as partial:
        run(
            [*_GO, "-ldflags", f"-s -w {ldflags}".strip(), "-o", f"{partial}/", package],
            LOGS / f"build-{target.name}.log",
            cwd=_MODULES / module,
            env=_ENV,
        )


def _install(target: Path, package: str) -> None:
    if target.exists():
        return
    with step(f"build {target.name}"), _fresh(target) as partial:
        run(
            ["go", "install", "-trimpath", "-ldflags", "-s -w", package],
            LOGS / f"build-{target.name}.log",
            env={**_ENV, "GOFLAGS": "", "GOBIN": str(partial)},
        )


class _fresh:  # noqa: N801 - used like a function
    """A folder that takes its final name only once the build in it has succeeded."""

    def __init__(self, target: Path) -> None:
        self._target = target
        self._partial = target.with_name(f".{target.name}.partial")

    def __enter__(self) -> Path:
        shutil.rmtree(self._partial, ignore_errors=True)
        self._partial.mkdir(parents=True)
        return self._partial

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is None:
            self._partial.rename(self._target)
