"""The Lease by which one of several replicas leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from kubernetes.leaderelection.leaderelectionrecord import LeaderElectionRecord

from program_user_info_operator.cluster.api_server import LEASE, ApiError, Kind
from program_user_info_operator.cluster.lease import LeaseLock, LeasePlace, Timing, is_alive

Object = dict[str, Any]
NOW = datetime(2026, 1, 1, tzinfo=UTC)
TIMING = Timing.lasting(10)
RECORD = LeaderElectionRecord("me", "10", "2026-01-01 00:00:00", "2026-01-01 00:00:02.5")


class Server:
    """An API server with one Lease, which may refuse writes."""

    def __init__(self) -> None:
        self.lease: Object | None = None
        self.refuses: ApiError | None = None

    def get(self, kind: Kind, namespace: str, name: str) -> Object | None:
        assert (kind, namespace, name) == (LEASE, "operator", "lease")
        if self.refuses:
            raise self.refuses
        return self.lease

    def create(self, _: Kind, __: str, body: Object) -> None:
        self.replace(LEASE, body)

    def replace(self, _: Kind, body: Object) -> None:
        if self.refuses:
            raise self.refuses
        version = (self.lease or {"metadata": {"resourceVersion": None}})["metadata"]
        if body["metadata"].get("resourceVersion") != version["resourceVersion"]:
            raise ApiError(409, "conflict")
        number = int(version["resourceVersion"] or 0) + 1
        self.lease = body | {"metadata": body["metadata"] | {"resourceVersion": str(number)}}


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lock(server: Server, clock: Clock) -> LeaseLock:
    api: Any = server
    return LeaseLock(api, LeasePlace("operator", "lease"), "me", TIMING, clock)


def test_another_one_takes_over_within_fifteen_seconds() -> None:
    """A standby looks every `retry` seconds, and waits for `duration` from the last change."""
    assert TIMING.duration + 2 * TIMING.retry < 15
    assert TIMING.renew_deadline < TIMING.duration
    assert TIMING.renew_deadline > 1.2 * TIMING.retry


def test_who_made_the_lease_holds_it_until_others_might_take_it(
    lock: LeaseLock, server: Server, clock: Clock
) -> None:
    assert not lock.is_held
    assert lock.create("lease", "operator", RECORD)
    assert lock.is_held
    clock.now += TIMING.renew_deadline
    assert not lock.is_held
    assert lock.get("lease", "operator")[0]
    assert lock.update("lease", "operator", RECORD)
    assert lock.is_held
    assert server.lease is not None
    assert server.lease["spec"]["holderIdentity"] == "me"


def test_it_reads_back_what_it_wrote(lock: LeaseLock) -> None:
    lock.create("lease", "operator", RECORD)
    found, record = lock.get("lease", "operator")
    assert found
    assert isinstance(record, LeaderElectionRecord)
    assert (record.holder_identity, record.lease_duration) == ("me", "10")
    written = datetime.fromisoformat(record.renew_time)
    assert written == datetime.fromisoformat(RECORD.renew_time).astimezone(UTC)
    lock.update("lease", "operator", record)
    assert lock.get("lease", "operator")[1].__dict__ == record.__dict__


@pytest.mark.parametrize("status", [0, 403, 409, 500])
def test_a_lease_that_cannot_be_written_is_not_held(
    lock: LeaseLock, server: Server, status: int
) -> None:
    server.refuses = ApiError(status, "no")
    assert not lock.create("lease", "operator", RECORD)
    assert not lock.update("lease", "operator", RECORD)
    assert not lock.is_held
    found, unread = lock.get("lease", "operator")
    assert not found
    assert str(status) in str(unread)


def test_a_lease_that_is_missing_may_be_made(lock: LeaseLock) -> None:
    found, unread = lock.get("lease", "operator")
    assert not found
    assert '"code": 404' in str(unread)


def test_what_was_changed_in_between_is_not_overwritten(lock: LeaseLock, server: Server) -> None:
    lock.create("lease", "operator", RECORD)
    lock.get("lease", "operator")
    assert server.lease is not None
    server.lease["metadata"]["resourceVersion"] = "9"
    assert not lock.update("lease", "operator", RECORD)


def test_who_ends_lets_the_next_one_go_on(lock: LeaseLock, server: Server) -> None:
    lock.create("lease", "operator", RECORD)
    lock.release()
    assert not lock.is_held
    assert server.lease is not None
    assert server.lease["spec"] == {}
    record = lock.get("lease", "operator")[1]
    assert getattr(record, "holder_identity", "somebody") is None


def test_who_does_not_hold_it_releases_nothing(lock: LeaseLock, server: Server) -> None:
    lock.create(
        "lease", "operator", LeaderElectionRecord("other", "10", NOW.isoformat(), NOW.isoformat())
    )
    before = server.lease
    lock.release()
    assert server.lease == before


@pytest.mark.parametrize(
    ("spec", "alive"),
    [
        (None, False),
        ({}, False),
        ({"holderIdentity": "x"}, False),
        (
            {
                "holderIdentity": "x",
                "renewTime": "2025-12-31T23:59:01Z",
                "leaseDurationSeconds": 10,
            },
            True,
        ),
        (
            {
                "holderIdentity": "x",
                "renewTime": "2025-12-31T23:58:59Z",
                "leaseDurationSeconds": 10,
            },
            False,
        ),
        ({"holderIdentity": "", "renewTime": "2025-12-31T23:59:59Z"}, False),
    ],
)
def test_whether_somebody_is_there(spec: Object | None, alive: bool) -> None:
    assert is_alive(None if spec is None else {"spec": spec}, NOW + timedelta()) is alive
