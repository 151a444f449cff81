"""The pods: what is mounted, and how a user's template is merged over it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.desired.pod_template import claim_name, merge, pod_template
from tests.unit.operator.specs import CR, resolved, with_fields


def test_named_lists_merge_by_name() -> None:
    base = {"c": [{"name": "a", "x": 1}, {"name": "b"}], "l": [1]}
    over = {"c": [{"name": "a", "y": 2}, {"name": "n"}], "l": [2], "m": 3}
    assert merge(base, over) == {
        "c": [{"name": "a", "x": 1, "y": 2}, {"name": "b"}, {"name": "n"}],
        "l": [2],
        "m": 3,
    }


@pytest.mark.parametrize("other", [[{"x": 1}], [1], {"name": "a"}, None])
def test_a_list_is_not_merged_with_what_has_no_names(other: Any) -> None:
    named = [{"name": "a"}]
    assert merge(named, other) == other
    assert merge(other, named) == named


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text("ab", max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
        | st.lists(
            st.fixed_dictionaries({"name": st.sampled_from("xyz"), "v": inner}),
            max_size=3,
            unique_by=lambda item: item["name"],
        )
    ),
    max_leaves=8,
)


@given(JSON, JSON)
def test_what_is_merged_over_something_once_is_there_and_changes_nothing_again(
    base: Any, over: Any
) -> None:
    merged = merge(base, over)
    assert merge(merged, over) == merged


@given(st.dictionaries(st.sampled_from("abc"), JSON))
def test_nothing_over_something_and_something_over_nothing_are_that_something(
    document: dict[str, Any],
) -> None:
    assert merge(document, {}) == merge({}, document) == merge(document, document) == document


def made(secrets: str | None = None, **fields: Any) -> dict[str, Any]:
    return pod_template(resolved(with_fields(**fields)).spec, {"a": "b"}, secrets=secrets)


SECURED: dict[str, Any] = {
    "cassandra": CR["cassandra"]
    | {"credentials": {"secretName": "login"}, "tls": {"secretName": "ca"}}
}


def test_each_secret_is_mounted_read_only_in_a_folder_of_its_volumes_name() -> None:
    spec = made(**SECURED)["spec"]
    (container,) = spec["containers"]
    assert spec["volumes"][1:] == [
        {"name": "cassandra-credentials", "secret": {"secretName": "login"}},
        {"name": "cassandra-tls", "secret": {"secretName": "ca"}},
    ]
    assert container["volumeMounts"][1:] == [
        {
            "name": name,
            "mountPath": f"/etc/program-user-info-secrets/{name}",
            "readOnly": True,
        }
        for name in ("cassandra-credentials", "cassandra-tls")
    ]


@pytest.mark.parametrize(
    ("storage", "claim"), [(None, None), ("s3://b", None), ("claim:my.state", "my.state")]
)
def test_a_claim_is_mounted_where_state_goes(storage: str | None, claim: str | None) -> None:
    fields: dict[str, Any] = {"checkpoints": {"storage": storage}} if storage else {}
    assert claim_name(resolved(with_fields(**fields)).spec) == claim
    spec = made(**fields)["spec"]
    claims = [
        each["persistentVolumeClaim"]["claimName"]
        for each in spec["volumes"]
        if "persistentVolumeClaim" in each
    ]
    assert claims == ([claim] if claim else [])
    mounts = {each["name"]: each for each in spec["containers"][0]["volumeMounts"]}
    assert ("state" in mounts) is (claim is not None)
    assert not claim or mounts["state"] == {
        "name": "state",
        "mountPath": "/var/lib/program-user-info-job",
    }


def test_pods_have_the_labels_and_only_a_digest_as_an_annotation() -> None:
    assert made()["metadata"] == {"labels": {"a": "b"}}
    assert made(secrets="d")["metadata"] == {
        "labels": {"a": "b"},
        "annotations": {"lern.sunbird.org/secrets": "d"},
    }


def test_a_users_template_is_merged_last_into_the_container_that_flink_looks_for() -> None:
    container = {"name": "flink-main-container", "env": [{"name": "A", "value": "1"}]}
    users = {"spec": {"containers": [container, {"name": "sidecar"}], "enableServiceLinks": True}}
    spec = made(flink={"podTemplate": users})["spec"]
    main, sidecar = spec["containers"]
    assert main["env"] == [{"name": "A", "value": "1"}]
    assert main["securityContext"]["allowPrivilegeEscalation"] is False
    assert sidecar == {"name": "sidecar"}
    assert spec["enableServiceLinks"] is True
