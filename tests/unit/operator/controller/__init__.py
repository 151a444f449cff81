"""The controller in a world that is made up."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.reconciler import Reconciler
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.rollout.standings import Target, Waves
from tests.unit.operator.world import World

SOAK = timedelta(seconds=30)


@cache
def _shipped(release: str) -> tuple[BundledJobs, Target]:
    """What a release brings. Its id is that of what it renders, which takes a while to tell."""
    bundle = BundledJobs({"v1_20": f"image:{release}", "v2_2": f"image:{release}-flink2.2"})
    return bundle, Target(release_id(bundle), bundle.release)


class Controller:
    """One process of the controller in a world."""

    def __init__(
        self,
        world: World,
        release: str = "1.0",
        waves: Waves | None = None,
        installation: str = "controller",
        **reader: Any,
    ) -> None:
        self.world = world
        bundle, target = _shipped(release)
        place = Installation("operator", installation, ProfilesRef("operator", "profiles"))
        self.index = JobsIndex(waves or Waves(1, ()), target, str(place))
        options = Options(bundle, place, SOAK)
        api: Any = world
        found = Reader(api, place, api, **reader)
        self.secrets = found.secrets
        self.reconciler = Reconciler(api, found, self.index, options, self._clock)
        self.woken: list[Key] = []
        self.index.connect(self.woken.append, lambda: None)
        for (kind, namespace, name), each in world.objects.items():
            if kind == names.KIND:
                self.index.put(Key(namespace, name), each)
        world.listeners.append(self.index)
        self.recheck: timedelta | None = None

    def _clock(self) -> datetime:
        return self.world.now

    def check_secrets(self) -> None:
        """What is done once an interval."""
        for use in self.secrets.in_use():
            self.secrets.refresh(use)

    def stop(self) -> None:
        """The process ends."""
        self.world.listeners.remove(self.index)

    def start(self) -> None:
        """Look at every job, as at the start of the process."""
        jobs = [name for kind, _, name in self.world.objects if kind == names.KIND]
        for name in jobs:
            self.reconcile(name)

    def reconcile(self, name: str = "job") -> list[str]:
        """Reconcile once; the writes that it took."""
        before = len(self.world.writes)
        self.check_secrets()
        self.recheck = self.reconciler.reconcile(Key("ns", name))
        return self.world.writes[before:]

    def rest(self, *jobs: str) -> None:
        """Reconcile until nothing is written any more, as news of each write would have it."""
        for _ in range(20):
            if not [write for name in jobs or ("job",) for write in self.reconcile(name)]:
                return
        raise AssertionError(f"the controller finds no rest: {self.world.writes[-20:]}")

    def settle(self, name: str = "job") -> None:
        """Deploy, run, soak, and leave nothing behind."""
        self.rest(name)
        self.world.flink_runs(name)
        self.rest(name)
        self.world.later(seconds=SOAK.total_seconds())
        self.rest(name)
