"""Wrong specs that the API server refuses at `kubectl apply`, with the field and the fix."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dev.cluster.target import kubectl
from tests.cluster import Namespace, job, refusal
from tests.conftest import DATA

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("spec", "field", "fix"),
    [
        ({"environment": None}, "spec.environment", "Required value"),
        ({"environment": "Dev"}, "spec.environment", "must be a short lower-case name"),
        ({"kafka": {"bootstrapServers": ["kafka"]}}, "spec.kafka.bootstrapServers[0]", "host:port"),
        ({"kafka": {"topic": "a b"}}, "spec.kafka.topic", "must be a Kafka topic name"),
        ({"kafka": {"startingOffsets": "first"}}, "spec.kafka.startingOffsets", "must be one of"),
        (
            {"kafka": {"startingOffsets": "2026-02-30T00:00:00Z"}},
            "spec.kafka.startingOffsets",
            "must be one of",
        ),
        (
            {"kafka": {"security": {"protocol": "SSL", "saslMechanism": "PLAIN"}}},
            "spec.kafka.security",
            "saslMechanism needs protocol SASL_PLAINTEXT or SASL_SSL",
        ),
        (
            {"kafka": {"topic": "a", "deadLetterTopic": "a"}},
            "spec.kafka",
            "deadLetterTopic must not be one of the topics that the job reads",
        ),
        (
            {"kafka": {"additionalTopics": ["a", "b"], "deadLetterTopic": "b"}},
            "spec.kafka",
            "deadLetterTopic must not be one of the topics that the job reads",
        ),
        (
            {"upgrade": {"strategy": "overlap", "mode": "savepoint"}},
            "spec.upgrade",
            "strategy overlap needs mode stateless",
        ),
        ({"cassandra": {"layout": "wide"}}, "spec.cassandra.layout", '"flat", "map"'),
        ({"cassandra": {"ttl": -5}}, "spec.cassandra.ttl", "greater than or equal to 0"),
        ({"cassandra": {"keyspace": "a-b"}}, "spec.cassandra.keyspace", "a Cassandra name"),
        (
            {"cassandra": {"schema": {"replication": {"dc1": 3}}}},
            "spec.cassandra.schema.replication",
            "needs class",
        ),
        (
            {
                "cassandra": {
                    "contactPoints": ["c:1"],
                    "secureConnectBundle": {"secretName": "astra"},
                }
            },
            "spec.cassandra",
            "contactPoints must be absent with secureConnectBundle",
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
        (
            {"kafka": {"clientOptions": {"isolation.level": "read_uncommitted"}}},
            "spec.kafka.clientOptions",
            "names an option that cannot be set",
        ),
        ({"checkpoints": {"interval": "9999999h"}}, "spec.checkpoints.interval", "10s or 5min"),
        ({"flink": {"podTemplate": {"spec": 1}}}, "spec.flink.podTemplate.spec", "object"),
        (
            {"flink": {"podTemplate": {"spec": {"volumes": [{"emptyDir": {}}]}}}},
            "spec.flink.podTemplate.spec.volumes[0].name",
            "Required value",
        ),
        (
            {"flink": {"podTemplate": {"spec": {"containers": 5}}}},
            "spec.flink.podTemplate.spec.containers",
            "must be of type array",
        ),
        ({"kafak": {}}, "spec.kafak", "unknown field"),
    ],
)
def test_the_api_server_refuses(
    namespace: Namespace, spec: dict[str, Any], field: str, fix: str
) -> None:
    said = refusal(namespace, job(**spec))
    assert field in said
    assert fix in said


@pytest.mark.parametrize("name", ["a" * 46, "1job", "job.x"])
def test_the_api_server_refuses_a_name_that_no_flink_deployment_may_have(
    namespace: Namespace, name: str
) -> None:
    assert "metadata.name must be at most 45" in refusal(namespace, job(name))


def test_kubectl_reads_scalars_as_the_recorded_table_says() -> None:
    table = (DATA / "yaml-scalars.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in table if not line.endswith("\trefused")]
    spec = "".join(f"  - {scalar}\n" for scalar, _ in rows)
    document = f"apiVersion: a/v1\nkind: A\nmetadata: {{name: a}}\nspec:\n{spec}"
    nothing = ("--local", "--type=merge", "--patch={}", "--output=json", "--filename=-")
    # As floats: kubectl keeps no integer beyond 64 bits.
    found = json.loads(kubectl("patch", *nothing, stdin=document), parse_int=float)["spec"]
    assert found == [json.loads(expected, parse_int=float) for _, expected in rows]


def test_the_environment_of_a_job_cannot_be_changed(namespace: Namespace) -> None:
    namespace.apply(job())
    said = refusal(namespace, job(environment="staging"))
    assert "spec.environment" in said
    assert "create a job of another name" in said
