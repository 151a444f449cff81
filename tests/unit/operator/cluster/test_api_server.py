"""The verbs on the API server, as requests over HTTP, and what becomes of its answers."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.cluster.api_server import (
    CONFIG_MAP,
    EVENT,
    FLINK_DEPLOYMENT,
    JOB,
    LEASE,
    POD,
    ApiError,
    ApiServer,
    Kind,
)
from program_user_info_operator.metrics import API_REQUESTS
from tests.unit.operator.local_api import LocalApi, status

MAPS = "/api/v1/namespaces/ns/configmaps"
WANTED: dict[str, Any] = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "a", "namespace": "ns"},
}


@pytest.fixture
def api(local_api: LocalApi) -> ApiServer:
    return ApiServer()


@pytest.mark.parametrize(
    ("kind", "place", "path"),
    [
        (CONFIG_MAP, (None,), "/api/v1/configmaps"),
        (CONFIG_MAP, ("ns", "a"), "/api/v1/namespaces/ns/configmaps/a"),
        (
            JOB,
            ("ns", "a", "status"),
            "/apis/lern.sunbird.org/v1alpha1/namespaces/ns/programuserinfojobs/a/status",
        ),
        (FLINK_DEPLOYMENT, (None,), "/apis/flink.apache.org/v1beta1/flinkdeployments"),
        (Kind("g/v1", "things", "Thing"), (None, "a"), "/apis/g/v1/things/a"),
    ],
)
def test_the_path_of_a_kind_tells_group_namespace_and_subresource(
    kind: Kind, place: tuple[Any, ...], path: str
) -> None:
    assert kind.path(*place) == path


def test_an_object_is_read_with_the_users_token(api: ApiServer, local_api: LocalApi) -> None:
    local_api.answers[f"GET {MAPS}/a"] = WANTED
    assert api.get(CONFIG_MAP, "ns", "a") == WANTED
    assert local_api.last.headers["authorization"] == "Bearer token"


def test_an_object_that_is_not_there_is_none_and_a_kind_that_is_not_there_an_error(
    api: ApiServer, local_api: LocalApi
) -> None:
    assert api.get(CONFIG_MAP, "ns", "a") is None
    local_api.answers[f"GET {MAPS}/a"] = (404, b"404 page not found\n")
    with pytest.raises(ApiError) as refused:
        api.get(CONFIG_MAP, "ns", "a")
    assert (refused.value.status, refused.value.reason) == (404, "")


def test_a_list_names_the_kind_of_each_item_and_asks_by_selectors(
    api: ApiServer, local_api: LocalApi
) -> None:
    local_api.answers[f"GET {MAPS}"] = {"items": [{"metadata": {"name": "a"}}]}
    assert api.list_objects(CONFIG_MAP, "ns", "a=b", fields="metadata.name=a") == [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}}
    ]
    assert local_api.last.query == {"labelSelector": "a=b", "fieldSelector": "metadata.name=a"}
    api.of_job(CONFIG_MAP, "ns", "job")
    assert local_api.last.query == {"labelSelector": "lern.sunbird.org/job=job"}


@pytest.mark.parametrize(("items", "found"), [([{"metadata": {"name": "a"}}], ["a"]), (None, [])])
def test_of_a_list_of_metadata_nothing_else_is_transferred(
    api: ApiServer, local_api: LocalApi, items: Any, found: list[str]
) -> None:
    local_api.answers[f"GET {MAPS}"] = {"metadata": {"resourceVersion": "7"}, "items": items}
    metadata, version = api.list_metadata(CONFIG_MAP, "ns")
    assert ([each["name"] for each in metadata], version) == (found, 7)
    assert "as=PartialObjectMetadataList" in local_api.last.headers["accept"]
    assert local_api.last.query == {}


def test_an_object_is_applied_by_our_field_manager_onto_the_version_that_was_read(
    local_api: LocalApi,
) -> None:
    applied: list[tuple[Kind, Any]] = []
    api = ApiServer(on_applied=lambda kind, live: applied.append((kind, live)))
    local_api.answers[f"PATCH {MAPS}/a"] = WANTED
    assert api.apply(WANTED, resource_version="5") == WANTED
    request = local_api.last
    assert request.headers["content-type"] == "application/apply-patch+yaml"
    assert request.query == {"fieldManager": "program-user-info-operator", "force": "true"}
    assert request.body == WANTED | {"metadata": WANTED["metadata"] | {"resourceVersion": "5"}}
    assert applied == [(CONFIG_MAP, WANTED)]
    assert "resourceVersion" not in WANTED["metadata"]


def test_what_no_json_can_hold_is_refused_like_any_other_content(api: ApiServer) -> None:
    with pytest.raises(ApiError, match="the ConfigMap cannot be written as JSON") as caught:
        api.apply(WANTED | {"data": {"text": "half a character: \ud83d"}})
    assert caught.value.is_refusal


def test_a_dry_run_is_no_news(local_api: LocalApi) -> None:
    applied: list[Any] = []
    api = ApiServer(on_applied=lambda *told: applied.append(told))
    local_api.answers[f"PATCH {MAPS}/a"] = WANTED
    api.apply(WANTED, dry_run=True)
    assert local_api.last.query["dryRun"] == "All"
    assert applied == []


def test_a_status_is_applied_to_its_subresource(api: ApiServer, local_api: LocalApi) -> None:
    body = {"kind": JOB.name, "metadata": {"name": "a", "namespace": "ns"}, "status": {}}
    local_api.answers[f"PATCH {JOB.path('ns', 'a', 'status')}"] = body
    assert api.apply(body, subresource="status") == body


def test_objects_are_created_replaced_and_deleted(api: ApiServer, local_api: LocalApi) -> None:
    body = {"metadata": {"name": "l", "namespace": "ns", "resourceVersion": "3"}}
    for request in (
        f"POST {EVENT.path('ns')}",
        f"PUT {LEASE.path('ns', 'l')}",
        f"DELETE {MAPS}/a",
    ):
        local_api.answers[request] = {}
    api.create(EVENT, "ns", {"reason": "r"})
    api.replace(LEASE, body)
    api.delete(CONFIG_MAP, "ns", "a")
    assert [(each.method, each.body) for each in local_api.requests] == [
        ("POST", {"reason": "r"}),
        ("PUT", body),
        ("DELETE", None),
    ]


def test_what_is_gone_already_is_deleted(api: ApiServer, local_api: LocalApi) -> None:
    api.delete(CONFIG_MAP, "ns", "gone")
    local_api.answers[f"DELETE {MAPS}/a"] = status(403, "Forbidden")
    with pytest.raises(ApiError):
        api.delete(CONFIG_MAP, "ns", "a")


def test_who_does_not_lead_any_more_writes_nothing(local_api: LocalApi) -> None:
    api = ApiServer(may_write=lambda: False)
    local_api.answers[f"GET {MAPS}/a"] = WANTED
    assert api.get(CONFIG_MAP, "ns", "a") == WANTED
    with pytest.raises(ApiError, match="not the leader any more"):
        api.apply(WANTED)
    assert [each.method for each in local_api.requests] == ["GET"]


@pytest.mark.parametrize(
    ("answer", "said", "reason"),
    [
        (status(409, "Conflict", "modified"), "409: modified", "Conflict"),
        ((502, b"bad gateway"), "502: bad gateway", ""),
        ((502, b"x" * 300), f"502: {'x' * 200}", ""),
        ((500, b"[1]"), "500: [1]", ""),
        ((500, b"{}"), "500: {}", ""),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(
    api: ApiServer, local_api: LocalApi, answer: tuple[int, bytes], said: str, reason: str
) -> None:
    local_api.answers[f"GET {MAPS}"] = answer
    with pytest.raises(ApiError) as refused:
        api.list_objects(CONFIG_MAP, "ns")
    assert (str(refused.value), refused.value.reason) == (said, reason)


@pytest.mark.parametrize(
    ("error", "is_refusal", "is_of_webhook"),
    [
        (ApiError(422, "invalid"), True, False),
        (ApiError(400, "bad"), True, False),
        (ApiError(500, "failed to create typed patch object (a): b"), True, False),
        (ApiError(500, "Internal error: failed calling webhook w: no answer"), False, True),
        (ApiError(403, "forbidden"), False, False),
        (ApiError(0, "no answer"), False, False),
    ],
)
def test_whether_the_content_is_at_fault_or_a_webhook_is_silent(
    error: ApiError, is_refusal: bool, is_of_webhook: bool
) -> None:
    assert (error.is_refusal, error.is_of_webhook) == (is_refusal, is_of_webhook)


def test_the_end_of_a_log_is_read_and_nothing_where_there_is_none(
    api: ApiServer, local_api: LocalApi
) -> None:
    local_api.answers[f"GET {POD.path('ns', 'p', 'log')}"] = (200, b"one\xff\n")
    assert api.read_log("ns", "p", lines=5) == "one\N{REPLACEMENT CHARACTER}\n"
    assert local_api.last.query == {"tailLines": "5", "limitBytes": "262144"}
    api.read_log("ns", "p", lines=5, previous=True)
    assert local_api.last.query["previous"] == "true"
    assert api.read_log("ns", "none", lines=5) == ""


def test_a_service_is_asked_through_the_proxy(api: ApiServer, local_api: LocalApi) -> None:
    path = "/api/v1/namespaces/ns/services/job-rest:rest/proxy/jobs/f00"
    local_api.answers[f"GET {path}"] = {"state": "RUNNING"}
    assert api.get_from_service("ns", "job-rest:rest", "jobs/f00", {"get": "a"}) == (
        '{"state": "RUNNING"}'
    )
    assert local_api.last.query == {"get": "a"}
    assert api.get_from_service("ns", "job-rest:rest", "none", {}) == ""


def counted(verb: str, code: str) -> float:
    (family,) = API_REQUESTS.collect()
    labels = {"verb": verb, "code": code}
    found = (
        each.value
        for each in family.samples
        if each.labels == labels and each.name.endswith("_total")
    )
    return next(found, 0.0)


def test_requests_are_counted_by_verb_and_answer(api: ApiServer, local_api: LocalApi) -> None:
    before = counted("GET", "404")
    api.get(CONFIG_MAP, "ns", "none")
    assert counted("GET", "404") == before + 1


def test_a_server_that_does_not_answer_is_told_as_such(
    api: ApiServer, local_api: LocalApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hang_up(_: Any) -> Any:
        raise ConnectionError

    monkeypatch.setattr(local_api, "answer", hang_up)
    before = counted("GET", "none")
    with pytest.raises(ApiError) as refused:
        api.get(CONFIG_MAP, "ns", "a")
    assert refused.value.status == 0
    assert str(refused.value).startswith("the API server cannot be reached: ")
    assert counted("GET", "none") == before + 1


def test_without_a_configuration_it_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubernetes.config.kube_config.KUBE_CONFIG_DEFAULT_LOCATION", "/none")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(ApiError, match=r"no cluster is configured: .*; set KUBECONFIG"):
        ApiServer()
