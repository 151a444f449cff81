"""A small model of the API server and of the Flink operator; other tests have the real ones."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import CRD, ApiError, Kind
from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.policy.rollout import Waves
from program_user_info_operator.reconcile.keys import Key, ProfilesRef
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.reconciler import Reconciler, Rules
from program_user_info_operator.reconcile.rollout_board import RolloutBoard
from tests.unit.operator.test_resolve import CR

Object = dict[str, Any]
SOAK = timedelta(seconds=30)
FLINK_CRD = {
    "kind": CRD.name,
    "metadata": {"name": "flinkdeployments.flink.apache.org", "namespace": ""},
    "spec": {
        "versions": [
            {
                "name": "v1beta1",
                "schema": {
                    "openAPIV3Schema": {
                        "properties": {
                            "spec": {"properties": {"flinkVersion": {"enum": ["v1_19", "v1_20"]}}}
                        }
                    }
                },
            }
        ]
    },
}


class World:
    """Objects by kind and name, a clock, and a controller. Every write is noted and may fail."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str, str], Object] = {}
        self.writes: list[str] = []
        self.refuse: dict[str, ApiError] = {}
        self.dies_after: int | None = None
        self.log = self.previous_log = ""
        self.checkpoints = (
            '{"latest": {"completed": {"id": 7, "latest_ack_timestamp": 1700000000000}}}'
        )
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        self._version = 0
        self.put(FLINK_CRD)

    # -- the API server, as `ApiServer` ----------------------------------------------------------

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        self._refuse(f"GET {kind.name}")
        return copy.deepcopy(self.objects.get((kind.name, namespace or "", name)))

    def list_objects(
        self, kind: Kind, namespace: str | None, selector: str = "", *, fields: str = ""
    ) -> list[Object]:
        wanted = dict(term.split("=") for term in selector.split(",") if term)
        return [
            copy.deepcopy(each)
            for (found, where, name), each in self.objects.items()
            if (found, where) == (kind.name, namespace)
            and fields in ("", f"metadata.name={name}")
            and wanted.items() <= (each["metadata"].get("labels") or {}).items()
        ]

    def apply(
        self,
        desired: Mapping[str, Any],
        *,
        subresource: str = "",
        resource_version: str | None = None,
    ) -> Object:
        kind, metadata = desired["kind"], desired["metadata"]
        self._write(f"apply {kind}{subresource and '/' + subresource}")
        place = (kind, metadata["namespace"], metadata["name"])
        live = self.objects.get(place, {"metadata": {"generation": 0}})
        if resource_version not in (None, live["metadata"].get("resourceVersion")):
            raise ApiError(409, "the object has been modified")
        if subresource:
            live["status"] = copy.deepcopy(desired["status"])
        else:
            merged = live | copy.deepcopy(dict(desired))
            merged["metadata"] = live["metadata"] | dict(metadata)
            if merged.get("spec") != live.get("spec"):
                merged["metadata"]["generation"] += 1
            live = self.objects[place] = merged
        self._touch(live)
        return copy.deepcopy(live)

    def create(self, kind: Kind, namespace: str, body: Mapping[str, Any]) -> None:
        self._write(f"create {kind.name} {body['reason']}")

    def delete(self, kind: Kind, namespace: str, name: str) -> None:
        self._write(f"delete {kind.name}")
        self.objects.pop((kind.name, namespace, name), None)

    def read_log(self, namespace: str, pod: str, *, lines: int, previous: bool = False) -> str:
        return self.previous_log if previous else self.log

    def get_from_service(
        self, namespace: str, service: str, path: str, query: Mapping[str, str]
    ) -> str:
        return self.checkpoints

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

    # -- users and the Flink operator ------------------------------------------------------------

    def put(self, document: Object) -> None:
        document = copy.deepcopy(document)
        metadata = document["metadata"]
        metadata.setdefault("namespace", "ns")
        self._touch(document)
        self.objects[document["kind"], metadata["namespace"], metadata["name"]] = document

    def put_job(self, name: str = "job", **fields: Any) -> None:
        """Create a job, or change its spec."""
        place = (names.KIND, "ns", name)
        old = self.objects.get(place)
        spec = {**(old["spec"] if old else CR), **fields}
        metadata = {"name": name, "uid": f"uid-{name}", "generation": 1}
        if old is not None:
            metadata = {**old["metadata"], "generation": old["metadata"]["generation"] + 1}
        self.put({"kind": names.KIND, **(old or {}), "metadata": metadata, "spec": spec})

    def put_profile(self, text: str) -> None:
        metadata = {"name": "profiles", "namespace": "operator"}
        self.put({"kind": "ConfigMap", "metadata": metadata, "data": {"dev": text}})

    def put_secret(self, name: str, *keys: str) -> None:
        """Create a Secret, or another version of it."""
        data = dict.fromkeys(keys, "c2VjcmV0")
        self.put({"kind": "Secret", "metadata": {"name": name, "uid": name}, "data": data})

    def flink_runs(self, name: str = "job", state: str = "RUNNING", error: str = "") -> None:
        """What the Flink operator writes once it has taken up the present spec."""
        deployment = self.objects["FlinkDeployment", "ns", name]
        generation = {"resource_metadata": {"metadata": deployment["metadata"]}}
        reconciled = json.dumps({"spec": deployment["spec"], **generation})
        deployment["status"] = {
            "lifecycleState": "STABLE" if state == "RUNNING" else "DEPLOYED",
            "jobStatus": {"state": state, "jobId": "f00"},
            "reconciliationStatus": {"lastReconciledSpec": reconciled},
            "error": error,
        }
        self._touch(deployment)

    def later(self, **duration: float) -> None:
        self.now += timedelta(**duration)

    # -- what there is ---------------------------------------------------------------------------

    def job(self, name: str = "job") -> Object:
        return self.objects[names.KIND, "ns", name]

    def deployment(self, name: str = "job") -> Object:
        return self.objects["FlinkDeployment", "ns", name]

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


class Controller:
    """One process of the controller in a world."""

    def __init__(
        self, world: World, release: str = "1.0", waves: Waves | None = None, **reader: Any
    ) -> None:
        self.world = world
        self.board = RolloutBoard(waves or Waves(1, ()), f"image:{release}")
        self.rules = Rules(Bundle("image", release), SOAK, timedelta(minutes=1))
        profiles = ProfilesRef("operator", "profiles")
        api: Any = world
        self.reconciler = Reconciler(
            api, Reader(api, profiles, **reader), self.board, self.rules, lambda: world.now
        )
        self.woken: list[Key] = []
        self.board.connect(self.woken.append)

    def start(self) -> None:
        """Look at every job, as at the start of the process."""
        jobs = [name for kind, _, name in self.world.objects if kind == names.KIND]
        self.board.expect(Key("ns", name) for name in jobs)
        for name in jobs:
            self.reconcile(name)

    def reconcile(self, name: str = "job") -> list[str]:
        """Reconcile once; the writes that it took."""
        before = len(self.world.writes)
        self.recheck = self.reconciler.reconcile(Key("ns", name))
        return self.world.writes[before:]

    def settle(self, name: str = "job") -> None:
        """Deploy, run, and soak."""
        self.reconcile(name)
        self.world.flink_runs(name)
        self.reconcile(name)
        self.world.later(seconds=SOAK.total_seconds())
        self.reconcile(name)
