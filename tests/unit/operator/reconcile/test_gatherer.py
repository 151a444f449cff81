"""What a decision goes by: what is asked for, what is there, and what cannot be told now."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from program_user_info_operator.api.status import Change
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.environments.profiles import Profiles
from program_user_info_operator.reconcile.gatherer import Gathered, Gatherer
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.rollout.standings import Target, Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.specs import CR
from tests.unit.operator.world import World, flink_crd

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))
BUNDLE = BundledJobs({"v1_20": "image:1.0"})
KEY = Key("ns", "job")


def gathered(world: World, profiles: Profiles | None = None) -> Gathered:
    api: Any = world
    index = JobsIndex(Waves(1, ()), Target("release-1", "1.0"), str(PLACE))
    options = Options(BUNDLE, PLACE, timedelta())
    gatherer = Gatherer(Reader(api, PLACE, api), index, options, profiles)
    return gatherer.gather(KEY, world.job())


def test_of_a_new_job_there_is_what_it_asks_for(world: World) -> None:
    found = gathered(world)
    assert (found.owner.uid, found.environment) == ("uid-job", "dev")
    assert (found.deployments, found.config_maps, found.seen.records) == ({}, {}, {})
    assert found.seen.refusal is None
    assert found.seen.candidates is not None
    assert found.seen.candidates.current is None
    assert found.seen.created == world.now
    assert found.resolved is not None
    assert found.resolved.spec == found.seen.spec


def test_of_a_job_that_runs_there_is_what_runs(world: World, controller: Controller) -> None:
    controller.settle()
    found = gathered(world)
    (name,) = found.deployments
    observed = found.seen.live[name]
    assert observed.runs_current_spec
    assert list(found.seen.records) == [observed.revision]
    assert found.seen.candidates is not None
    assert found.seen.candidates.current == found.seen.records[observed.revision or ""]


def test_a_deployment_that_is_being_deleted_does_not_run_anything(
    world: World, controller: Controller
) -> None:
    controller.settle()
    world.deployment()["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = gathered(world)
    assert len(found.deployments) == 1
    assert found.seen.live == {}


@pytest.mark.parametrize(
    ("fields", "profile", "reason"),
    [
        ({"kafka": {}}, None, "InvalidSpec"),
        ({}, "parallelism: 0", "ProfileInvalid"),
        ({}, "a: [", "ProfileInvalid"),
        ({}, "namespaces: [other]", "EnvironmentForbidden"),
        ({"environment": "prod"}, "", "ProfileMissing"),
        (
            {"cassandra": CR["cassandra"] | {"credentials": {"secretName": "login"}}},
            None,
            "SecretMissing",
        ),
    ],
)
def test_what_keeps_a_job_from_what_it_asks_for_is_its_refusal(
    fields: dict[str, Any], profile: str | None, reason: str
) -> None:
    world = World()
    world.put_job(**fields)
    if profile is not None:
        world.put_profile(profile)
    found = gathered(world)
    assert found.seen.refusal is not None
    assert found.seen.refusal.reason == reason
    assert found.seen.candidates is None


def test_all_that_is_wrong_is_one_message() -> None:
    world = World()
    world.put_job(kafka={}, parallelism=0)
    refusal = gathered(world).seen.refusal
    assert refusal is not None
    assert refusal.message.startswith("kafka.bootstrapServers: ")
    assert "; parallelism: must be at least 1" in refusal.message


def test_what_runs_keeps_its_spec_while_what_is_asked_for_is_not_to_be_had(
    world: World, controller: Controller
) -> None:
    controller.settle()
    world.put_job(parallelism=0, state="suspended")
    found = gathered(world)
    assert found.resolved is None
    assert found.seen.spec is not None
    assert (found.seen.spec.parallelism, found.seen.spec.state) == (1, "suspended")


def test_targets_are_what_the_platform_wants_the_job_to_have(world: World) -> None:
    found = gathered(world)
    assert found.targets[Change.RELEASE] == "release-1"
    assert (set(found.targets), found.unknown) == ({Change.RELEASE, Change.PROFILE}, frozenset())
    before = found.targets[Change.PROFILE]
    world.put_profile("parallelism: 2")
    assert gathered(world).targets[Change.PROFILE] != before


def test_a_target_that_cannot_be_told_is_unknown_and_not_absent() -> None:
    world = World()
    world.put_job(kafka={})
    assert gathered(world).unknown == {Change.SECRET}
    world.put_profile("a: [")
    assert gathered(world).unknown == {Change.SECRET, Change.PROFILE}


@pytest.mark.parametrize(
    ("fields", "exempt"),
    [
        ({}, set()),
        ({"version": "0.9"}, {Change.RELEASE}),
        ({"upgrade": {"automatic": False}}, {Change.RELEASE}),
        ({"upgrade": {"revision": 1}}, set(Change)),
    ],
)
def test_a_pinned_job_is_exempt_from_releases_and_one_that_went_back_from_all(
    fields: dict[str, Any], exempt: set[Change]
) -> None:
    world = World()
    world.put_job(**fields)
    assert gathered(world).exempt == exempt


@pytest.mark.parametrize(("text", "is_paused"), [("true", True), ("yes", False), (None, False)])
def test_a_job_is_paused_by_one_word(world: World, text: str | None, is_paused: bool) -> None:
    world.annotate(paused=text)
    assert gathered(world).seen.is_paused is is_paused


@pytest.mark.parametrize(
    ("bundle", "other"),
    [(None, None), ("v1_20=image:1.0", None), ("v1_20=image:2.0", "v1_20=image:2.0")],
)
def test_profiles_of_another_release_are_told(
    world: World, bundle: str | None, other: str | None
) -> None:
    world.put_profile("", bundle=bundle)
    assert gathered(world).profiles_of == other


def test_profiles_that_are_given_stand_in_for_the_clusters(world: World) -> None:
    world.put_profile("parallelism: 2")
    for profiles, parallelism in ((None, 2), (Profiles({"dev": "parallelism: 3"}), 3)):
        spec = gathered(world, profiles).seen.spec
        assert spec is not None
        assert spec.parallelism == parallelism


def test_resources_go_where_the_flink_operators_crd_has_them(world: World) -> None:
    assert gathered(world).has_resource
    crd = flink_crd("v1_20")
    spec = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    spec["properties"]["jobManager"] = {"properties": {"resources": {}}}
    world.put(crd)
    assert not gathered(world).has_resource
