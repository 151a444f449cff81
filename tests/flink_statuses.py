"""What the Flink operators write into a FlinkDeployment's status while a job runs and all is well.

The shapes are those that the releases 1.7.0 and 1.15.0 write, their health check switched on.
"""

from __future__ import annotations

import copy
import json
from typing import Any, Literal

Object = dict[str, Any]
Release = Literal["1.7", "1.15"]

_STARTED = 1_795_441_674_771


def at_rest(deployment: Object, release: Release, look: int, seconds: float = 10) -> Object:
    """The status after `look` checks, `seconds` apart: only times and counts have changed."""
    now = _STARTED + round(look * seconds * 1000)
    checkpoints = round(look * seconds / 10)
    health: Object = {
        "timeStamp": now,
        "numRestarts": 0,
        "numRestartsEvaluationTimeStamp": _STARTED,
        "numCompletedCheckpoints": checkpoints,
        "numCompletedCheckpointsIncreasedTimeStamp": now,
        "healthResult": {"healthy": True, "error": ""},
    }
    if release == "1.7":
        del health["healthResult"]
        health["healthy"] = True
    job = {
        "checkpointInfo": {"lastPeriodicCheckpointTimestamp": 0},
        "jobId": "6ab54b03a43f6bdf6522d88e77f9170e",
        "jobName": "program-user-info-dev",
        "savepointInfo": {"lastPeriodicSavepointTimestamp": 0, "savepointHistory": []},
        "startTime": str(_STARTED),
        "state": "RUNNING",
        "updateTime": str(now),
    }
    status: Object = {
        "clusterInfo": {
            "flink-revision": "450c63e @ 2026-05-03T10:10:44+02:00",
            "flink-version": "1.20.5" if release == "1.7" else "2.2.1",
            "ClusterHealthInfo": json.dumps(health),
            "total-cpu": "2.0",
            "total-memory": "2751463424",
        },
        "jobManagerDeploymentStatus": "READY",
        "jobStatus": job,
        "lifecycleState": "STABLE",
        "reconciliationStatus": _reconciliation(deployment, release),
        "taskManager": {
            "labelSelector": f"component=taskmanager,app={deployment['metadata']['name']}",
            "replicas": 1,
        },
    }
    if release == "1.15":
        status["observedGeneration"] = deployment["metadata"]["generation"]
        status["clusterInfo"]["state-size"] = str(1000 + checkpoints)
    return status


def _reconciliation(deployment: Object, release: Release) -> Object:
    """1.7 notes the generation that it has deployed in the spec; 1.15 has a field of its own."""
    meta: Object = {"apiVersion": "flink.apache.org/v1beta1", "firstDeployment": False}
    if release == "1.7":
        meta["metadata"] = {"generation": deployment["metadata"]["generation"]}
    spec = json.dumps({"spec": deployment["spec"], "resource_metadata": meta})
    return {
        "lastReconciledSpec": spec,
        "lastStableSpec": spec,
        "reconciliationTimestamp": _STARTED,
        "state": "DEPLOYED",
    }


def looked_at(deployment: Object, release: Release, look: int) -> Object:
    """The deployment with that status, as a later version of it."""
    found = copy.deepcopy(deployment)
    found["metadata"]["resourceVersion"] = str(1000 + look)
    return found | {"status": at_rest(deployment, release, look)}
