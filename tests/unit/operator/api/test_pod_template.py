"""Pod templates that cannot be merged: refused with the field, wherever they come from."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.observed.flink_deployment import observe
from program_user_info_operator.rollout.standings import Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.specs import CR, resolved, unresolved, with_fields
from tests.unit.operator.world import World


@pytest.mark.parametrize(
    ("template", "message"),
    [
        ({"spec": [1]}, "spec must be a mapping; correct or remove it"),
        ({"metadata": 1}, "metadata must be a mapping; correct or remove it"),
        ({"metadata": {"labels": []}}, "metadata.labels must be a mapping; correct or remove it"),
        (
            {"metadata": {"annotations": {"a": 1}}},
            "metadata.annotations must hold texts only; put them in quotation marks",
        ),
        (
            {"spec": {"volumes": "none"}},
            "spec.volumes must be a list in which each entry has a name",
        ),
        (
            {"spec": {"volumes": [{"emptyDir": {}}]}},
            "spec.volumes must be a list in which each entry has a name",
        ),
        (
            {"spec": {"containers": {"name": "a"}}},
            "spec.containers must be a list in which each entry has a name",
        ),
        (
            {"spec": {"initContainers": [{"name": 1}]}},
            "spec.initContainers must be a list in which each entry has a name",
        ),
        (
            {"spec": {"volumes": [{"name": "config", "configMap": "a"}]}},
            "spec.volumes, config: configMap must be a mapping; correct or remove it",
        ),
        (
            {"spec": {"volumes": [{"name": "state", "persistentVolumeClaim": "abc"}]}},
            "spec.volumes, state: persistentVolumeClaim must be a mapping; correct or remove it",
        ),
    ],
)
def test_it_is_named_with_its_remedy(template: dict[str, Any], message: str) -> None:
    fields = {"flink": {"podTemplate": template}}
    in_cr = unresolved(with_fields(**fields))
    assert in_cr.messages == (f"flink.podTemplate: {message}",)
    in_profile = unresolved(CR, fields)
    assert in_profile.in_profile
    assert message in in_profile.messages[0]


@pytest.mark.parametrize(
    "template",
    [
        {},
        {"apiVersion": "v1", "kind": "Pod"},
        {"metadata": {}, "spec": {}},
        {"metadata": {"labels": {"a": "b"}, "annotations": {}}},
        {"spec": {"containers": [], "volumes": [], "initContainers": []}},
        {"spec": {"volumes": [{"name": "a", "configMap": {"name": "b"}}], "tolerations": 5}},
    ],
)
def test_all_else_is_the_api_servers_to_judge(template: dict[str, Any]) -> None:
    spec = resolved(with_fields(flink={"podTemplate": template})).spec
    assert spec.flink.pod_template == template


@pytest.mark.parametrize(
    ("template", "kept"),
    [
        ({"spec": None, "metadata": {"labels": None}}, {"metadata": {}}),
        ({"spec": {"volumes": None, "initContainers": None}}, {"spec": {}}),
        (
            {"spec": {"volumes": [{"name": "a", "configMap": None, "emptyDir": {}}]}},
            {"spec": {"volumes": [{"name": "a", "emptyDir": {}}]}},
        ),
    ],
)
def test_what_is_null_is_not_set(template: dict[str, Any], kept: dict[str, Any]) -> None:
    """As the API server has it, and in a profile the same."""
    for spec in (with_fields(flink={"podTemplate": template}), CR):
        profile = {"flink": {"podTemplate": template}}
        assert resolved(spec, profile).spec.flink.pod_template == kept


def test_a_volume_without_the_name_of_its_config_map_is_only_that_jobs_matter() -> None:
    """What is read of it must not stop the watch, which is that of all jobs."""
    volume = {"name": "extra", "configMap": {"optional": True}}
    world = World()
    world.put_job(flink={"podTemplate": {"spec": {"volumes": [volume]}}})
    Controller(world).rest()
    found = world.deployment()
    assert volume in found["spec"]["podTemplate"]["spec"]["volumes"]
    assert observe(found).config_maps == {
        found["spec"]["podTemplate"]["spec"]["volumes"][0]["configMap"]["name"]
    }


def test_in_a_profile_it_stalls_the_job_which_keeps_running() -> None:
    world = World()
    world.put_profile("{}")
    world.put_job()
    controller = Controller(world)
    controller.settle()
    world.put_profile("flink: {podTemplate: {spec: 1}}")
    controller.rest()
    assert world.state() == ("Stalled", "ProfileInvalid")
    assert len(world.deployments()) == 1


def test_a_volume_may_be_mounted_in_several_places() -> None:
    mounts = [
        {"name": "extra", "mountPath": "/a", "subPath": "a"},
        {"name": "extra", "mountPath": "/b", "subPath": "b"},
    ]
    container = {"name": "flink-main-container", "volumeMounts": mounts}
    world = World()
    world.put_job(flink={"podTemplate": {"spec": {"containers": [container]}}})
    Controller(world).rest()
    (found,) = world.deployment()["spec"]["podTemplate"]["spec"]["containers"]
    assert [each["mountPath"] for each in found["volumeMounts"]][1:] == ["/a", "/b"]


@pytest.mark.parametrize("duration", ["9999999h", "99999999999h", "1000000000ms"])
def test_a_duration_has_an_end(duration: str) -> None:
    """A deadline beyond the year 9999 is none that a clock can tell."""
    outcome = unresolved(with_fields(upgrade={"deadline": duration}))
    assert outcome.messages == ("upgrade.deadline: must be a duration such as 500ms, 10s or 5min",)


@pytest.mark.parametrize("duration", ["999999h", "999999999ms"])
def test_the_longest_durations_can_be_reckoned_with(duration: str) -> None:
    world = World()
    world.put_job(upgrade={"deadline": duration, "overlapSoak": duration})
    Controller(world).rest()
    assert world.state()[0] == "Reconciling"


@pytest.mark.parametrize("release", ["1.0", "2.0"])
def test_an_edit_while_rollouts_are_paused_keeps_every_mount(release: str) -> None:
    """The claim's too: without it, checkpoints would be on each pod's own disk."""

    def mounting(*paths: str) -> dict[str, Any]:
        mounts = [{"name": "state", "mountPath": path} for path in paths]
        container = {"name": "flink-main-container", "volumeMounts": mounts}
        return {"podTemplate": {"spec": {"containers": [container]}}}

    world = World()
    world.put_job(
        checkpoints={"storage": "claim:c"}, upgrade={"mode": "last-state"}, flink=mounting("/a")
    )
    first = Controller(world)
    first.settle()
    first.stop()
    second = Controller(world, release, Waves(1, (), paused=True))
    second.rest()
    world.put_job(flink=mounting("/a", "/b"))
    second.settle()
    (container,) = world.deployment()["spec"]["podTemplate"]["spec"]["containers"]
    assert [each["mountPath"] for each in container["volumeMounts"]] == [
        "/etc/program-user-info-job",
        "/var/lib/program-user-info-job",
        "/a",
        "/b",
    ]


@pytest.mark.parametrize(
    "container",
    [
        {"volumeMounts": [{"name": "x", "mountPath": ["/data"]}]},
        {"ports": [{"name": ["a"], "containerPort": 1}]},
    ],
)
def test_what_cannot_be_merged_inside_of_a_container_is_the_api_servers_to_judge(
    container: dict[str, Any],
) -> None:
    world = World()
    named = {"name": "flink-main-container"} | container
    world.put_job(flink={"podTemplate": {"spec": {"containers": [named]}}})
    Controller(world).rest()
    (found,) = world.deployment()["spec"]["podTemplate"]["spec"]["containers"]
    for name, entries in container.items():
        assert found[name][-1:] == entries
