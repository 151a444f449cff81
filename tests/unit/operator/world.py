"""A small model of the API server and of the Flink operator; other tests have the real ones."""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import CRD, LEASE, SECRET, ApiError, Kind
from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.keys import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.reconciler import Reconciler
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.rollout.standings import Target, Waves
from tests.unit.operator.specs import CR

Object = dict[str, Any]
SOAK = timedelta(seconds=30)
START = datetime(2026, 1, 1, tzinfo=UTC)


def flink_crd(*versions: str) -> Object:
    """The CRD of a Flink operator that knows these values of `flinkVersion`."""
    spec = {"properties": {"flinkVersion": {"enum": list(versions)}}}
    schema = {"openAPIV3Schema": {"properties": {"spec": spec}}}
    return {
        "kind": CRD.name,
        "metadata": {"name": "flinkdeployments.flink.apache.org", "namespace": ""},
        "spec": {"versions": [{"name": "v1beta1", "schema": schema}]},
    }


class World:
    """Objects by kind and name, a clock, and jobs on Flink. Every write is noted and may fail."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.writes: list[str] = []
        self.refuse: dict[str, ApiError] = {}
        self.dies_after: int | None = None
        self.log = self.previous_log = ""
        self.flink_answers = True
        self.checkpoints = True
        """Whether running jobs complete checkpoints."""
        self.now = START
        self.listeners: list[JobsIndex] = []
        self._running_since: dict[tuple[str, str], datetime] = {}
        self._version = 0
        self.put(flink_crd("v1_18", "v1_19", "v1_20"))

    # -- the API server, as `ApiServer` ----------------------------------------------------------

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        self._refuse(f"GET {kind.name}")
        found = self.objects.get((kind.name, namespace or "", name))
        return None if found is None else _copy(found)

    def list_objects(
        self,
        kind: Kind,
        namespace: str | None,
        selector: str = "",
        *,
        fields: str = "",
        explains: bool = False,
    ) -> list[Object]:
        self._refuse(f"LIST {kind.name}")
        wanted = dict(term.split("=") for term in selector.split(",") if term)
        return [
            _copy(each)
            for (found, where, name), each in self.objects.items()
            if (found, where) == (kind.name, namespace)
            and fields in ("", f"metadata.name={name}")
            and wanted.items() <= (each["metadata"].get("labels") or {}).items()
        ]

    def of_job(self, kind: Kind, namespace: str, job: str) -> list[Object]:
        return self.list_objects(kind, namespace, f"{names.LABEL_JOB}={job}")

    def apply(
        self,
        desired: Mapping[str, Any],
        *,
        subresource: str = "",
        dry_run: bool = False,
        resource_version: str | None = None,
    ) -> Object:
        kind, metadata = desired["kind"], desired["metadata"]
        self._write(f"apply {kind}{subresource and '/' + subresource}")
        place = (kind, metadata["namespace"], metadata["name"])
        live = self.objects.get(place, {"metadata": {"generation": 0}})
        if resource_version not in (None, live["metadata"].get("resourceVersion")):
            raise ApiError(409, "the object has been modified")
        if subresource:
            live["status"] = _copy(desired["status"])
        else:
            merged = live | _copy(dict(desired))
            born = {"creationTimestamp": self._moment(), "uid": f"uid-{metadata['name']}"}
            merged["metadata"] = born | live["metadata"] | dict(metadata)
            if merged.get("spec") != live.get("spec"):
                merged["metadata"]["generation"] += 1
                times = {"manager": names.FIELD_MANAGER, "operation": "Apply"}
                merged["metadata"]["managedFields"] = [times | {"time": self._moment()}]
                self._running_since.pop((metadata["namespace"], metadata["name"]), None)
            live = self.objects[place] = merged
        self._touch(live)
        return _copy(live)

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> None:
        self._write(f"create {kind.name} {body.get('reason', '')}".strip())
        if kind in (SECRET, LEASE):
            self.put({**body, "metadata": {**body["metadata"], "namespace": namespace}})

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        self._write(f"delete {kind.name}")
        self.objects.pop((kind.name, namespace, name), None)
        self._running_since.pop((namespace, name), None)

    def read_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        return self.previous_log if previous else self.log

    def get_from_service(
        self, namespace: str, service: str, path: str, query: Mapping[str, str]
    ) -> str:
        since = self._running_since.get((namespace, service.removesuffix("-rest:rest")))
        if not self.flink_answers or since is None:
            return ""
        if not path.endswith("checkpoints"):
            times = {"RUNNING": _milliseconds(since)}
            return json.dumps({"now": _milliseconds(self.now), "timestamps": times})
        done = {"id": 7, "latest_ack_timestamp": _milliseconds(self.now)}
        return json.dumps({"latest": {"completed": done if self.checkpoints else None}})

    def _moment(self) -> str:
        return self.now.strftime("%Y-%m-%dT%H:%M:%SZ")

    def _refuse(self, what: str) -> None:
        for refused, error in self.refuse.items():
            if what.startswith(refused):
                raise error

    def _write(self, what: str) -> None:
        self._refuse(what)
        self.writes.append(what)
        if self.dies_after is not None and len(self.writes) > self.dies_after:
            raise KeyboardInterrupt

    def _touch(self, live: Object) -> None:
        self._version += 1
        live["metadata"]["resourceVersion"] = str(self._version)
        if live.get("kind") == names.KIND:
            self._tell(live)

    def _tell(self, live: Object) -> None:
        key = Key(live["metadata"]["namespace"], live["metadata"]["name"])
        for index in self.listeners:
            index.put(key, _copy(live))

    # -- users and the Flink operator ------------------------------------------------------------

    def put(self, document: Object) -> None:
        document = _copy(document)
        metadata = document["metadata"]
        metadata.setdefault("namespace", "ns")
        place = (document["kind"], metadata["namespace"], metadata["name"])
        self.objects[place] = document
        self._touch(document)

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


def _copy(document: Object) -> Object:
    """A deep one, of what JSON can hold."""
    copied: Object = marshal.loads(marshal.dumps(document))  # noqa: S302  # our own bytes
    return copied


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


class Controller:
    """One process of the controller in a world."""

    def __init__(
        self,
        world: World,
        release: str = "1.0",
        waves: Waves | None = None,
        installation: str = "controller",
        **reader: Any,
    ) -> None:
        self.world = world
        bundle = Bundle({"v1_20": f"image:{release}", "v2_2": f"image:{release}-flink2.2"})
        place = Installation("operator", installation, ProfilesRef("operator", "profiles"))
        target = Target(release_id(bundle), bundle.release)
        self.index = JobsIndex(waves or Waves(1, ()), target, str(place))
        options = Options(bundle, place, SOAK)
        api: Any = world
        found = Reader(api, place, api, **reader)
        self.secrets = found.secrets
        self.reconciler = Reconciler(api, found, self.index, options, self._clock)
        self.woken: list[Key] = []
        self.index.connect(self.woken.append, lambda: None)
        for (kind, namespace, name), each in world.objects.items():
            if kind == names.KIND:
                self.index.put(Key(namespace, name), _copy(each))
        world.listeners.append(self.index)
        self.recheck: timedelta | None = None

    def _clock(self) -> datetime:
        return self.world.now

    def check_secrets(self) -> None:
        """What is done once an interval."""
        for use in self.secrets.in_use():
            self.secrets.refresh(use)

    def stop(self) -> None:
        """The process ends."""
        self.world.listeners.remove(self.index)

    def start(self) -> None:
        """Look at every job, as at the start of the process."""
        jobs = [name for kind, _, name in self.world.objects if kind == names.KIND]
        for name in jobs:
            self.reconcile(name)

    def reconcile(self, name: str = "job") -> list[str]:
        """Reconcile once; the writes that it took."""
        before = len(self.world.writes)
        self.check_secrets()
        self.recheck = self.reconciler.reconcile(Key("ns", name))
        return self.world.writes[before:]

    def rest(self, *jobs: str) -> None:
        """Reconcile until nothing is written any more, as news of each write would have it."""
        for _ in range(20):
            if not [write for name in jobs or ("job",) for write in self.reconcile(name)]:
                return
        raise AssertionError(f"the controller finds no rest: {self.world.writes[-20:]}")

    def settle(self, name: str = "job") -> None:
        """Deploy, run, soak, and leave nothing behind."""
        self.rest(name)
        self.world.flink_runs(name)
        self.rest(name)
        self.world.later(seconds=SOAK.total_seconds())
        self.rest(name)
