"""A thousand jobs: what a controller needs for them, beside a bare client that makes its writes."""

from __future__ import annotations

import http.client
import json
import re
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from program_user_info_operator.api import names as api_names
from tests.cluster import eventually
from tests.faults.api import KeptConnection
from tests.faults.arena import BASE, Arena

Object = dict[str, Any]
_WRITERS = 4
_PASSING = ("uid", "resourceVersion", "creationTimestamp", "managedFields", "generation")


def create_jobs(arena: Arena, names: Iterable[str], spec: Object | None = None) -> None:
    """Suspended ones, which are Ready without a Flink operator, unless the spec says otherwise."""
    spec = spec or BASE | {"state": "suspended"}
    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(lambda name: arena.apply_job(spec, name), names))


def reconciled(arena: Arena) -> int:
    """Reconciliations that the controller's process has completed."""
    found = re.search(r'_reconciles_total\{outcome="ok"\} (\S+)', _metrics(arena))
    return int(float(found[1])) if found else 0


def wait_until_all_are_ready(arena: Arena, count: int, patience: float = 600) -> float:
    """Seconds until every job is Ready; fails after `patience` seconds."""
    started = time.monotonic()
    what = f"{count} jobs are Ready"
    eventually(lambda: ready(arena, "Suspended") == count, what, patience, at_most=0.5)
    return time.monotonic() - started


def ready(arena: Arena, reason: str) -> int:
    """How many jobs the controller counts as Ready for this reason."""
    pattern = rf'_jobs\{{condition="Ready",reason="{reason}"\}} (\S+)'
    found = re.search(pattern, _metrics(arena))
    return int(float(found[1])) if found else 0


def good(arena: Arena) -> int | None:
    """How many jobs are good with the controller's release; None of one that does not count it."""
    said = _metrics(arena)
    found = re.search(r'_rollout_jobs\{change="Release",stage="Good"\} (\S+)', said)
    if found is None:
        return 0 if not said or "_rollout_jobs{change=" in said else None
    return int(float(found[1]))


def _metrics(arena: Arena) -> str:
    try:
        return arena.metrics()
    except (OSError, http.client.HTTPException):
        return ""


def peak_memory(arena: Arena) -> float:
    """Most memory that the controller's process ever held, in MiB."""
    status = Path(f"/proc/{arena.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def bare_writes(arena: Arena, names: list[str], namespace: str) -> float:
    """Seconds for a client that only writes what the controller has written, into another place.

    Of a suspended job these are two ConfigMaps, the FlinkDeployment, an Event, and twice the
    status: before all that, because it names what begins, and after it. The client has as many
    threads and connections as the controller, keeps them, and is the same user to the API server.
    """
    arena.api.send("POST", "/api/v1/namespaces", {"metadata": {"name": namespace}})
    bodies = [_bodies(arena, name, namespace) for name in names]

    def write(number: int) -> None:
        with closing(arena.plane.controller_api.keep_connected()) as connection:
            for _, *writes in bodies[number::_WRITERS]:
                for each in writes:
                    _write(connection, *each)

    with ThreadPoolExecutor(_WRITERS) as pool:
        list(pool.map(lambda each: arena.api.apply(each[0][0], each[0][2]), bodies))
        started = time.monotonic()
        list(pool.map(write, range(_WRITERS)))
        return time.monotonic() - started


def _bodies(arena: Arena, name: str, namespace: str) -> list[tuple[str, str, Object]]:
    """The job, then the writes that the controller has made for it: path, kind of call, body."""
    job, deployment = arena.job(name), arena.deployment(name)
    maps = arena.config_maps(name)
    places = {
        "ProgramUserInfoJob": "/apis/lern.sunbird.org/v1alpha1/namespaces/{}/programuserinfojobs",
        "FlinkDeployment": "/apis/flink.apache.org/v1beta1/namespaces/{}/flinkdeployments",
        "ConfigMap": "/api/v1/namespaces/{}/configmaps",
    }
    writes = []
    for each in [job, *maps, deployment]:
        kind = each.get("kind", "ConfigMap")
        metadata = {key: value for key, value in each["metadata"].items() if key not in _PASSING}
        metadata |= {"namespace": namespace, "ownerReferences": []}
        body = each | {"kind": kind, "apiVersion": each.get("apiVersion", "v1")}
        body = body | {"metadata": metadata}
        body.pop("status", None)
        path = (
            f"{places[kind].format(namespace)}/{name if kind != 'ConfigMap' else metadata['name']}"
        )
        writes.append((path, "apply", body))
    body = {key: job[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": name}}
    path = f"{writes[0][0]}/status"
    announced = job["status"] | {"conditions": []}
    writes.insert(1, (path, "apply", body | {"status": announced}))
    writes.append((path, "apply", body | {"status": job["status"]}))
    event = {
        "metadata": {"generateName": f"{name}-", "namespace": namespace},
        "involvedObject": {"kind": job["kind"], "name": name, "namespace": namespace},
        "reason": "Suspended",
        "message": "as the controller's",
        "type": "Normal",
    }
    writes.append((f"/api/v1/namespaces/{namespace}/events", "create", event))
    return writes


def _write(connection: KeptConnection, path: str, call: str, body: Object) -> None:
    if call == "apply":
        connection.apply(path, body)
    else:
        connection.send("POST", path, body)


def percentile(sorted_values: list[float], share: float) -> float:
    """The value that this share of the values stays below."""
    return sorted_values[int(len(sorted_values) * share)]


def edit_latencies(
    arena: Arena, names: list[str], edits: int, pause: float, first: int = 1
) -> list[float]:
    """Seconds from each edit of a job to a FlinkDeployment that has it, sorted.

    Each edit sets the `restartNonce`, from `first` on.
    """
    edited: dict[str, float] = {}
    latencies: list[float] = []
    done = threading.Event()

    def follow() -> None:
        for deployment in watch(arena, done.is_set):
            # Of a job that runs, a FlinkDeployment of its own may be the new revision.
            name = deployment["metadata"]["labels"][api_names.LABEL_JOB]
            moment = edited.pop(f"{name}/{deployment['spec']['restartNonce']}", None)
            if moment is not None:
                latencies.append(time.monotonic() - moment)

    thread = threading.Thread(target=follow)
    thread.start()
    time.sleep(1)
    for number in range(edits):
        name, nonce = names[number * 7 % len(names)], number + first
        edited[f"{name}/{nonce}"] = time.monotonic()
        arena.put_job(name, restartNonce=nonce)
        time.sleep(pause)
    eventually(lambda: len(latencies) == edits, "every edit has arrived", at_most=0.2)
    done.set()
    arena.put_job(names[0], restartNonce=first + 10**6)  # one more event, for the watch to end on
    thread.join()
    return sorted(latencies)


def watch(arena: Arena, is_over: Callable[[], bool]) -> Iterable[Object]:
    """Versions of the deployments, as they come."""
    path = arena.deployment_path("").rstrip("/")
    for line in arena.api.stream(f"{path}?watch=true"):
        if is_over():
            return
        yield json.loads(line)["object"]
