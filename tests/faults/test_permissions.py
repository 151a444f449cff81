"""The chart grants what the controller uses, and nothing else."""

from __future__ import annotations

import itertools
import urllib.error
from collections.abc import Iterable

import pytest

from tests.cluster import eventually
from tests.faults.arena import BASE, Arena, Object
from tests.faults.control_plane import NAMESPACED, ControlPlane, chart_rules

pytestmark = pytest.mark.cluster

Permission = tuple[str, str, str]
"""API group, resource and subresource, verb."""

# Asked for by an admission plugin, not by a request: without it no child could be created here.
IMPLIED = ("lern.sunbird.org", "programuserinfojobs/finalizers", "update")


def granted(rules: Iterable[Object]) -> set[Permission]:
    return {
        permission
        for rule in rules
        for permission in itertools.product(rule["apiGroups"], rule["resources"], rule["verbs"])
    }


def used(entries: Iterable[Object]) -> set[Permission]:
    """Tried, successfully or not. Applying what is not there yet is to patch and to create."""
    found = set()
    for entry in entries:
        place = entry.get("objectRef")
        if place is None:
            continue
        resource = "/".join(filter(None, (place["resource"], place.get("subresource"))))
        verbs = {entry["verb"]}
        if entry.get("responseStatus", {}).get("code") == 201:
            verbs.add("create")
        found |= {(place.get("apiGroup", ""), resource, verb) for verb in verbs}
    return found


def pod(arena: Arena) -> Object:
    """A JobManager's, as Flink labels it."""
    labels = {"app": "job", "type": "flink-native-kubernetes", "component": "jobmanager"}
    return {
        "metadata": {"name": "job", "namespace": arena.namespace, "labels": labels},
        "spec": {"containers": [{"name": "flink-main-container", "image": "image"}]},
    }


def test_each_verb_is_granted_because_it_is_used(plane: ControlPlane, arena: Arena) -> None:
    arena.put_profile(dev={"parallelism": 1})
    arena.start_controller()
    arena.put_job(cassandra={"contactPoints": ["c:1"], "credentials": {"secretName": "secret"}})
    eventually(lambda: arena.state()[1] == "SecretMissing", "the Secret is missed")
    secrets = f"/api/v1/namespaces/{arena.namespace}/secrets"
    secret = {"metadata": {"name": "secret"}, "stringData": {"username": "u", "password": "p"}}
    arena.api.send("POST", secrets, secret)
    arena.settled()
    arena.api.send("POST", f"/api/v1/namespaces/{arena.namespace}/pods", pod(arena))
    arena.put_job(
        image="bad", upgrade=BASE["upgrade"] | {"deadline": "4s"}, checkpoints={"interval": "1s"}
    )
    arena.settled()
    assert arena.state()[1] == "UpgradeRolledBack"
    arena.put_job(image=None)
    arena.settled()
    start = {"restoreFrom": "s3://bucket/savepoint", "redeployNonce": 1}
    arena.put_job(checkpoints={"storage": "s3://bucket/state"}, savepoint=start)
    arena.settled()
    names = {each["metadata"]["name"] for each in arena.config_maps()}
    for topic in itertools.count():
        arena.put_job(kafka={"topic": f"topic-{topic}"})
        arena.settled()
        if names - {each["metadata"]["name"] for each in arena.config_maps()}:
            break
    arena.at_rest()
    assert used(plane.audited()) | {IMPLIED} == granted(chart_rules(NAMESPACED))


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api/v1/secrets"),
        ("PUT", "/api/v1/namespaces/default/secrets/secret"),
        ("DELETE", "/api/v1/namespaces/default/secrets/secret"),
        ("PUT", "/apis/coordination.k8s.io/v1/namespaces/default/leases/lease"),
        ("POST", "/api/v1/namespaces"),
        ("POST", "/api/v1/namespaces/default/pods"),
        ("DELETE", "/api/v1/namespaces/default/pods/pod"),
        ("PATCH", "/apis/lern.sunbird.org/v1alpha1/namespaces/default/programuserinfojobs/job"),
        ("DELETE", "/apis/lern.sunbird.org/v1alpha1/namespaces/default/programuserinfojobs/job"),
        ("GET", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/other.example.org"),
        ("POST", "/apis/rbac.authorization.k8s.io/v1/clusterroles"),
    ],
)
def test_nothing_else_works(plane: ControlPlane, method: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        plane.controller_api.send(method, path, None if method in ("GET", "DELETE") else {})
    assert refused.value.code == 403


def test_where_secrets_are_named_no_other_can_be_read(plane: ControlPlane) -> None:
    plane.grant("limited", chart_rules("--set=secrets.allowed={kafka,cassandra}"))

    def may_read(secret: str) -> bool:
        place = {"verb": "get", "resource": "secrets", "namespace": "default", "name": secret}
        review = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SubjectAccessReview",
            "spec": {"user": "limited", "resourceAttributes": place},
        }
        path = "/apis/authorization.k8s.io/v1/subjectaccessreviews"
        allowed: bool = plane.api.send("POST", path, review)["status"]["allowed"]
        return allowed

    assert [may_read(name) for name in ("kafka", "cassandra", "other")] == [True, True, False]
