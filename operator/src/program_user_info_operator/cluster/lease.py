"""One controller at a time: a Lease that the leader renews, and that others take over from it.

The election is that of Kubernetes' client (`kubernetes.leaderelection`); this is its lock, kept by
our own client, with time-outs. What the leader writes is fenced: a process that was stopped, or cut
off, for longer than the Lease lasts, and wakes up again, is told so before its next write.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import structlog
from kubernetes.leaderelection.electionconfig import Config
from kubernetes.leaderelection.leaderelection import LeaderElection
from kubernetes.leaderelection.leaderelectionrecord import LeaderElectionRecord

from program_user_info_operator.cluster.api_server import LEASE, ApiError, ApiServer

Object = dict[str, Any]
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Timing:
    """In seconds. Others wait for `duration`; the leader gives up after `renew_deadline`."""

    duration: int = 10
    renew_deadline: int = 7
    retry: int = 2

    @classmethod
    def lasting(cls, seconds: int) -> Timing:
        """Of a Lease that lasts so long: at least 10 seconds."""
        return cls(seconds, seconds * 7 // 10, seconds // 5)


class LeasePlace(NamedTuple):
    """Where the Lease is."""

    namespace: str
    name: str


class _Unread(NamedTuple):
    """What the election reads of a lock that could not be read."""

    body: str
    reason: str


class LeaseLock:
    """A Lease as the election's lock. Used from one thread; `is_held` from any."""

    def __init__(
        self,
        api: ApiServer,
        place: LeasePlace,
        identity: str,
        timing: Timing,
        clock: Callable[[], float] = lambda: time.clock_gettime(time.CLOCK_BOOTTIME),
    ) -> None:
        self._api = api
        self.namespace, self.name = place
        self.identity = identity
        self._timing = timing
        self._clock = clock
        self._renewed: float | None = None
        self._version: str | None = None

    @property
    def is_held(self) -> bool:
        """Whether no other process can have taken the Lease yet.

        The clock runs on while the machine sleeps.
        """
        renewed = self._renewed
        return renewed is not None and self._clock() - renewed < self._timing.renew_deadline

    def get(self, name: str, namespace: str) -> tuple[bool, LeaderElectionRecord | _Unread]:
        """The record in the Lease."""
        try:
            lease = self._api.get(LEASE, namespace, name)
        except ApiError as error:
            return False, _Unread(f'{{"code": {error.status}}}', error.message)
        if lease is None:
            return False, _Unread('{"code": 404}', "Not Found")
        self._version = lease["metadata"]["resourceVersion"]
        spec = lease.get("spec") or {}
        return True, LeaderElectionRecord(
            spec.get("holderIdentity") or None,
            str(spec["leaseDurationSeconds"]) if "leaseDurationSeconds" in spec else None,
            spec.get("acquireTime"),
            spec.get("renewTime"),
        )

    def create(self, name: str, namespace: str, election_record: LeaderElectionRecord) -> bool:
        """Make the Lease; false where another one was faster."""
        started = self._clock()
        body = self._lease({"name": name, "namespace": namespace}, election_record)
        try:
            self._api.create(LEASE, namespace, body)
        except ApiError:
            return False
        self._renewed = started
        return True

    def update(self, name: str, namespace: str, updated_record: LeaderElectionRecord) -> bool:
        """Renew or take over; false where another one was faster."""
        started = self._clock()
        metadata = {"name": name, "namespace": namespace, "resourceVersion": self._version}
        try:
            self._api.replace(LEASE, self._lease(metadata, updated_record))
        except ApiError:
            return False
        self._renewed = started
        return True

    def release(self) -> None:
        """Let another process take over at once."""
        if not self.is_held:
            return
        self._renewed = None
        is_read, record = self.get(self.name, self.namespace)
        if is_read and getattr(record, "holder_identity", None) == self.identity:
            metadata = {
                "name": self.name,
                "namespace": self.namespace,
                "resourceVersion": self._version,
            }
            self._api.replace(LEASE, {**_KIND, "metadata": metadata, "spec": {}})

    def _lease(self, metadata: Object, record: LeaderElectionRecord) -> Object:
        spec = {
            "holderIdentity": record.holder_identity,
            "leaseDurationSeconds": int(record.lease_duration),
            "acquireTime": _as_kubernetes_writes(record.acquire_time),
            "renewTime": _as_kubernetes_writes(record.renew_time),
        }
        return {**_KIND, "metadata": metadata, "spec": spec}


_KIND = {"apiVersion": LEASE.api_version, "kind": LEASE.name}


def lead(
    lock: LeaseLock, timing: Timing, on_elected: Callable[[], object], on_lost: Callable[[], None]
) -> threading.Thread:
    """Take part in the election, in a thread of its own, until the leadership is lost."""
    held = threading.Event()

    def started() -> None:
        on_elected()
        held.wait()

    config = Config(
        lock,
        lease_duration=timing.duration,
        renew_deadline=timing.renew_deadline,
        retry_period=timing.retry,
        onstarted_leading=started,
        onstopped_leading=on_lost,
    )

    def elect() -> None:
        try:
            LeaderElection(config).run()
        except Exception:
            log.exception("the election has ended: this is a bug, please report it")
            on_lost()

    thread = threading.Thread(target=elect, name="election", daemon=True)
    thread.start()
    return thread


def is_alive(lease: Object | None, now: datetime) -> bool:
    """Whether somebody has renewed a Lease of late."""
    spec = (lease or {}).get("spec") or {}
    if not spec.get("holderIdentity") or "renewTime" not in spec:
        return False
    renewed = datetime.fromisoformat(spec["renewTime"])
    return now - renewed < _GONE_AFTER * int(spec.get("leaseDurationSeconds") or 1)


_GONE_AFTER = timedelta(seconds=6)
"""For each second that the Lease lasts."""


def _as_kubernetes_writes(text: str) -> str:
    """The election's own times are local ones; those that it has read are as they were written."""
    return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
