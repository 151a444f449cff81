"""A small model of the API server, and of Flink's REST; other tests have the real ones."""

from __future__ import annotations

import json
import marshal
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import LEASE, SECRET, ApiError, Kind
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.jobs_index import JobsIndex

Object = dict[str, Any]
START = datetime(2026, 1, 1, tzinfo=UTC)


class ApiServerModel:
    """Objects by kind and name, and a clock. Every write is noted and may fail.

    Read and written as by `ApiServer`.
    """

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

    def get(self, kind: Kind, namespace: str | None, name: str) -> Object | None:
        self._refuse(f"GET {kind.name}")
        found = self.objects.get((kind.name, namespace or "", name))
        return None if found is None else copied(found)

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
            copied(each)
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
            live["status"] = copied(desired["status"])
        else:
            merged = live | copied(dict(desired))
            born = {"creationTimestamp": self._moment(), "uid": f"uid-{metadata['name']}"}
            merged["metadata"] = born | live["metadata"] | dict(metadata)
            if merged.get("spec") != live.get("spec"):
                merged["metadata"]["generation"] += 1
                times = {"manager": names.FIELD_MANAGER, "operation": "Apply"}
                merged["metadata"]["managedFields"] = [times | {"time": self._moment()}]
                self._running_since.pop((metadata["namespace"], metadata["name"]), None)
            live = self.objects[place] = merged
        self._touch(live)
        return copied(live)

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
            index.put(key, live)

    def put(self, document: Object) -> None:
        document = copied(document)
        metadata = document["metadata"]
        metadata.setdefault("namespace", "ns")
        place = (document["kind"], metadata["namespace"], metadata["name"])
        self.objects[place] = document
        self._touch(document)


def copied(document: Object) -> Object:
    """A deep one, of what JSON can hold."""
    found: Object = marshal.loads(marshal.dumps(document))  # noqa: S302  # our own bytes
    return found


def _milliseconds(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)
