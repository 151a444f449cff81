"""A control plane for tests: etcd, the API server and the garbage collector; no node, no pods.

The programs are those of the embedded cluster. Nothing here runs a FlinkDeployment: the tests play
the Flink operator, so that they decide when and how a job runs.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

from dev.cluster.chart_release import CHART
from dev.cluster.forward import free_port
from dev.cluster.toolchain import programs
from dev.cluster.toolchain.flink_operator import oldest, published_crd
from dev.steps import capture
from program_user_info_operator.api.crd import custom_resource_definition
from tests.faults.api import TOKEN, Api
from tests.faults.flink import FlinkOperator

Object = dict[str, Any]
CONTROLLER_TOKEN = "controllers-only"
CONTROLLER = "controller"
"""The user that controllers are; the chart's rules are all that it may do."""
NAMESPACED = "--set=watchNamespaces={arena}"
_AUDIT_POLICY = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "rules": [{"level": "Metadata", "users": [CONTROLLER]}, {"level": "None"}],
}


class ControlPlane:
    """The processes; `restart_api_server` is one of the faults."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.port, self._etcd_port = free_port(), free_port()
        self.api, self.controller_api = Api(self.port), Api(self.port, CONTROLLER_TOKEN)
        self.flink: FlinkOperator | None = None
        """Who plays the Flink operator, if somebody does."""

    def start(self) -> None:
        """Start everything and install both CRDs."""
        etcd, peer = f"http://127.0.0.1:{self._etcd_port}", f"http://127.0.0.1:{free_port()}"
        self._spawn(
            "etcd",
            [
                *(programs.ETCD / "server", "--data-dir", self._folder / "etcd"),
                *("--unsafe-no-fsync", "--log-level=error"),
                *("--listen-client-urls", etcd, "--advertise-client-urls", etcd),
                *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
                *("--initial-cluster", f"default={peer}"),
            ],
        )
        capture(["openssl", "genrsa", "-out", self._folder / "sa.key", "2048"])
        (self._folder / "tokens.csv").write_text(
            f"{TOKEN},tests,tests,system:masters\n{CONTROLLER_TOKEN},{CONTROLLER},{CONTROLLER}\n"
        )
        (self._folder / "audit.yaml").write_text(yaml.safe_dump(_AUDIT_POLICY), encoding="utf-8")
        self._start_api_server()
        self.write_kubeconfig(self._folder / "kubeconfig", f"https://127.0.0.1:{self.port}")
        self._spawn(
            "kube-controller-manager",
            [
                *(programs.KUBERNETES / "kube-controller-manager", "--leader-elect=false"),
                *("--kubeconfig", self._folder / "kubeconfig", f"--secure-port={free_port()}"),
                "--bind-address=127.0.0.1",
                "--controllers=garbage-collector-controller,namespace-controller",
            ],
        )
        snapshots = published_crd("1.10.0", "flinkstatesnapshots")
        for crd in [custom_resource_definition(), *oldest().crds(), snapshots]:
            path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
            self.api.apply(f"{path}/{crd['metadata']['name']}", crd)
        for group in ("lern.sunbird.org/v1alpha1", "flink.apache.org/v1beta1"):
            self._wait(lambda group=group: self.api.get(f"/apis/{group}"), f"{group} is served")
        self.grant(CONTROLLER, chart_rules(NAMESPACED))

    def grant(self, user: str, rules: Sequence[Object]) -> None:
        """Let a user do this in all namespaces."""
        rbac, version = "/apis/rbac.authorization.k8s.io/v1", "rbac.authorization.k8s.io/v1"
        role = {"kind": "ClusterRole", "metadata": {"name": user}, "rules": rules}
        binding = {
            "kind": "ClusterRoleBinding",
            "metadata": {"name": user},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": user,
            },
            "subjects": [{"kind": "User", "name": user}],
        }
        for plural, each in (("clusterroles", role), ("clusterrolebindings", binding)):
            self.api.apply(f"{rbac}/{plural}/{user}", {"apiVersion": version, **each})

    def audited(self) -> list[Object]:
        """What the API server has noted of the controllers' requests."""
        lines = (self._folder / "audit.log").read_text(encoding="utf-8").splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith("\n")]

    def written(self) -> int:
        """How often controllers have written, but for their Lease."""
        verbs = ("create", "update", "patch", "delete")
        return sum(
            each["stage"] == "ResponseComplete"
            and each["verb"] in verbs
            and each["objectRef"]["resource"] != "leases"
            for each in self.audited()
        )

    def restart_api_server(self) -> None:
        """Stop the API server hard and start it again."""
        process = self._processes.pop("kube-apiserver")
        process.kill()
        process.wait()
        self._start_api_server()
        jobs = "/apis/lern.sunbird.org/v1alpha1/programuserinfojobs"
        self._wait(lambda: self._is_ready(jobs), "jobs are served again")

    def stop(self) -> None:
        """Stop everything that was started here."""
        for process in reversed(self._processes.values()):
            process.kill()
            process.wait()

    def write_kubeconfig(self, path: Path, server: str, token: str = TOKEN) -> None:
        """A kubeconfig for this server, or for a proxy before it, which has a token of its own."""
        cluster: Object = {"server": server}
        if server.startswith("https"):
            certificate = self._folder / "certificates" / "apiserver.crt"
            cluster["certificate-authority"] = str(certificate)
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "tests", "cluster": cluster}],
            "users": [{"name": "tests", "user": {"token": token}}],
            "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "tests"}}],
            "current-context": "tests",
        }
        path.write_text(yaml.safe_dump(document), encoding="utf-8")

    def _start_api_server(self) -> None:
        folder = self._folder
        self._spawn(
            "kube-apiserver",
            [
                *(programs.KUBERNETES / "kube-apiserver", f"--secure-port={self.port}"),
                f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
                *("--bind-address=127.0.0.1", "--advertise-address=127.0.0.1"),
                *("--cert-dir", folder / "certificates"),
                *("--token-auth-file", folder / "tokens.csv", "--authorization-mode=RBAC"),
                *("--service-account-key-file", folder / "sa.key"),
                *("--service-account-signing-key-file", folder / "sa.key"),
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-cluster-ip-range=10.97.0.0/16",
                "--disable-admission-plugins=ServiceAccount",
                # As strict as a cluster may be about who owns what.
                "--enable-admission-plugins=OwnerReferencesPermissionEnforcement",
                *("--audit-policy-file", folder / "audit.yaml"),
                *("--audit-log-path", folder / "audit.log"),
            ],
        )
        self._wait(self._is_ready, "the API server is ready")

    def _is_ready(self, path: str = "/api/v1/namespaces/default") -> bool:
        try:
            return bool(self.api.send("GET", path))
        except (OSError, ValueError):
            return False

    def _spawn(self, name: str, command: Sequence[str | Path]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={"PATH": os.environ["PATH"], "HOME": str(self._folder)},
            )

    def _wait(self, probe: Any, what: str) -> None:
        deadline = time.monotonic() + 90
        while not probe():
            for name, process in self._processes.items():
                if process.poll() is not None:
                    log = (self._folder / f"{name}.log").read_text(errors="replace")
                    raise AssertionError(f"{name} ended:\n{log[-2000:]}")
            assert time.monotonic() < deadline, f"{what}: not within 90 s"
            time.sleep(0.1)


def chart_rules(*options: str) -> list[Object]:
    """What the chart lets the controller do, in a release with these options."""
    command: list[str | Path] = [
        programs.HELM / "helm",
        "template",
        "release",
        CHART,
        "--kube-version=1.34.0",
        *options,
    ]
    rendered = yaml.safe_load_all(capture([*command, "--show-only", "templates/rbac.yaml"]))
    kinds = ("ClusterRole", "Role")
    return [rule for each in rendered if each["kind"] in kinds for rule in each["rules"]]


@contextlib.contextmanager
def control_plane(folder: Path) -> Iterator[ControlPlane]:
    """A running control plane, gone afterwards."""
    plane = ControlPlane(folder)
    try:
        plane.start()
        yield plane
    finally:
        plane.stop()
