"""What holds whatever happens in whatever order, in a world without patience.

    ROLLOUT_STEPS=200000 .venv/bin/python -m pytest tests/unit/operator/test_rollout_machine.py

takes this many steps, different ones each time, instead of those of CI.
"""

from __future__ import annotations

import gc
import marshal
import os
from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from typing import Any

import pytest
import structlog
from hypothesis import settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from program_user_info_operator.api import names
from program_user_info_operator.api.status import Change, Outcome, RevisionStatus, Stage
from program_user_info_operator.environments.resolve import resolve
from program_user_info_operator.reconcile import gatherer
from program_user_info_operator.revisions import candidates
from program_user_info_operator.revisions.record import recorded
from tests.unit.operator.rollout_events import Events
from tests.unit.operator.rollout_jobs import AT_MOST, DEADLINE, ENVIRONMENTS, JOBS

STEPS = int(os.environ.get("ROLLOUT_STEPS", "20000"))
STEPS_EACH = 200


class Rollouts(Events):
    """What always holds."""

    @invariant()
    def at_most_so_many_are_under_way(self) -> None:
        """A job that failed and is tried again by its user takes nobody's place."""
        proving = [
            name
            for name, status in self._statuses()
            if status.rollout.proving
            and not any(each.stage is Stage.RETRYING for each in status.rollout.changes)
        ]
        assert len(proving) <= AT_MOST, proving

    @invariant()
    def nobody_gets_what_was_not_good_on_those_before(self) -> None:
        """And a halt stays until the job is good with it, pinned or deleted."""
        for name, status in self._statuses():
            now = {each.change: (each.id, each.stage) for each in status.rollout.changes}
            before = self.stages.get(name, {})
            for change, (target, stage) in now.items():
                known = before.get(change)
                newest = status.revisions[-1] if status.revisions else None
                is_edit = change == Change.SECRET and newest and newest.cause == "Spec"
                is_new = known != (target, Stage.IN_FLIGHT) and not self._had_it(name, newest)
                if stage is Stage.IN_FLIGHT and is_new and not is_edit:
                    self._check_turn(name, Change(change), target)
                if known == (target, Stage.FAILED):
                    allowed = (Stage.FAILED, Stage.RETRYING, Stage.GOOD, Stage.EXEMPT)
                    assert stage in allowed, (name, change, stage)
            self.stages[name] = now
            self.newest[name] = status.revisions[-1] if status.revisions else None

    def _had_it(self, name: str, newest: RevisionStatus | None) -> bool:
        """What a job runs may become what is wanted, when the platform goes back to it."""
        before = self.newest.get(name)
        if before is None or newest is None:
            return False
        same = ("number", "release", "profile", "secrets")
        return all(getattr(before, field) == getattr(newest, field) for field in same)

    def _check_turn(self, name: str, change: Change, target: str) -> None:
        for other, stages in self.stages.items():
            id_and_stage = stages.get(change)
            if other == name or id_and_stage is None:
                continue
            known, stage = id_and_stage
            is_before = ENVIRONMENTS.index(JOBS[other]) < ENVIRONMENTS.index(JOBS[name])
            if change is Change.RELEASE and is_before:
                assert stage is Stage.EXEMPT or (known, stage) == (target, Stage.GOOD), (
                    f"{name} has the release, and {other} is {stage} with {known}"
                )
            if known == target and (change is Change.RELEASE or JOBS[other] == JOBS[name]):
                halting = (Stage.FAILED, Stage.RETRYING)
                assert stage not in halting, f"{name} continues though {other} is {stage}"

    @invariant()
    def a_revision_is_good_or_given_up_by_its_deadline(self) -> None:
        if self.world.refuse:
            return
        for name, status in self._statuses():
            newest = status.revisions[-1] if status.revisions else None
            if newest is None or newest.outcome is not Outcome.PENDING or newest.trial is None:
                continue
            if newest.trial.stopped_since is None:
                lasted = self.looked_at.get(name, newest.started) - newest.started
                tried = lasted - timedelta(seconds=newest.trial.stopped_seconds)
                assert tried < DEADLINE + timedelta(seconds=1), (name, tried)

    @invariant()
    def something_good_runs_as_long_as_there_was_something(self) -> None:
        """While revisions overlap, the good one is there until the new one is good."""
        for name, status in self._statuses():
            live = {each["metadata"]["labels"][names.LABEL_REVISION] for each in self._live(name)}
            newest = status.revisions[-1] if status.revisions else None
            if newest is None or newest.outcome is not Outcome.STABLE:
                continue
            assert newest.hash in live, (name, live)

    @invariant()
    def whatever_runs_is_recorded(self) -> None:
        for name, _ in self._statuses():
            own = [
                each
                for (kind, _, _), each in self.world.objects.items()
                if kind == "ConfigMap"
                and (each["metadata"].get("labels") or {}).get(names.LABEL_JOB) == name
            ]
            records = recorded(own)
            for each in self._live(name):
                assert each["metadata"]["labels"][names.LABEL_REVISION] in records
                mounted = each["spec"]["podTemplate"]["spec"]["volumes"][0]["configMap"]["name"]
                assert mounted in {config_map["metadata"]["name"] for config_map in own}

    def teardown(self) -> None:
        """When all is well again, every job runs what is asked for."""
        self._heal_and_settle()
        target = self.controller.index.target.id
        for name, status in self._statuses():
            assert self.world.state(name) == ("Ready", "Running"), self.world.message(name)
            newest = status.revisions[-1]
            assert (newest.outcome, newest.release) == (Outcome.STABLE, target), name
            (live,) = self._live(name)
            spec = self.world.job(name)["spec"]
            assert live["spec"]["job"]["parallelism"] == spec.get("parallelism", 2)
            assert {each.stage for each in status.rollout.changes} == {Stage.GOOD}


def remembered(pure: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which works out little twice: most looks find specs as they were."""

    @lru_cache(maxsize=512)
    def work_out(given: bytes) -> Any:
        return pure(*marshal.loads(given))  # noqa: S302  # our own bytes

    return lambda *given: work_out(marshal.dumps(given))


@pytest.mark.no_cover  # it is the long one, and what it runs through is covered by the others
def test_it_holds_whatever_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (gatherer, candidates):
        monkeypatch.setattr(module, "resolve", remembered(resolve))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    gc.freeze()  # what was there before is not looked through again and again
    try:
        run_state_machine_as_test(
            Rollouts,
            settings=settings(
                max_examples=max(1, STEPS // STEPS_EACH),
                stateful_step_count=STEPS_EACH,
                deadline=None,
                database=None,
                derandomize="ROLLOUT_STEPS" not in os.environ,
            ),
        )
    finally:
        gc.unfreeze()
        structlog.reset_defaults()
