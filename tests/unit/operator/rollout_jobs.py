"""Four jobs, and how the state machine of the rollouts has them looked at and played."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import cache
from itertools import cycle, islice
from typing import Any

from hypothesis.stateful import RuleBasedStateMachine, initialize

from program_user_info_operator.api import names
from program_user_info_operator.api.status import JobStatus, RevisionStatus, Stage
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.rollout.standings import Key, Waves
from tests.unit.operator.controller import SOAK, Controller
from tests.unit.operator.world import World

Object = dict[str, Any]

JOBS = {"s1": "staging", "s2": "staging", "p1": "production", "p2": "production"}
ENVIRONMENTS = ("staging", "production")
RELEASES = ["1.0", "2.0", "3.0-bad", "4.0", "5.0-bad", "6.0"]
PROFILES = ["{parallelism: 2}", "{parallelism: 3}", "{kafka: {topic: bad}}", "kafka: {topic: a b}"]
DEADLINE = timedelta(minutes=5)
AT_MOST = 1
DENIED = ApiError(403, "exceeded quota: small")
LOST = ApiError(0, "the API server cannot be reached")
BAD_SECRET = "YmFk"


class Jobs(RuleBasedStateMachine):
    """The jobs in their world, and the controller that looks at them."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.flapping: set[str] = set()
        self.flink_is_up = True
        self.release_now = "1.0"
        self.controller = Controller(self.world, self.release_now, Waves(AT_MOST, ENVIRONMENTS))
        self.stages: dict[str, dict[str, tuple[str, Stage]]] = {}
        self.newest: dict[str, RevisionStatus | None] = {}
        self.looked_at: dict[str, datetime] = {}
        """When each job was last looked at without trouble."""
        self.started_with: dict[tuple[str, int], str] = {}
        """The Secret's value that the pods of a FlinkDeployment's generation have mounted."""
        self.nonce = 0
        self.read: dict[str, JobStatus] = {}
        """Statuses that were read, by their object's version."""

    @initialize()
    def begin(self) -> None:
        """All jobs are good."""
        self.world = copy.deepcopy(all_is_well())
        self._restart()

    def _exists(self, name: str) -> bool:
        return (names.KIND, "ns", name) in self.world.objects

    def _statuses(self) -> Iterator[tuple[str, JobStatus]]:
        for name in JOBS:
            if self._exists(name) and "status" in self.world.job(name):
                yield name, self._status(self.world.job(name))

    def _status(self, job: Object) -> JobStatus:
        """Every invariant asks for it, and most steps change no more than one job's."""
        version = job["metadata"]["resourceVersion"]
        if version not in self.read:
            self.read[version] = JobStatus.model_validate(job["status"])
        return self.read[version]

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
        self.controller = Controller(self.world, self.release_now, Waves(AT_MOST, ENVIRONMENTS))

    def _look(self, *jobs: str) -> None:
        """Every job, or some, until each has nothing more to write; in trouble, not for ever."""
        asked = jobs or tuple(JOBS)
        quiet = 0
        for name in islice(cycle(asked), 8 * len(asked)):
            before = len(self.world.writes)
            self._reconcile(name)
            quiet = quiet + 1 if len(self.world.writes) == before else 0
            if quiet == len(asked):
                return

    def _reconcile(self, name: str) -> None:
        try:
            self.controller.check_secrets()
            self.controller.reconciler.reconcile(Key("ns", name))
            self.looked_at[name] = self.world.now
        except ApiError as error:
            if error is not LOST:
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
        value = secret["data"]["password"] if secret else BAD_SECRET
        if self.started_with.get(pods, BAD_SECRET) == BAD_SECRET:
            self.started_with[pods] = value
        volumes = spec["podTemplate"]["spec"]["volumes"]
        mounted = next(each["configMap"]["name"] for each in volumes if each["name"] == "config")
        config = self.world.objects["ConfigMap", "ns", mounted]["data"]["config.yaml"]
        is_bad = "bad" in spec["image"] or "topic: bad" in config
        return not is_bad and self.started_with[pods] != BAD_SECRET

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
    controller = Controller(world, RELEASES[0], Waves(AT_MOST, ENVIRONMENTS))
    for name in JOBS:
        create(world, name)
        controller.settle(name)
    controller.stop()
    return world
