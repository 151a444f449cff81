"""What holds whatever happens in whatever order, in a world without patience.

    ROLLOUT_STEPS=200000 make unit TESTS=tests/unit/operator/test_rollout_machine.py

takes this many steps, different ones each time, instead of those of CI.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import pytest
import structlog
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from program_user_info_operator.api import names
from program_user_info_operator.api.status import Change, JobStatus, Outcome, RevisionStatus, Stage
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.revisions.record import recorded
from program_user_info_operator.rollout.standings import Key, Waves
from tests.unit.operator.world import SOAK, Controller, World

Object = dict[str, Any]

STEPS = int(os.environ.get("ROLLOUT_STEPS", "20000"))
STEPS_EACH = 200
JOBS = {"s1": "staging", "s2": "staging", "p1": "production", "p2": "production"}
ENVIRONMENTS = ("staging", "production")
RELEASES = ["1.0", "2.0", "3.0-bad", "4.0", "5.0-bad", "6.0"]
PROFILES = ["{parallelism: 2}", "{parallelism: 3}", "{kafka: {topic: bad}}", "kafka: {topic: a b}"]
DEADLINE = timedelta(minutes=5)
_AT_MOST = 1
_DENIED = ApiError(403, "exceeded quota: small")
_BAD_SECRET = "YmFk"
_LOST = ApiError(0, "the API server cannot be reached")

names_of_jobs = st.sampled_from(list(JOBS))
environments = st.sampled_from(ENVIRONMENTS)


class Rollouts(RuleBasedStateMachine):
    """Jobs, their users, the platform, Flink and the API server, all of them at odds."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.flapping: set[str] = set()
        self.flink_is_up = True
        self.release_now = "1.0"
        self.controller = Controller(self.world, self.release_now, Waves(_AT_MOST, ENVIRONMENTS))
        self.stages: dict[str, dict[str, tuple[str, Stage]]] = {}
        self.newest: dict[str, RevisionStatus | None] = {}
        self.looked_at: dict[str, datetime] = {}
        """When each job was last looked at without trouble."""
        self.started_with: dict[tuple[str, int], str] = {}
        """The Secret's value that the pods of a FlinkDeployment's generation have mounted."""
        self.nonce = 0

    @initialize()
    def begin(self) -> None:
        """All jobs are good."""
        self.world = copy.deepcopy(all_is_well())
        self._restart()

    # -- the platform ----------------------------------------------------------------------------

    @rule(version=st.sampled_from(RELEASES))
    def install_a_release(self, version: str) -> None:
        """A newer one, an older one, or the same."""
        self.release_now = version
        self._restart()
        self._look()

    @rule(environment=environments, text=st.sampled_from(PROFILES))
    def change_a_profile(self, environment: str, text: str) -> None:
        self.world.put_profile(text, environment)
        self._look()

    @rule(environment=environments)
    def lose_a_profile(self, environment: str) -> None:
        profiles = self.world.objects["ConfigMap", "operator", "profiles"]
        profiles["data"].pop(environment, None)
        self._look()

    @rule(value=st.sampled_from(["YQ==", "Yg==", _BAD_SECRET]))
    def rotate_the_secret(self, value: str) -> None:
        self.world.put_secret("login", "username", "password", value=value)
        self._look()

    @rule()
    def lose_the_secret(self) -> None:
        self.world.objects.pop(("Secret", "ns", "login"), None)
        self._look()

    # -- users -----------------------------------------------------------------------------------

    @rule(name=names_of_jobs, parallelism=st.integers(1, 3))
    def edit(self, name: str, parallelism: int) -> None:
        self._change(name, parallelism=parallelism)

    @rule(name=names_of_jobs)
    def restart_a_job(self, name: str) -> None:
        self.nonce += 1
        self._change(name, restartNonce=self.nonce)

    @rule(name=names_of_jobs, image=st.sampled_from(["bad", None, "mine"]))
    def pin(self, name: str, image: str | None) -> None:
        self._change(name, image=image)

    @rule(name=names_of_jobs, state=st.sampled_from(["suspended", "running"]))
    def suspend_or_resume(self, name: str, state: str) -> None:
        self._change(name, state=state)

    @rule(name=names_of_jobs, paused=st.sampled_from(["true", None]))
    def pause(self, name: str, paused: str | None) -> None:
        if self._exists(name):
            self.world.annotate(name, paused=paused)
            self._look(name)

    @rule(name=names_of_jobs, number=st.sampled_from([1, 2, 3, None]))
    def undo(self, name: str, number: int | None) -> None:
        self._upgrade(name, revision=number)

    @rule(name=names_of_jobs, strategy=st.sampled_from(["overlap", "replace"]))
    def choose_a_strategy(self, name: str, strategy: str) -> None:
        self._upgrade(name, strategy=strategy)

    @rule(name=names_of_jobs, rollback=st.booleans())
    def choose_to_roll_back(self, name: str, rollback: bool) -> None:
        self._upgrade(name, rollback=rollback)

    @rule(name=names_of_jobs)
    def delete_or_create(self, name: str) -> None:
        if self._exists(name):
            self.world.remove(names.KIND, name)
            self.stages.pop(name, None)
            self.newest.pop(name, None)
            self._look()
        else:
            create(self.world, name)
            self._look(name)

    # -- Flink, the API server, processes --------------------------------------------------------

    @rule(name=names_of_jobs)
    def flap(self, name: str) -> None:
        self.flapping ^= {name}

    @rule()
    def stop_or_start_the_flink_operator(self) -> None:
        self.flink_is_up = not self.flink_is_up

    @rule()
    def flink_answers_nobody(self) -> None:
        self.world.flink_answers = not self.world.flink_answers

    @rule(
        error=st.sampled_from([_DENIED, _LOST]), what=st.sampled_from(["Flink", "Config", "Prog"])
    )
    def writes_fail(self, error: ApiError, what: str) -> None:
        if what == "Prog" and error is _DENIED:
            return  # an operator always has a role that may write statuses
        self.world.refuse = {f"apply {what}": error}
        self._look()

    @rule()
    def writes_go_through(self) -> None:
        self.world.refuse = {}
        self._look()

    @rule(name=names_of_jobs, writes=st.integers(0, 4))
    def die_in_the_middle(self, name: str, writes: int) -> None:
        """The process is killed after some write, and another one begins."""
        self.world.dies_after = len(self.world.writes) + writes
        try:
            self._reconcile(name)
        except KeyboardInterrupt:
            pass
        finally:
            self.world.dies_after = None
        self._restart()

    @rule(name=names_of_jobs)
    def somebody_elses_controller(self, name: str) -> None:
        """Another installation, of another release, that claims the same jobs."""
        renewed = self.world.now.strftime("%Y-%m-%dT%H:%M:%SZ")
        spec = {"holderIdentity": "x", "leaseDurationSeconds": 10, "renewTime": renewed}
        place = {"name": "controller", "namespace": "operator"}
        self.world.put({"kind": "Lease", "metadata": place, "spec": spec})
        if not self._exists(name) or "status" not in self.world.job(name):
            return
        other = Controller(self.world, "6.0", installation="other")
        written = other.reconcile(name)
        other.stop()
        assert written in ([], ["create Event KeptByAnother"])

    @rule(seconds=st.sampled_from([5, 31, 61, 400]))
    def time_passes(self, seconds: int) -> None:
        self._play_flink()
        self.world.later(seconds=seconds)
        self._look()

    @precondition(lambda self: self.flink_is_up)
    @rule()
    def all_is_looked_at(self) -> None:
        self._play_flink()
        self._look()

    # -- what always holds -----------------------------------------------------------------------

    @invariant()
    def at_most_so_many_are_under_way(self) -> None:
        """A job that failed and is tried again by its user takes nobody's place."""
        proving = [
            name
            for name, status in self._statuses()
            if status.rollout.proving
            and not any(each.stage is Stage.RETRYING for each in status.rollout.changes)
        ]
        assert len(proving) <= _AT_MOST, proving

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

    # -- how -------------------------------------------------------------------------------------

    def _exists(self, name: str) -> bool:
        return (names.KIND, "ns", name) in self.world.objects

    def _statuses(self) -> Iterator[tuple[str, JobStatus]]:
        for name in JOBS:
            if self._exists(name) and "status" in self.world.job(name):
                yield name, JobStatus.model_validate(self.world.job(name)["status"])

    def _live(self, name: str) -> list[Object]:
        return self.world.deployments(name)

    def _change(self, name: str, **fields: Any) -> None:
        if self._exists(name):
            self.world.put_job(name, **fields)
            self._look(name)

    def _upgrade(self, name: str, **fields: Any) -> None:
        if self._exists(name):
            known = self.world.job(name)["spec"]["upgrade"] | fields
            known = {key: value for key, value in known.items() if value is not None}
            self._change(name, upgrade=known)

    def _restart(self) -> None:
        self.controller.stop()
        self.controller = Controller(self.world, self.release_now, Waves(_AT_MOST, ENVIRONMENTS))

    def _look(self, *jobs: str) -> None:
        """Every job, or some, until there is nothing more to write; in trouble, once or twice."""
        for _ in range(8):
            before = len(self.world.writes)
            for name in jobs or JOBS:
                self._reconcile(name)
            if len(self.world.writes) == before:
                return

    def _reconcile(self, name: str) -> None:
        try:
            self.controller.check_secrets()
            self.controller.reconciler.reconcile(Key("ns", name))
            self.looked_at[name] = self.world.now
        except ApiError as error:
            if error is not _LOST:
                raise

    def _play_flink(self) -> None:
        if not self.flink_is_up:
            return
        for name in JOBS:
            for each in self._live(name):
                place = each["metadata"]["name"]
                if not self._works(each):
                    self.world.flink_runs(name, "FAILED", "no", deployment=place)
                    continue
                self.world.flink_runs(name, deployment=place)
                if name in self.flapping:
                    since = self.world.now
                    self.world._running_since["ns", place] = since

    def _works(self, deployment: Object) -> bool:
        """Neither image nor topic nor Secret is bad; a job that runs reads its Secret no more."""
        metadata, spec = deployment["metadata"], deployment["spec"]
        pods = metadata["name"], metadata["generation"]
        secret = self.world.objects.get(("Secret", "ns", "login"))
        value = secret["data"]["password"] if secret else _BAD_SECRET
        if self.started_with.get(pods, _BAD_SECRET) == _BAD_SECRET:
            self.started_with[pods] = value
        volumes = spec["podTemplate"]["spec"]["volumes"]
        mounted = next(each["configMap"]["name"] for each in volumes if each["name"] == "config")
        config = self.world.objects["ConfigMap", "ns", mounted]["data"]["config.yaml"]
        is_bad = "bad" in spec["image"] or "topic: bad" in config
        return not is_bad and self.started_with[pods] != _BAD_SECRET

    def _heal_and_settle(self) -> None:
        """Everything is fixed by those who own it."""
        self.flapping.clear()
        self.flink_is_up = self.world.flink_answers = self.world.checkpoints = True
        self.world.refuse = {}
        self.release_now = "6.0"
        self.world.put_secret("login", "username", "password", value="Z29vZA==")
        for environment in ENVIRONMENTS:
            self.world.put_profile(PROFILES[0], environment)
        self._restart()
        for name in JOBS:
            if self._exists(name):
                self.nonce += 1
                self.world.annotate(name, paused=None)
                fields: dict[str, Any] = {
                    "image": None,
                    "state": "running",
                    "restartNonce": self.nonce,
                }
                self.world.put_job(name, upgrade={"deadline": "5min"}, **fields)
        # What is under way when all is healed may have to be given up first.
        for _ in range(DEADLINE // SOAK + 3 * len(JOBS)):
            self._look()
            self._play_flink()
            self._look()
            self.world.later(seconds=SOAK.total_seconds())
            if all(self._is_through(name) for name in JOBS):
                break

    def _is_through(self, name: str) -> bool:
        if not self._exists(name):
            return True
        stages = self.world.job(name)["status"]["rollout"]["changes"]
        is_good = {each["stage"] for each in stages} == {Stage.GOOD}
        return is_good and self.world.state(name) == ("Ready", "Running")


def create(world: World, name: str) -> None:
    """A job that uses the Secret, made a second after the last one."""
    world.later(seconds=1)
    world.put_job(
        name,
        environment=JOBS[name],
        upgrade={"deadline": "5min"},
        cassandra={"contactPoints": ["c:9042"], "credentials": {"secretName": "login"}},
    )


@cache
def all_is_well() -> World:
    """All jobs are good with the first release; to be copied."""
    world = World()
    world.put_secret("login", "username", "password")
    for environment in ENVIRONMENTS:
        world.put_profile(PROFILES[0], environment)
    controller = Controller(world, RELEASES[0], Waves(_AT_MOST, ENVIRONMENTS))
    for name in JOBS:
        create(world, name)
        controller.settle(name)
    controller.stop()
    return world


@pytest.mark.no_cover  # it is the long one, and what it runs through is covered by the others
def test_it_holds_whatever_happens() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
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
        structlog.reset_defaults()
