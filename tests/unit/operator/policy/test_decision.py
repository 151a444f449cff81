"""What to do about a job: what begins, what waits, and what is left as it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Cause, Change, Outcome
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.observed.flink_operator import FlinkOperator
from program_user_info_operator.policy.decision import Decision, Seen, decide, time_to_begin
from program_user_info_operator.revisions.candidates import Asked, Candidates
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Revision
from program_user_info_operator.revisions.runtime_choice import Offer
from tests.unit.operator.revisions import NOW, OWNER, status
from tests.unit.operator.specs import resolved, with_fields

BUNDLE = BundledJobs({"v1_20": "job:1.0-flink1.20"}, "account")
RUNS = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset())
MINUTE = timedelta(minutes=1)


def candidates(current: Revision | None = None, release: str = "r1", **fields: Any) -> Candidates:
    cr = with_fields(**fields)
    asked = Asked(resolved(cr), cr, None, None, release)
    return Candidates(Renderer(OWNER, "account"), Offer(BUNDLE, FlinkOperator(())), asked, current)


def latest(found: Candidates) -> Revision:
    assert isinstance(found.latest, Revision)
    return found.latest


def seen(found: Candidates | None, *known: Revision, **fields: Any) -> Seen:
    """A job that has run these, each of which was good, and runs the last one."""
    revisions = tuple(
        status(number, hash=each.hash, release="r1", profile=None, secrets=None)
        for number, each in enumerate(known, start=1)
    )
    records = {each.hash: each for each in known}
    given: dict[str, Any] = {
        "job": "job",
        "created": NOW,
        "spec": found.asked.resolved.spec if found else None,
        "refusal": None,
        "candidates": found,
        "history": History(revisions, len(known) or None, frozenset(records)),
        "records": records,
        "live": {"job": replace(RUNS, revision=known[-1].hash)} if known else {},
        "failure": None,
    }
    return Seen(**(given | fields))


def decided(job: Seen, turn: str = "", asked: list[list[Change]] | None = None) -> Decision:
    def may_take(changes: list[Change]) -> str:
        if asked is not None:
            asked.append(list(changes))
        return turn

    return decide(job, may_take, NOW)


def test_a_new_job_begins_with_all_that_is_asked_for() -> None:
    found = candidates()
    decision = decided(seen(found))
    newest = decision.history.newest
    assert newest is not None
    assert decision.begins
    assert (newest.number, newest.cause, newest.outcome) == (1, Cause.CREATED, Outcome.PENDING)
    assert decision.records == {latest(found).hash: latest(found)}
    assert decision.deployments.main is not None
    assert decision.deployments.main.revision == latest(found).hash


def test_what_runs_and_is_as_asked_for_is_left_alone_without_anybodys_turn() -> None:
    current = latest(candidates())
    asked: list[list[Change]] = []
    decision = decided(seen(candidates(current), current), "not now", asked)
    assert (decision.begins, decision.notes, asked) == (False, (), [])
    assert [each.name for each in decision.deployments.wanted] == ["job"]


def test_an_edit_begins_beside_what_runs() -> None:
    current = latest(candidates())
    decision = decided(seen(candidates(current, parallelism=2), current), "not now")
    newest = decision.history.newest
    assert newest is not None
    assert (newest.number, newest.cause) == (2, Cause.SPEC)
    assert decision.deployments.serving is not None
    assert decision.deployments.serving.revision == current.hash


@pytest.mark.parametrize(("turn", "begins"), [("", True), ("another job is first", False)])
def test_a_release_that_makes_a_difference_waits_for_the_jobs_turn(turn: str, begins: bool) -> None:
    current = latest(candidates())
    other = BundledJobs({"v1_20": "job:2.0-flink1.20"}, "account")
    found = replace(candidates(current, "r2"), offer=Offer(other, FlinkOperator(())))
    asked: list[list[Change]] = []
    decision = decided(seen(found, current), turn, asked)
    assert asked[0] == [Change.RELEASE]
    assert decision.begins is begins
    assert any(turn in note for note in decision.notes) is not begins


@pytest.mark.parametrize(
    "fields",
    [
        {"is_paused": True},
        {"refusal": Refusal("InvalidSpec", "so")},
        {"candidates": None, "refusal": Refusal("ProfileMissing", "so")},
    ],
)
def test_a_job_that_is_paused_or_refused_keeps_what_it_has(fields: dict[str, Any]) -> None:
    current = latest(candidates())
    job = seen(candidates(current, parallelism=2), current, **fields)
    decision = decided(job)
    assert decision.history == job.history
    assert not decision.begins
    assert decision.refusal == fields.get("refusal")
    assert [each.revision for each in decision.deployments.wanted] == [current.hash]


def test_what_cannot_be_rendered_is_refused_and_what_runs_stays() -> None:
    current = latest(candidates())
    found = candidates(current, flink={"version": "v2_2"})
    decision = decided(seen(found, current))
    assert decision.refusal is not None
    assert decision.refusal.reason == "FlinkVersionNotBundled"
    assert [each.revision for each in decision.deployments.wanted] == [current.hash]


def test_without_any_complete_spec_nothing_is_placed() -> None:
    decision = decided(seen(None, refusal=Refusal("InvalidSpec", "so")))
    assert decision.deployments.wanted == ()


@pytest.mark.parametrize(
    ("fields", "age", "left"),
    [
        ({}, 0 * MINUTE, 10 * MINUTE),
        ({}, 9 * MINUTE, MINUTE),
        ({}, 10 * MINUTE, None),
        ({"upgrade": {"deadline": "1h"}}, 10 * MINUTE, 50 * MINUTE),
        # Nothing is known of its deadline.
        ({"spec": None}, 9 * MINUTE, MINUTE),
    ],
)
def test_others_wait_for_a_job_that_never_began_as_long_as_for_one_that_did(
    fields: dict[str, Any], age: timedelta, left: timedelta | None
) -> None:
    without_spec = {"spec": None} if "spec" in fields else {}
    given = {name: value for name, value in fields.items() if name != "spec"}
    assert time_to_begin(seen(candidates(**given), **without_spec), NOW + age) == left
