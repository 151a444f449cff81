"""Details of the desired objects that golden files do not explain."""

from __future__ import annotations

from tests.unit.operator.revisions import desired


def test_a_changed_configuration_is_another_config_map_in_the_pods() -> None:
    one, other = desired(), desired(kafka={"topic": "t"})
    assert one.config_map["metadata"]["name"] != other.config_map["metadata"]["name"]
    assert (
        one.flink_deployment["spec"]["podTemplate"] != other.flink_deployment["spec"]["podTemplate"]
    )


def test_every_child_is_owned_by_the_job() -> None:
    for each in desired().objects():
        (reference,) = each["metadata"]["ownerReferences"]
        assert (reference["uid"], reference["controller"]) == ("uid-1", True)
