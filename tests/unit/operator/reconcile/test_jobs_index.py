"""What jobs know of each other, by what the watches told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.policy.shared_group import GroupUse, use_in_status
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.rollout.standings import HeldUp, Target, Waves

A, B, C = (Key("ns", name) for name in "abc")


def job(
    version: int = 1, *, group: str | None = None, table: str = "t", **status: Any
) -> dict[str, Any]:
    """A job whose status names the group that it reads as, and its table."""
    if group is not None:
        status |= {"groupId": group, "topic": "t", "bootstrapServers": ["k:1"]}
        status |= {"keyspace": "k", "table": table}
    metadata = {"resourceVersion": str(version), "creationTimestamp": "2026-01-01T00:00:00Z"}
    return {"metadata": metadata, "spec": {"environment": "dev"}, "status": status}


def condition(kind: str, reason: str) -> dict[str, Any]:
    moment = "2026-01-01T00:00:00Z"
    return {
        "type": kind,
        "status": "True",
        "reason": reason,
        "message": "m",
        "lastTransitionTime": moment,
        "observedGeneration": 1,
    }


class Index(JobsIndex):
    """One that notes what it wakes."""

    def __init__(self) -> None:
        super().__init__(Waves(1, ()), Target("id", "1.0"), "ours")
        self.woken: list[Key] = []
        self.turns = 0
        self.connect(self.woken.append, self._turn)

    def _turn(self) -> None:
        self.turns += 1


@pytest.fixture
def index() -> Index:
    return Index()


def test_an_older_version_of_a_job_is_ignored(index: Index) -> None:
    index.put(A, job(10, conditions=[condition("Ready", "Running")]))
    index.put(A, job(9, conditions=[condition("Stalled", "Old")]))
    assert index.states() == {A: ("Ready", "Running")}
    index.put(A, job(10, conditions=[condition("Stalled", "Same")]))
    assert index.states() == {A: ("Stalled", "Same")}


def test_a_job_that_was_deleted_begins_again(index: Index) -> None:
    index.put(A, job(10, conditions=[condition("Ready", "Running")]))
    index.remove(A)
    assert index.states() == {}
    assert index.counts() == {}
    index.put(A, job(2, conditions=[condition("Ready", "Created")]))
    assert index.counts() == {("Ready", "Created"): 1}


def use(group: str, table: str) -> GroupUse:
    """What a job would use that reads as this group into this table."""
    status = JobStatus.model_validate(job(group=group, table=table)["status"])
    found = use_in_status("ns/own", datetime(2026, 1, 1, tzinfo=UTC), status)
    assert found is not None
    return found


def rivals(index: Index, group: str, table: str = "own") -> list[str]:
    return [each.job for each in index.rivals(use(group, table))]


def test_who_shares_a_group_with_another_table_is_told_of_the_others(index: Index) -> None:
    for key, group in ((A, "g"), (B, "g"), (C, "other")):
        index.put(key, job(group=group, table=key.name))
    assert index.woken == [A]
    assert rivals(index, "g", "a") == ["ns/b"]
    assert rivals(index, "other", "a") == ["ns/c"]
    assert rivals(index, "nobody", "a") == []
    index.put(A, job(2, group="g", table="a"))
    assert index.woken == [A]


def test_a_crowd_with_one_group_and_one_table_wakes_nobody(index: Index) -> None:
    """The default of an environment: each of many jobs must not cost something for each other."""
    for number in range(100):
        index.put(Key("ns", f"job-{number}"), job(group="g"))
    assert index.woken == []
    assert rivals(index, "g", "t") == []
    assert len(rivals(index, "g", "another")) == 100


def test_who_leaves_a_group_is_in_it_no_more(index: Index) -> None:
    index.put(A, job(group="g"))
    index.put(A, job(2, group="new"))
    assert rivals(index, "g") == []
    assert rivals(index, "new") == ["ns/a"]


def test_who_leaves_a_group_wakes_those_that_may_ask_for_its_place(index: Index) -> None:
    for key in (A, B):
        index.put(key, job(group="g"))
    index.put(A, job(2, group="new"))
    assert index.woken == [B]
    index.put(A, job(3))
    assert index.woken == [B]
    assert rivals(index, "new") == []


def test_who_is_deleted_wakes_the_others_of_its_group(index: Index) -> None:
    for key in (A, B):
        index.put(key, job(group="g"))
    index.woken.clear()
    index.remove(B)
    assert index.woken == [A]
    assert rivals(index, "g") == ["ns/a"]
    index.woken.clear()
    index.remove(C)
    assert index.woken == []


def test_who_holds_up_how_many_and_since_when(index: Index) -> None:
    now = datetime.now(UTC)
    index.settle(A, HeldUp("waits", C, now - timedelta(seconds=30)), let_go=False)
    index.settle(B, HeldUp("waits", C, now - timedelta(seconds=90)), let_go=False)
    index.settle(C, HeldUp("paused"), let_go=False)
    ((holder, (count, longest)),) = index.holders().items()
    assert (holder, count) == (C, 2)
    assert 90 <= longest < 100
    index.settle(B, None, let_go=True)
    ((count, longest),) = index.holders().values()
    assert count == 1
    assert 30 <= longest < 40
    index.remove(A)
    assert index.holders() == {}


def test_a_holder_of_unknown_age_is_counted(index: Index) -> None:
    index.settle(A, HeldUp("waits", C, None), let_go=False)
    assert index.holders() == {C: (1, 0.0)}


def test_one_that_was_let_go_counts_as_under_way_until_it_is_settled(index: Index) -> None:
    assert index.held_up(A, "dev", []) is None
    held = index.held_up(B, "dev", [])
    assert held is not None
    assert held.holder == A
    index.settle(A, None, let_go=True)
    assert index.held_up(B, "dev", []) is not None
    index.settle(A, None, let_go=False)
    assert index.held_up(B, "dev", []) is None


def test_one_that_was_let_go_counts_until_it_is_deleted_or_says_so_itself(index: Index) -> None:
    assert index.held_up(A, "dev", []) is None
    index.remove(A)
    assert index.held_up(B, "dev", []) is None
    index.put(B, job(1, rollout={"proving": True}))
    assert index.held_up(A, "dev", []) is not None
    index.put(B, job(2, rollout={"proving": False}))
    assert index.held_up(A, "dev", []) is None


def test_a_job_of_another_installation_stands_in_nobodys_way(index: Index) -> None:
    index.put(B, job(1, controller="theirs", rollout={"proving": True}))
    assert index.held_up(A, "dev", []) is None
    index.settle(A, None, let_go=False)
    index.put(B, job(2, controller="ours", rollout={"proving": True}))
    assert index.held_up(A, "dev", []) is not None
    index.put(B, job(3, controller="theirs", rollout={"proving": True}))
    assert index.held_up(A, "dev", []) is None


def test_turns_change_when_one_that_proves_itself_is_through_or_gone(index: Index) -> None:
    index.put(A, job(1, rollout={"proving": True}))
    assert index.turns == 0
    index.put(A, job(2, rollout={"proving": False}))
    assert index.turns == 1
    index.remove(A)
    assert index.turns == 2
    index.remove(A)
    assert index.turns == 2


def test_every_stage_of_every_change_is_counted(index: Index) -> None:
    changes = [
        {"change": "Release", "id": "1", "stage": "Waiting", "since": "2026-01-01T00:00:00Z"},
        {"change": "Profile", "id": "2", "stage": "Good", "since": "2026-01-01T00:00:00Z"},
    ]
    for key in (A, B):
        index.put(key, job(rollout={"changes": changes}))
    found = index.stages()
    assert {each for each, count in found.items() if count} == {
        ("Release", "Waiting"),
        ("Profile", "Good"),
    }
    assert found["Release", "Waiting"] == 2
    assert found["Secret", "Failed"] == 0
    assert len(found) > 10
