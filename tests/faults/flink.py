"""Plays the Flink operator: picks up each FlinkDeployment and reports the state of its job."""

from __future__ import annotations

import contextlib
import json
import threading
import time
import urllib.error
from typing import Any, Protocol

from tests.faults.api import Api

# From the API server's cache, which costs it little; the next check is soon.
_ALL = "/apis/flink.apache.org/v1beta1/flinkdeployments?resourceVersion=0"
_FINALIZER = "flinkdeployments.flink.apache.org/finalizer"

Object = dict[str, Any]


class FlinkRest(Protocol):
    """Answers for Flink's REST interface."""

    def rest(self, namespace: str, deployment: str, path: str) -> Object | None:
        """What it says about the job of a deployment; None: nothing."""


def job_that_runs(path: str, since: float) -> Object:
    """What Flink's REST interface says of a job that has run since then, in seconds."""
    now = round(time.time() * 1000)
    if path == "/checkpoints":
        return {"latest": {"completed": {"id": 7, "latest_ack_timestamp": now}}}
    return {"now": now, "timestamps": {"RUNNING": round(since * 1000)}}


class FlinkOperator:
    """Every image runs, unless its name has `bad` in it."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._running: dict[tuple[str, str], tuple[int, float]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stop.set()
        self._thread.join(30)

    def rest(self, namespace: str, deployment: str, path: str) -> Object | None:
        """What Flink's REST interface answers about the job of a deployment; None: nothing."""
        running = self._running.get((namespace, deployment))
        return None if running is None else job_that_runs(path, running[1])

    def _run(self) -> None:
        while not self._stop.is_set():
            # The API server may be down: that is one of the faults.
            with contextlib.suppress(OSError, ValueError):
                for deployment in self._api.send("GET", _ALL)["items"]:
                    with contextlib.suppress(urllib.error.HTTPError):
                        self._reconcile(deployment)
            time.sleep(0.4)

    def _reconcile(self, deployment: Object) -> None:
        metadata = deployment["metadata"]
        place = f"namespaces/{metadata['namespace']}/flinkdeployments/{metadata['name']}"
        path = f"/apis/flink.apache.org/v1beta1/{place}"
        finalizers = metadata.get("finalizers") or []
        if metadata.get("deletionTimestamp"):
            if finalizers:
                self._api.merge(path, {"metadata": {"finalizers": []}})
            return
        if _FINALIZER not in finalizers:
            self._api.merge(path, {"metadata": {"finalizers": [_FINALIZER]}})
            return
        status = self._status(deployment)
        if status != deployment.get("status"):
            absent = dict.fromkeys((deployment.get("status") or {}).keys() - status.keys())
            self._api.merge(f"{path}/status", {"status": status | absent})

    def _status(self, deployment: Object) -> Object:
        spec, generation = deployment["spec"], deployment["metadata"]["generation"]
        meta = {"resource_metadata": {"metadata": {"generation": generation}}}
        common = {
            "reconciliationStatus": {
                "state": "DEPLOYED",
                "lastReconciledSpec": json.dumps({"spec": spec, **meta}, sort_keys=True),
            }
        }
        place = deployment["metadata"]["namespace"], deployment["metadata"]["name"]
        runs = spec["job"]["state"] == "running" and "bad" not in spec["image"]
        if not runs:
            self._running.pop(place, None)
        elif self._running.get(place, (0, 0.0))[0] != generation:
            self._running[place] = (generation, time.time())
        if spec["job"]["state"] == "suspended":
            return common | {"lifecycleState": "SUSPENDED", "jobStatus": {"state": "FINISHED"}}
        if "bad" in spec["image"]:
            error = "back-off pulling the image"
            status = {"lifecycleState": "DEPLOYED", "jobStatus": {"state": "RECONCILING"}}
            return common | status | {"error": error}
        return common | {
            "lifecycleState": "STABLE",
            "jobStatus": {"state": "RUNNING", "jobId": "0" * 32},
        }
