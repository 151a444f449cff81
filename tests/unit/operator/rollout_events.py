"""All that can happen to jobs: by the platform, their users, Flink, the API server, a crash."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from program_user_info_operator.api import names
from program_user_info_operator.cluster.api_server import ApiError
from tests.unit.operator.controller import Controller
from tests.unit.operator.rollout_jobs import (
    BAD_SECRET,
    DENIED,
    ENVIRONMENTS,
    JOBS,
    LOST,
    PROFILES,
    RELEASES,
    Jobs,
    create,
)

names_of_jobs = st.sampled_from(list(JOBS))
environments = st.sampled_from(ENVIRONMENTS)


class Events(Jobs):
    """Jobs, their users, the platform, Flink and the API server, all of them at odds."""

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

    @rule(value=st.sampled_from(["YQ==", "Yg==", BAD_SECRET]))
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

    @rule(error=st.sampled_from([DENIED, LOST]), what=st.sampled_from(["Flink", "Config", "Prog"]))
    def writes_fail(self, error: ApiError, what: str) -> None:
        if what == "Prog" and error is DENIED:
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
