"""The pods' bridge, and leaving nothing of the cluster's network behind."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from pathlib import Path

from dev.cluster.addresses import BRIDGE, NODE_IP
from dev.steps import capture

_OURS = re.compile(r"^(?:KUBE-|CNI-)")


def make_bridge() -> None:
    """Create the bridge with the node's address, and let the kernel forward."""
    if not Path(f"/sys/class/net/{BRIDGE}").exists():
        capture(["ip", "link", "add", BRIDGE, "type", "bridge"])
        capture(["ip", "address", "add", f"{NODE_IP}/24", "dev", BRIDGE])
    capture(["ip", "link", "set", BRIDGE, "up"])
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1", encoding="ascii")


def remove_network() -> None:
    """Remove the bridge, the pods' veth ends and every iptables chain of kube-proxy and CNI."""
    if Path(f"/sys/class/net/{BRIDGE}").exists():
        links = json.loads(capture(["ip", "-json", "link", "show", "master", BRIDGE]) or "[]")
        for link in links:
            _try("ip", "link", "delete", link["ifname"])
        capture(["ip", "link", "delete", BRIDGE])
    for command in ("iptables", "ip6tables"):
        for table in ("nat", "filter", "mangle"):
            _remove_chains(command, table)


def _remove_chains(command: str, table: str) -> None:
    saved = [shlex.split(line) for line in _try(command, "-w", "-t", table, "-S").splitlines()]
    ours = {words[1] for words in saved if words[0] == "-N" and _OURS.match(words[1])}
    for words in saved:
        # A jump from somebody else's chain into one of ours.
        target = words[words.index("-j") + 1] if "-j" in words else ""
        if words[0] == "-A" and target in ours and words[1] not in ours:
            _try(command, "-w", "-t", table, "-D", *words[1:])
    for action in ("-F", "-X"):
        for chain in ours:
            _try(command, "-w", "-t", table, action, chain)


def _try(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout
