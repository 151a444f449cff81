"""Wrong specs: refused at `kubectl apply`, or Stalled, with field and remedy in one sentence."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster import Namespace, job, profiles, refusal, settled, stalled

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("spec", "field", "remedy"),
    [
        ({"environment": None}, "spec.environment", "Required value"),
        ({"environment": "Dev"}, "spec.environment", "must be a short lower-case name"),
        ({"kafka": {"bootstrapServers": ["kafka"]}}, "spec.kafka.bootstrapServers[0]", "host:port"),
        ({"kafka": {"topic": "a b"}}, "spec.kafka.topic", "must be a Kafka topic name"),
        ({"kafka": {"startingOffsets": "first"}}, "spec.kafka.startingOffsets", "must be one of"),
        (
            {"kafka": {"security": {"protocol": "SSL", "saslMechanism": "PLAIN"}}},
            "spec.kafka.security",
            "saslMechanism needs protocol SASL_PLAINTEXT or SASL_SSL",
        ),
        ({"cassandra": {"layout": "wide"}}, "spec.cassandra.layout", '"flat", "map"'),
        ({"cassandra": {"ttl": -5}}, "spec.cassandra.ttl", "greater than or equal to 0"),
        ({"cassandra": {"keyspace": "a-b"}}, "spec.cassandra.keyspace", "a Cassandra name"),
        (
            {"cassandra": {"schema": {"replication": {"dc1": 3}}}},
            "spec.cassandra.schema.replication",
            "needs class",
        ),
        ({"parallelism": 0}, "spec.parallelism", "greater than or equal to 1"),
        (
            {"resources": {"jobManager": {"memory": "lots"}}},
            "spec.resources.jobManager.memory",
            "2048m, 2g or 2Gi",
        ),
        ({"state": "paused"}, "spec.state", '"running", "suspended"'),
        ({"checkpoints": {"interval": "10"}}, "spec.checkpoints.interval", "10s or 5min"),
        (
            {"autoscaling": {"minParallelism": 3, "maxParallelism": 2}},
            "spec.autoscaling",
            "minParallelism must not exceed maxParallelism",
        ),
        (
            {"flink": {"configuration": {"kubernetes.cluster-id": "x"}}},
            "spec.flink.configuration",
            "use the field of spec instead",
        ),
        ({"kafak": {}}, "spec.kafak", "unknown field"),
    ],
)
def test_the_api_server_refuses(
    namespace: Namespace, spec: dict[str, Any], field: str, remedy: str
) -> None:
    said = refusal(namespace, job(**spec))
    assert field in said
    assert remedy in said


@pytest.mark.parametrize("name", ["a" * 46, "1job", "job.x"])
def test_the_api_server_refuses_a_name_that_no_flink_deployment_may_have(
    namespace: Namespace, name: str
) -> None:
    assert "metadata.name must be at most 45" in refusal(namespace, job(name))


def test_the_environment_of_a_job_cannot_be_changed(namespace: Namespace) -> None:
    namespace.apply(job())
    said = refusal(namespace, job(environment="staging"))
    assert "spec.environment" in said
    assert "create a job of another name" in said


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"kafka": None},
            (
                "kafka.bootstrapServers: set neither in the job's spec nor in the profile of"
                " environment dev; set it in one of them"
            ),
        ),
        (
            {"upgrade": {"mode": "savepoint"}},
            (
                "checkpoints.storage: needed with upgrade.mode savepoint; set it, or do without"
                " upgrade.mode savepoint"
            ),
        ),
        (
            {"image": "a", "version": "b"},
            "version: cannot be set beside image; remove one of them",
        ),
        (
            {"flink": {"version": "v1_99"}},
            "flink.version: v1_99 is none that the installed Flink operator knows",
        ),
        (
            {"flink": {"version": "v1_18", "podTemplate": {"spec": {"containers": 5}}}},
            "the API server refuses the FlinkDeployment",
        ),
    ],
)
def test_what_only_the_whole_shows_stalls_the_job(
    namespace: Namespace, spec: dict[str, Any], sentence: str
) -> None:
    namespace.apply(job(**spec))
    found = stalled(namespace, "job")
    assert sentence in found["message"]
    events = namespace.run("get", "events", "--field-selector", f"reason={found['reason']}")
    assert "job" in events


def test_an_invalid_profile_stalls_its_jobs_and_leaves_their_deployments(
    namespace: Namespace,
) -> None:
    with profiles(broken={"parallelism": 2}) as change:
        namespace.apply(job(environment="broken"))
        settled(namespace, "job")
        before = namespace.get("flinkdeployment", "job")
        assert before is not None
        change(broken={"parallelism": "two"})
        found = stalled(namespace, "job")
        assert found["reason"] == "ProfileInvalid"
        assert "parallelism: " in found["message"]
        assert "set by the profile of environment broken" in found["message"]
        after = namespace.get("flinkdeployment", "job")
        assert after is not None
        assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
