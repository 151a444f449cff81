"""What becomes of the newest revision, and what is said of the job, once all is written."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Outcome, TrialStatus
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.observed.flink_job import FlinkJob
from program_user_info_operator.policy.conclusion import (
    Conclusion,
    Outlook,
    announce,
    conclude,
    held_up_by_webhook,
)
from program_user_info_operator.policy.decision import Decision, Seen
from program_user_info_operator.policy.deployments import Deployments, Placement
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import NOW, revision, status
from tests.unit.operator.specs import resolved, with_fields

GOOD, NEXT = revision(), revision(parallelism=2)
RUNS = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset())
STARTS = replace(RUNS, lifecycle=Lifecycle.DEPLOYED, job_state="CREATED")
SOAK, SECOND = timedelta(seconds=30), timedelta(seconds=1)
PENDING = status(2, hash=NEXT.hash, outcome=Outcome.PENDING)
SINCE_NOW = PENDING.model_copy(update={"trial": TrialStatus(running_since=NOW)})
MAIN, SERVING = Placement("main", NEXT.hash), Placement("serving", GOOD.hash)


def history(newest: Any = PENDING) -> History:
    return History((status(1, hash=GOOD.hash), newest), 1, {GOOD.hash, NEXT.hash})


def decision(newest: Any = PENDING, *, beside: bool = False, **fields: Any) -> Decision:
    wanted = (SERVING, MAIN) if beside else (MAIN,)
    records = {each.hash: each for each in (GOOD, NEXT)}
    return Decision(history(newest), records, Deployments(wanted, ()), **fields)


def seen(*, is_paused: bool = False, **fields: Any) -> Seen:
    return Seen(
        job="job",
        created=NOW,
        spec=resolved(with_fields(**fields)).spec,
        refusal=None,
        candidates=None,
        history=history(),
        records={},
        live={},
        failure=None,
        is_paused=is_paused,
    )


def concluded(
    observed: ObservedJob | None,
    flink: FlinkJob | None = None,
    made: Decision | None = None,
    after: timedelta = timedelta(minutes=1),
    refusal: Refusal | None = None,
    **fields: Any,
) -> Conclusion:
    live = {} if observed is None else {"main": observed}
    outlook = Outlook(live, refusal=refusal, flink=flink)
    return conclude(seen(**fields), made or decision(), outlook, SOAK, NOW + after)


def state(found: Conclusion) -> tuple[str, str, Outcome | None]:
    newest = found.history.newest
    return found.verdict.state, found.verdict.reason, newest.outcome if newest else None


def flink(seconds: float) -> FlinkJob:
    """A job that has run for so long, and has just completed a checkpoint."""
    return FlinkJob(timedelta(seconds=seconds), None, SECOND)


def running_for(seconds: int, *, beside: bool = False, **fields: Any) -> Conclusion:
    """The newest revision runs since then without a break, as the controller has seen."""
    made = decision(SINCE_NOW, beside=beside)
    return concluded(RUNS, flink(seconds), made, timedelta(seconds=seconds), **fields)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (30, ("Ready", "Running", Outcome.STABLE)),
        (29, ("Ready", "Running", Outcome.PENDING)),
    ],
)
def test_a_revision_is_good_after_the_soak_time(
    seconds: int, expected: tuple[str, str, Outcome]
) -> None:
    assert state(running_for(seconds)) == expected


def test_the_newest_good_revision_is_the_one_that_just_became_so() -> None:
    assert running_for(30).history.last_good == 2
    assert running_for(29).history.last_good == 1


def test_beside_a_good_one_a_revision_is_not_ready_and_may_have_a_soak_of_its_own() -> None:
    found = running_for(5, beside=True)
    assert state(found) == ("Reconciling", "Proving", Outcome.PENDING)
    assert found.verdict.message.startswith(
        "revision 2 is being proven beside revision 1, which still writes: "
    )
    upgrade = {"overlapSoak": "5s"}
    assert state(running_for(5, beside=True, upgrade=upgrade))[2] is Outcome.STABLE
    assert state(running_for(5, upgrade=upgrade))[2] is Outcome.PENDING


def test_after_its_deadline_a_revision_is_rolled_back_with_the_reason_and_the_way_out() -> None:
    found = concluded(STARTS, after=timedelta(minutes=11))
    assert state(found) == ("Stalled", "UpgradeRolledBack", Outcome.ROLLED_BACK)
    assert found.verdict.message.startswith("revision 2 (image:1.0) was not good within 10min: ")
    assert found.verdict.message.endswith(
        "revision 1 (image:1.0) runs again; correct the job or its profile, or change"
        " spec.restartNonce to try again"
    )


def test_without_a_rollback_it_has_failed_and_stays() -> None:
    found = concluded(STARTS, after=timedelta(minutes=11), upgrade={"rollback": False})
    assert state(found) == ("Stalled", "DeadlineExceeded", Outcome.FAILED)
    assert found.verdict.message.endswith("; not good within 10min")


def test_beside_a_good_one_there_is_always_a_way_back() -> None:
    found = concluded(
        STARTS,
        made=decision(beside=True),
        after=timedelta(minutes=11),
        upgrade={"rollback": False},
    )
    assert state(found)[2] is Outcome.ROLLED_BACK


def test_a_soak_that_is_not_shorter_than_the_deadline_is_added_to_it() -> None:
    """Else nothing could ever be good."""
    fields: dict[str, Any] = {"upgrade": {"deadline": "20s"}, "checkpoints": {"interval": "1s"}}
    assert state(concluded(STARTS, after=49 * SECOND, **fields))[2] is Outcome.PENDING
    assert state(concluded(STARTS, after=50 * SECOND, **fields))[2] is Outcome.ROLLED_BACK


def test_a_refusal_stalls_the_job_whatever_runs() -> None:
    refusal = Refusal("ConfigMapRefused", "so")
    assert state(concluded(RUNS, refusal=refusal))[:2] == ("Stalled", "ConfigMapRefused")
    decided = decision(refusal=Refusal("InvalidSpec", "so"))
    assert state(concluded(RUNS, made=decided))[:2] == ("Stalled", "InvalidSpec")


def test_what_was_rolled_back_is_told_before_what_the_api_server_refuses() -> None:
    back = decision(status(2, hash=NEXT.hash, outcome=Outcome.ROLLED_BACK, reason="no"))
    found = concluded(RUNS, made=back, refusal=Refusal("ConfigMapRefused", "so"))
    assert found.verdict.reason == "UpgradeRolledBack"
    user = replace(back, refusal=Refusal("InvalidSpec", "so"))
    assert concluded(RUNS, made=user).verdict.reason == "InvalidSpec"


def test_a_job_that_breaks_again_and_again_is_not_ready() -> None:
    trial = TrialStatus(running_since=NOW, breaks=3)
    broken = decision(PENDING.model_copy(update={"trial": trial}))
    found = concluded(RUNS, flink(10), broken)
    assert state(found)[:2] == ("Reconciling", "Proving")
    assert found.verdict.message == (
        "the job runs, but it has stopped 4 times since revision 2 was deployed"
    )


def test_where_nothing_is_deployed_yet_it_is_being_created_or_waits_for_a_deletion() -> None:
    assert state(concluded(None))[:2] == ("Reconciling", "Creating")
    outlook = Outlook({"main": RUNS}, waits_for_deletion=True)
    found = conclude(seen(), decision(), outlook, SOAK, NOW)
    assert state(found)[:2] == ("Reconciling", "Deleting")


def test_a_job_that_never_began_is_looked_at_when_others_stop_waiting_for_it() -> None:
    empty = Decision(History((), None), {}, Deployments((), ()))
    found = concluded(None, made=empty, after=timedelta(minutes=4))
    assert (found.recheck, found.history) == (timedelta(minutes=6), empty.history)


def test_notes_and_a_pause_are_told_after_the_state() -> None:
    found = concluded(RUNS, flink(5), decision(notes=("it waits",)), is_paused=True)
    assert found.verdict.message.endswith(
        "; it waits; the annotation lern.sunbird.org/paused is set, so the controller changes"
        " nothing"
    )


def test_a_revision_that_begins_is_announced_before_anything_of_it_is_written() -> None:
    found = announce(decision(), seen())
    assert (found.verdict.state, found.verdict.reason) == ("Reconciling", "Upgrading")
    assert found.history == history()
    beside = announce(decision(beside=True), seen()).verdict
    assert beside.reason == "Upgrading"
    assert beside.message.startswith("revision 2 is being proven beside revision 1")


def test_while_no_webhook_answers_the_deadline_does_not_run() -> None:
    began, answered = NOW + timedelta(minutes=5), NOW + timedelta(hours=2)
    found = held_up_by_webhook("no answer", decision(), seen(), began)
    assert state(found) == ("Reconciling", "WebhookSilent", Outcome.PENDING)
    assert found.verdict.is_failing
    assert found.verdict.message == (
        "the API server cannot write the job's objects: no answer — check that the webhook's pod"
        " runs and that its certificate is valid; the controller tries again"
    )
    later = held_up_by_webhook("no", decision(found.history.newest), seen(), answered)
    newest = later.history.newest
    assert newest is not None
    assert (newest.outcome, newest.trial) == (Outcome.PENDING, TrialStatus(stopped_since=began))
