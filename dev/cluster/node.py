"""The node: API server and its companions, containerd, kubelet, kube-proxy, DNS. Up and down."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
from pathlib import Path

from dev.cluster import addresses, network, processes
from dev.cluster.certificates import CONFIG, PKI, make_certificates
from dev.cluster.toolchain import programs
from dev.paths import (
    ADMIN_KUBECONFIG,
    CONTAINERD_ROOT,
    CONTAINERD_SOCKET,
    CONTAINERD_STATE,
    DEV,
    STATE,
)
from dev.steps import StepFailed, capture, step, wait_until

_PROCESSES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "containerd",
    "kubelet",
    "kube-proxy",
    "coredns",
)
_KUBELET_ROOT = STATE / "kubelet"
_CGROUPS = Path("/sys/fs/cgroup")


def up() -> None:
    """Start what does not run yet and wait until the node is ready. Idempotent."""
    if STATE.exists() and not any(processes.is_running(name) for name in _PROCESSES):
        # A reboot ended them: sockets, mounts and a node that etcd believes ready are left.
        down()
    with step("make certificates and configuration"):
        make_certificates()
        _write_configuration()
        network.make_bridge()
    with step("start etcd and the API server"):
        _start_control_plane()
    with step("start containerd, kubelet, kube-proxy and DNS"):
        _start_node()
        wait_until(
            _node_is_ready, "the node is Ready", timeout=120, log=processes.log_of("kubelet")
        )


def down() -> None:
    """Stop everything and leave no process, namespace, mount, bridge or iptables chain behind."""
    with step("stop the pods"):
        _stop_pods()
    with step("stop the cluster's processes"):
        for name in ("kafka-relay", "registry-private", "registry", *reversed(_PROCESSES)):
            processes.stop(name)
    with step("remove mounts, namespaces, bridge and iptables chains"):
        _unmount_below(CONTAINERD_STATE, _KUBELET_ROOT, CONTAINERD_ROOT)
        _remove_network_namespaces()
        network.remove_network()
        _remove_cgroups()
        for folder in (CONTAINERD_STATE.parent, STATE):
            shutil.rmtree(folder, ignore_errors=True)
        _remove_log_links()


def kubectl(*arguments: str) -> str:
    """Run kubectl as the cluster's administrator."""
    return capture([programs.kubectl(), "--kubeconfig", ADMIN_KUBECONFIG, *arguments])


def ctr(*arguments: str | Path) -> list[str | Path]:
    """A containerd client's command line, in Kubernetes' namespace."""
    return ["ctr", "--address", CONTAINERD_SOCKET, "--namespace", "k8s.io", *arguments]


def _write_configuration() -> None:
    values = {
        "root": CONTAINERD_ROOT,
        "state": CONTAINERD_STATE,
        "socket": CONTAINERD_SOCKET,
        "cni": CONFIG / "cni",
        "state_dir": STATE,
        "pki": PKI,
        "config": CONFIG,
        "bridge": addresses.BRIDGE,
        "node_ip": addresses.NODE_IP,
        "node_name": addresses.NODE_NAME,
        "pod_subnet": addresses.POD_SUBNET,
    }
    for template in (DEV / "cluster" / "config").iterdir():
        text = template.read_text(encoding="utf-8")
        for name, value in values.items():
            text = text.replace(f"@{name}@", str(value))
        target = CONFIG / ("cni" if template.suffix == ".conflist" else "") / template.name
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")


def _start_control_plane() -> None:
    etcd_url, peer_url = "http://127.0.0.1:23790", "http://127.0.0.1:23800"
    processes.start(
        "etcd",
        [
            *(programs.ETCD / "server", "--data-dir", STATE / "etcd", "--unsafe-no-fsync"),
            *("--listen-client-urls", etcd_url, "--advertise-client-urls", etcd_url),
            *("--listen-peer-urls", peer_url, "--initial-advertise-peer-urls", peer_url),
            *("--initial-cluster", f"default={peer_url}"),
        ],
    )
    processes.start("kube-apiserver", api_server_command(etcd_url))
    wait_until(
        api_is_ready, "the API server answers", timeout=90, log=processes.log_of("kube-apiserver")
    )
    processes.start(
        "kube-controller-manager",
        [
            *(programs.KUBERNETES / "kube-controller-manager", "--leader-elect=false"),
            *("--kubeconfig", CONFIG / "controller-manager.conf", "--bind-address=127.0.0.1"),
            *("--service-account-private-key-file", PKI / "sa.key"),
            *("--root-ca-file", PKI / "ca.crt", "--use-service-account-credentials"),
            *("--cluster-signing-cert-file", PKI / "ca.crt"),
            *("--cluster-signing-key-file", PKI / "ca.key"),
        ],
    )
    processes.start(
        "kube-scheduler",
        [
            *(programs.KUBERNETES / "kube-scheduler", "--leader-elect=false"),
            *("--kubeconfig", CONFIG / "scheduler.conf", "--bind-address=127.0.0.1"),
        ],
    )


def api_server_command(etcd_url: str) -> list[str | Path]:
    """The API server's command line."""
    return [
        *(programs.KUBERNETES / "kube-apiserver", "--etcd-servers", etcd_url),
        *("--bind-address=0.0.0.0", f"--advertise-address={addresses.NODE_IP}"),
        f"--secure-port={addresses.API_PORT}",
        *("--tls-cert-file", PKI / "api.crt", "--tls-private-key-file", PKI / "api.key"),
        *("--client-ca-file", PKI / "ca.crt"),
        *("--service-account-key-file", PKI / "sa.pub"),
        *("--service-account-signing-key-file", PKI / "sa.key"),
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-cluster-ip-range={addresses.SERVICE_SUBNET}",
        *("--authorization-mode=Node,RBAC", "--allow-privileged=true"),
        *("--kubelet-client-certificate", PKI / "admin.crt"),
        *("--kubelet-client-key", PKI / "admin.key"),
        # The node's name is in no DNS: without this, logs and exec fail.
        "--kubelet-preferred-address-types=InternalIP",
    ]


def _start_node() -> None:
    CONTAINERD_STATE.mkdir(parents=True, exist_ok=True)
    processes.start("containerd", ["containerd", "--config", CONFIG / "containerd.toml"])
    wait_until(
        _containerd_answers,
        "containerd answers",
        timeout=30,
        log=processes.log_of("containerd"),
    )
    processes.start(
        "kubelet",
        [
            *(programs.KUBERNETES / "kubelet", "--config", CONFIG / "kubelet.yaml"),
            *("--kubeconfig", CONFIG / "node.conf", "--hostname-override", addresses.NODE_NAME),
            *("--node-ip", addresses.NODE_IP, "--root-dir", _KUBELET_ROOT),
            *("--cert-dir", _KUBELET_ROOT / "pki"),
        ],
    )
    processes.start(
        "kube-proxy", [programs.KUBERNETES / "kube-proxy", "--config", CONFIG / "proxy.yaml"]
    )
    processes.start("coredns", [programs.COREDNS / "coredns", "-conf", CONFIG / "Corefile"])


def api_is_ready() -> bool:
    """Whether the API server reports itself ready."""
    processes.check("kube-apiserver")
    try:
        return kubectl("get", "--raw", "/readyz") == "ok"
    except StepFailed:
        return False


def _containerd_answers() -> bool:
    processes.check("containerd")
    try:
        capture(ctr("version"))
    except StepFailed:
        return False
    return True


def _node_is_ready() -> bool:
    for name in _PROCESSES:
        processes.check(name)
    path = '{.items[0].status.conditions[?(@.type=="Ready")].status}'
    try:
        return kubectl("get", "nodes", "-o", f"jsonpath={path}") == "True"
    except StepFailed:
        return False


def _stop_pods() -> None:
    # Without its kubelet, nothing restarts a container that is stopped.
    processes.stop("kubelet")
    if not processes.is_running("containerd"):
        return
    listed = subprocess.run(
        [str(word) for word in ctr("tasks", "list", "--quiet")],
        capture_output=True,
        text=True,
        check=False,
    )
    tasks = listed.stdout.split()
    for task in tasks:
        _quietly(*ctr("tasks", "kill", "--signal", "SIGKILL", "--all", task))
    for task in tasks:
        _quietly(*ctr("tasks", "delete", "--force", task))
        _quietly(*ctr("containers", "delete", task))


def _unmount_below(*folders: Path) -> None:
    mounts = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    points = [line.split()[1] for line in mounts]
    for point in sorted(points, key=len, reverse=True):
        if any(Path(point).is_relative_to(folder) for folder in folders):
            _quietly("umount", "--lazy", point)


def _remove_network_namespaces() -> None:
    for namespace in Path("/run/netns").glob("cni-*"):
        _quietly("ip", "netns", "delete", namespace.name)


def _remove_cgroups() -> None:
    """The kubelet leaves empty groups behind: one tree per controller, or one in all."""
    roots = [*_CGROUPS.glob("kubepods"), *_CGROUPS.glob("*/kubepods")]
    for root in roots:
        groups = sorted(root.rglob("*/"), key=lambda path: len(path.parts), reverse=True)
        for group in [*groups, root]:
            with contextlib.suppress(OSError):
                group.rmdir()


def _remove_log_links() -> None:
    for link in Path("/var/log/containers").glob("*.log"):
        if link.is_symlink() and STATE in link.readlink().parents:
            link.unlink()


def _quietly(*command: str | Path) -> None:
    subprocess.run([str(word) for word in command], capture_output=True, check=False)
