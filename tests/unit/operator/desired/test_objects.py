"""The objects of a job, each finished: labelled, owned, with the hash of what is applied."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from program_user_info_operator.api import names
from program_user_info_operator.desired.objects import ObjectMaker, job_labels
from program_user_info_operator.desired.owner import Owner
from tests.unit.operator.revisions import OWNER, desired

MAKER = ObjectMaker(OWNER, "dev")


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


def labels(document: dict[str, Any]) -> dict[str, str]:
    found: dict[str, str] = document["metadata"]["labels"]
    return found


def test_labels_tell_whose_an_object_is_and_which_revision_it_has() -> None:
    deployment = MAKER.flink_deployment("job-1", {"a": 1}, revision="h", redeploy_nonce="2")
    assert labels(deployment) == job_labels("job", "dev") | {names.LABEL_REVISION: "h"}
    assert labels(MAKER.config_map("c", "text")) == job_labels("job", "dev")
    assert deployment["metadata"]["annotations"][names.ANNOTATION_REDEPLOY] == "2"
    assert deployment["spec"] == {"a": 1}


def test_the_hash_changes_with_whatever_is_applied() -> None:
    def applied(spec: dict[str, Any], maker: ObjectMaker = MAKER, nonce: str = "0") -> str:
        made = maker.flink_deployment("job", spec, revision="h", redeploy_nonce=nonce)
        found: str = made["metadata"]["annotations"][names.ANNOTATION_DESIRED_HASH]
        return found

    hashes = [
        applied({"a": 1}),
        applied({"a": 2}),
        applied({"a": 1}, nonce="1"),
        applied({"a": 1}, ObjectMaker(OWNER, "prod")),
        applied({"a": 1}, ObjectMaker(replace(OWNER, uid="uid-2"), "dev")),
    ]
    assert len(set(hashes)) == len(hashes)
    assert applied({"a": 1}) == hashes[0]


def test_objects_of_a_job_that_does_not_exist_yet_are_owned_by_nobody() -> None:
    made = ObjectMaker(Owner("job", "ns", None), "dev").config_map("c", "text")
    assert "ownerReferences" not in made["metadata"]
    assert labels(made) == job_labels("job", "dev")


def test_a_document_that_is_finished_is_left_as_it_was() -> None:
    document = {"kind": "ConfigMap", "metadata": {"name": "r", "namespace": "ns"}, "data": {}}
    found = MAKER.record(document, "h")
    assert document["metadata"] == {"name": "r", "namespace": "ns"}
    assert labels(found)[names.LABEL_REVISION] == "h"


def test_the_flink_deployment_comes_first() -> None:
    kinds = [each["kind"] for each in desired().objects()]
    assert kinds == ["FlinkDeployment", "ConfigMap", "ConfigMap"]
