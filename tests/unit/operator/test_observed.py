"""What pods, logs, Secrets, the Flink operator's CRD and its REST interface tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from program_user_info_operator.observed.failure import Failure, find_failure, newest
from program_user_info_operator.observed.flink_job import (
    FlinkJob,
    last_checkpoint,
    read_flink_job,
)
from program_user_info_operator.observed.flink_operator import read_flink_operator
from program_user_info_operator.observed.secrets import (
    SecretFacts,
    missing_secrets,
    read_digest_key,
    secret_facts,
    secrets_digest,
    used_keys,
)
from tests.unit.operator.specs import resolved, with_fields

LOG = """\
2026-01-01 INFO something
program_user_info_job.kafka.topics: [KafkaUnreachable] kafka.bootstrapServers: no answer
Caused by: RuntimeError: program_user_info_job.store.writer.WriteGaveUp: [Overdue] try later
\tat org.apache.flink
"""
WAITED = f"{LOG}INFO x - program_user_info_job.failure: [Reached] Cassandra: ready after 83 s"


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "p", "creationTimestamp": "2026-01-01"}, "status": status}


def container(**state: Any) -> dict[str, Any]:
    return pod(containerStatuses=[{"image": "r/i:1", **state}])


def waiting(reason: str) -> dict[str, Any]:
    return container(state={"waiting": {"reason": reason, "message": "said\n so"}})


def unschedulable() -> dict[str, Any]:
    condition = {"type": "PodScheduled", "status": "False", "message": "0/1 nodes: cpu"}
    return pod(conditions=[condition])


@pytest.mark.parametrize(
    ("pods", "log", "error", "reason", "words"),
    [
        ([waiting("ImagePullBackOff")], LOG, "x", "ImagePullFailed", "image r/i:1 cannot be"),
        ([waiting("ErrImagePull")], "", None, "ImagePullFailed", "correct spec.image"),
        ([waiting("CreateContainerConfigError")], "", None, "ContainerFailed", "said so"),
        ([unschedulable()], "", None, "Unschedulable", "0/1 nodes: cpu — add nodes"),
        (
            [container(lastState={"terminated": {"reason": "OOMKilled"}})],
            LOG,
            None,
            "OutOfMemory",
            "raise spec.resources",
        ),
        ([waiting("ContainerCreating")], LOG, "x", "Overdue", "try later"),
        (
            [],
            "",
            "creating: pods is forbidden: exceeded quota: small, used: cpu=1",
            "QuotaExceeded",
            "exceeded quota: small",
        ),
        ([pod()], "nothing", "bad", "JobFailing", "Flink reports: bad"),
        ([pod()], WAITED, "bad", "JobFailing", "Flink reports: bad"),
    ],
)
def test_the_most_telling_cause_is_named(
    pods: list[Any], log: str, error: str | None, reason: str, words: str
) -> None:
    found = find_failure(pods, log, error)
    assert found is not None
    assert found.reason == reason
    assert words in found.message
    assert "\n" not in found.message


def test_where_nothing_is_wrong_nothing_is_found() -> None:
    assert find_failure([pod(conditions=[{"type": "Ready", "status": "True"}])], "", None) is None


def test_only_the_jobs_own_words_are_relayed() -> None:
    log = "java.lang.Exception: [Secret] Anna Example\nprogram_user_info_job.x: [Why] so"
    assert find_failure([], log, None) == Failure("Why", "so")


def test_the_newest_pod_of_a_component_is_asked() -> None:
    pods = [
        {"metadata": {"name": name, "creationTimestamp": moment, "labels": labels}}
        for name, moment, labels in [
            ("old", "2026-01-01", {"component": "jobmanager"}),
            ("new", "2026-01-02", {"component": "jobmanager"}),
            ("task", "2026-01-03", {"component": "taskmanager"}),
            ("bare", "2026-01-04", None),
        ]
    ]
    assert newest(pods, "jobmanager") == pods[1]
    assert newest([], "jobmanager") is None


def secured() -> Any:
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "PLAIN",
        "credentials": {"secretName": "kafka"},
        "tls": {"secretName": "tls"},
    }
    return resolved(with_fields(kafka={"security": security})).spec


@pytest.mark.parametrize(
    ("keys", "missing"),
    [
        (("ca.crt",), []),
        (("ca.crt", "tls.crt", "tls.key"), []),
        (("ca.crt", "tls.crt"), ["kafka.security.tls: Secret tls lacks tls.key; add it"]),
        (("ca.crt", "tls.key"), ["kafka.security.tls: Secret tls lacks tls.crt; add it"]),
        ((), ["kafka.security.tls: Secret tls lacks ca.crt; add it"]),
    ],
)
def test_missing_keys_are_named(keys: tuple[str, ...], missing: list[str]) -> None:
    found = {
        "kafka": SecretFacts(frozenset({"username", "password"}), "1"),
        "tls": SecretFacts(frozenset(keys), "1"),
    }
    assert missing_secrets(secured(), found) == missing


def test_the_secret_of_a_client_that_gets_tokens_has_other_keys() -> None:
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": "https://login.example/token",
        "credentials": {"secretName": "client"},
    }
    spec = resolved(with_fields(kafka={"security": security})).spec
    assert used_keys(spec) == {"client": {"clientId", "clientSecret"}}
    found = {"client": SecretFacts(frozenset({"clientId", "password"}), "1")}
    assert missing_secrets(spec, found) == [
        "kafka.security.credentials: Secret client lacks clientSecret; add it"
    ]


TLS = frozenset({"ca.crt", "tls.crt", "tls.key"})


def secret(name: str = "tls", **data: str) -> dict[str, Any]:
    values = {key.replace("_", "."): value for key, value in data.items()}
    return {"metadata": {"name": name, "resourceVersion": "1"}, "data": values}


def digest(live: dict[str, Any], key: bytes = b"k") -> str | None:
    return secrets_digest({"tls": secret_facts(live, TLS, key)}, key)


def test_the_keys_that_a_job_reads() -> None:
    assert used_keys(secured()) == {"kafka": frozenset({"username", "password"}), "tls": TLS}
    assert used_keys(resolved(with_fields()).spec) == {}


def test_a_digest_changes_with_the_values_that_the_job_reads_and_with_nothing_else() -> None:
    first = secret(ca_crt="YQ==")
    touched = {**first, "metadata": {"name": "tls", "resourceVersion": "2", "labels": {"a": "b"}}}
    assert digest(touched) == digest(secret(ca_crt="YQ==", other="x")) == digest(first)
    assert digest(secret(ca_crt="Yg==")) != digest(first)
    assert digest(secret(ca_crt="YQ==", tls_key="eA==")) != digest(first)
    assert secrets_digest({}, b"k") is None


def test_a_digest_can_be_made_only_with_the_key() -> None:
    found = digest(secret(ca_crt="YQ=="))
    assert found != digest(secret(ca_crt="YQ=="), b"other")
    assert "YQ==" not in str(secret_facts(secret(ca_crt="YQ=="), TLS, b"k"))


def test_the_key_is_in_a_secret_of_the_operators_own() -> None:
    assert read_digest_key({"data": {"key": "a2V5"}}) == b"key"
    assert read_digest_key({"data": {}}) is None
    assert read_digest_key({}) is None


@pytest.mark.parametrize(
    ("versions", "version", "newest"),
    [
        (["v1_9", "v1_19"], "v1_20", "v1_19"),
        (["v1_19", "v2_0"], "v2_2", "v2_0"),
        (["v1_20"], "v1_20", None),
        ([], "v9_9", None),
    ],
)
def test_a_version_that_the_flink_operator_does_not_know(
    versions: list[str], version: str, newest: str | None
) -> None:
    field = {"enum": versions} if versions else {}
    schema = {"properties": {"spec": {"properties": {"flinkVersion": field}}}}
    served = [{"name": "v1"}, {"name": "v1beta1", "schema": {"openAPIV3Schema": schema}}]
    refusal = read_flink_operator({"spec": {"versions": served}}).refusal(version)
    assert (refusal is None) is (newest is None)
    assert newest is None or f"its newest is {newest})" in (refusal or "")


def test_a_crd_of_another_version_refuses_nothing() -> None:
    assert read_flink_operator({"spec": {"versions": [{"name": "v1"}]}}).refusal("v1_20") is None


@pytest.mark.parametrize("answer", [None, {}, {"latest": None}, {"latest": {"completed": None}}])
def test_no_checkpoint(answer: dict[str, Any] | None) -> None:
    assert last_checkpoint(answer) is None


def test_the_last_checkpoint() -> None:
    completed = {"id": 3, "latest_ack_timestamp": 1_700_000_000_123}
    found = last_checkpoint({"latest": {"completed": completed}})
    assert found is not None
    assert (found.id, found.time) == (3, datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC))


RUNNING_AT, NOW = 1_700_000_000_000, 1_700_000_090_000


def answers(running: int, acknowledged: int | None) -> FlinkJob | None:
    completed = None if acknowledged is None else {"id": 3, "latest_ack_timestamp": acknowledged}
    job = {"now": NOW, "timestamps": {"RUNNING": running}}
    return read_flink_job(job, {"latest": {"completed": completed}})


def test_flinks_own_clock_tells_since_when_the_job_runs_and_when_it_last_checkpointed() -> None:
    found = answers(RUNNING_AT, RUNNING_AT + 80_000)
    assert found is not None
    assert found.runs_for.total_seconds() == 90
    assert found.checkpoint_age is not None
    assert found.checkpoint_age.total_seconds() == 10
    assert found.checkpoint is not None
    assert found.checkpoint.id == 3


def test_a_checkpoint_from_before_the_last_restart_proves_nothing() -> None:
    found = answers(RUNNING_AT, RUNNING_AT - 1)
    assert found is not None
    assert found.checkpoint_age is None
    assert found.checkpoint is not None


def test_a_job_that_does_not_run_yet() -> None:
    found = answers(0, None)
    assert found == FlinkJob(timedelta(), None, None)


@pytest.mark.parametrize(
    ("job", "checkpoints"),
    [
        (None, {}),
        ({}, {}),
        ({"now": 1}, {}),
        ({"now": 1, "timestamps": {"RUNNING": None}}, {}),
        ({"now": 1, "timestamps": {"RUNNING": 1}}, None),
    ],
)
def test_where_flink_does_not_say_nothing_is_known(job: Any, checkpoints: Any) -> None:
    assert read_flink_job(job, checkpoints) is None
