"""A small model of the world around the controller: users, and the Flink operator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import CRD
from program_user_info_operator.reconcile.installation import Key
from tests.unit.operator.api_server_model import ApiServerModel, Object
from tests.unit.operator.specs import CR


def flink_crd(*versions: str) -> Object:
    """The CRD of a Flink operator that knows these values of `flinkVersion`."""
    spec = {"properties": {"flinkVersion": {"enum": list(versions)}}}
    schema = {"openAPIV3Schema": {"properties": {"spec": spec}}}
    return {
        "kind": CRD.name,
        "metadata": {"name": "flinkdeployments.flink.apache.org", "namespace": ""},
        "spec": {"versions": [{"name": "v1beta1", "schema": schema}]},
    }


class World(ApiServerModel):
    """What users and the Flink operator do to the objects of the API server."""

    def __init__(self) -> None:
        super().__init__()
        self.put(flink_crd("v1_18", "v1_19", "v1_20"))

    def remove(self, kind: str, name: str, namespace: str = "ns") -> None:
        """Delete an object, as its user would; a job's children go with it."""
        self.objects.pop((kind, namespace, name))
        if kind == names.KIND:
            for place, each in list(self.objects.items()):
                if (each["metadata"].get("labels") or {}).get(names.LABEL_JOB) == name:
                    del self.objects[place]
            for index in self.listeners:
                index.remove(Key(namespace, name))

    def put_job(self, name: str = "job", *, namespace: str = "ns", **fields: Any) -> None:
        """Create a job, or change its spec; each job has a group of its own."""
        place = (names.KIND, namespace, name)
        old = self.objects.get(place)
        first = CR | {"kafka": CR["kafka"] | {"groupId": name}} if name != "job" else CR
        spec = {**(old["spec"] if old else first), **fields}
        metadata = {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "generation": 1,
            "creationTimestamp": self._moment(),
        }
        if old is not None:
            metadata = {**old["metadata"], "generation": old["metadata"]["generation"] + 1}
        spec = {key: value for key, value in spec.items() if value is not None}
        self.put({"kind": names.KIND, **(old or {}), "metadata": metadata, "spec": spec})

    def annotate(self, name: str = "job", **annotations: str | None) -> None:
        """Set annotations of ours on a job, or take them away."""
        job = self.job(name)
        known = job["metadata"].setdefault("annotations", {})
        for key, text in annotations.items():
            known[f"{names.GROUP}/{key}"] = text
        job["metadata"]["annotations"] = {key: text for key, text in known.items() if text}
        self._touch(job)

    def put_profile(self, text: str, environment: str = "dev", bundle: str | None = None) -> None:
        place = ("ConfigMap", "operator", "profiles")
        data = (self.objects.get(place) or {}).get("data") or {}
        metadata: Object = {"name": "profiles", "namespace": "operator"}
        if bundle is not None:
            metadata["annotations"] = {names.ANNOTATION_BUNDLE: bundle}
        self.put({"kind": "ConfigMap", "metadata": metadata, "data": data | {environment: text}})

    def put_secret(self, name: str, *keys: str, value: str = "c2VjcmV0") -> None:
        """Create a Secret, or another version of it."""
        data = dict.fromkeys(keys, value)
        self.put({"kind": "Secret", "metadata": {"name": name, "uid": name}, "data": data})

    def flink_runs(
        self,
        name: str = "job",
        state: str = "RUNNING",
        error: str = "",
        *,
        deployment: str | None = None,
    ) -> None:
        """What the Flink operator writes once it has picked up the current spec.

        Of the job's newest FlinkDeployment, unless one is named.
        """
        live = (
            self.objects["FlinkDeployment", "ns", deployment]
            if deployment
            else self.deployment(name)
        )
        place = live["metadata"]["namespace"], live["metadata"]["name"]
        if live["spec"]["job"]["state"] == "suspended":
            state = "FINISHED"
        if state == "RUNNING":
            self._running_since.setdefault(place, self.now)
        else:
            self._running_since.pop(place, None)
        generation = {"resource_metadata": {"metadata": live["metadata"]}}
        reconciled = json.dumps({"spec": live["spec"], **generation})
        lifecycle = {"RUNNING": "STABLE", "FINISHED": "SUSPENDED"}.get(state, "DEPLOYED")
        live["status"] = {
            "lifecycleState": lifecycle,
            "jobStatus": {"state": state, "jobId": "f00"},
            "reconciliationStatus": {"lastReconciledSpec": reconciled},
            "error": error,
        }
        self._touch(live)

    def flink_restarts(self, name: str = "job") -> None:
        """The job has a break that nobody sees but Flink."""
        live = self.deployment(name)
        self._running_since[live["metadata"]["namespace"], live["metadata"]["name"]] = self.now

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    # -- what there is ---------------------------------------------------------------------------

    def job(self, name: str = "job") -> Object:
        return self.objects[names.KIND, "ns", name]

    def deployments(self, name: str = "job") -> list[Object]:
        """The job's FlinkDeployments, oldest first."""
        return [
            each
            for (kind, _, _), each in self.objects.items()
            if kind == "FlinkDeployment"
            and (each["metadata"].get("labels") or {}).get(names.LABEL_JOB) == name
        ]

    def deployment(self, name: str = "job") -> Object:
        """The newest one."""
        return self.deployments(name)[-1]

    def state(self, name: str = "job") -> tuple[str, str]:
        """The one true condition and its reason."""
        conditions = self.job(name)["status"]["conditions"]
        (true,) = [each for each in conditions if each["status"] == "True"]
        return true["type"], true["reason"]

    def message(self, name: str = "job") -> str:
        text: str = self.job(name)["status"]["conditions"][0]["message"]
        return text

    def outcomes(self, name: str = "job") -> list[tuple[int, str, str]]:
        """Number, cause and outcome of each revision in the status."""
        revisions = self.job(name)["status"]["revisions"]
        return [(each["number"], each["cause"], each["outcome"]) for each in revisions]

    def stage(self, name: str = "job", change: str = "Release") -> str:
        """Where the job stands with a change."""
        changes = self.job(name)["status"]["rollout"]["changes"]
        return next((each["stage"] for each in changes if each["change"] == change), "")
