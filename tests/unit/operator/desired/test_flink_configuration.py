"""Flink's options: those of the operator, and a user's own on top."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.revisions.revision import storage
from tests.unit.operator.specs import CR, resolved, with_fields


@pytest.mark.parametrize(
    ("line", "checkpoints", "savepoints"),
    [
        ("v1_20", "state.checkpoints.dir", "state.savepoints.dir"),
        ("v2_2", "execution.checkpointing.dir", "execution.checkpointing.savepoint-dir"),
    ],
)
def test_where_state_goes_is_said_by_the_names_that_the_line_reads(
    line: str, checkpoints: str, savepoints: str
) -> None:
    spec = resolved(with_fields(checkpoints={"storage": "s3://b"})).spec
    options = flink_configuration(spec, line)
    assert {key: value for key, value in options.items() if value.startswith("s3:")} == {
        checkpoints: "s3://b/checkpoints",
        savepoints: "s3://b/savepoints",
    }
    assert {checkpoints, savepoints} <= set(OWNED_OPTIONS)
    assert storage({"flinkConfiguration": options}) == ("s3://b/savepoints", None, None)


def test_the_jvm_compiles_for_a_start_and_a_job_may_choose_otherwise() -> None:
    own = {"env.java.opts.taskmanager": "-XX:TieredStopAtLevel=4"}
    options = flink_configuration(resolved(with_fields(flink={"configuration": own})).spec, "v2_2")
    assert options["env.java.opts.all"].split()[-1] == "-XX:TieredStopAtLevel=1"
    assert options.items() >= own.items()


def options(**fields: Any) -> dict[str, str]:
    return flink_configuration(resolved(with_fields(**fields)).spec, "v2_2")


def test_a_claim_is_a_folder_of_the_pods() -> None:
    found = options(checkpoints={"storage": "claim:state"})
    assert found["execution.checkpointing.dir"] == (
        "file:///var/lib/program-user-info-job/checkpoints"
    )


def test_a_slash_at_the_end_of_the_storage_is_none_too_many() -> None:
    plain, with_slash = (
        options(checkpoints={"storage": text}) for text in ("s3://b/p", "s3://b/p/")
    )
    assert plain == with_slash


STATE_OPTIONS = {
    "kubernetes.operator.job.savepoint-on-deletion",
    "high-availability.type",
    "high-availability.storageDir",
    "jobmanager.scheduler",
    "pipeline.max-parallelism",
}


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({}, {}),
        (
            {"deletion": {"savepoint": True}},
            {"kubernetes.operator.job.savepoint-on-deletion": "true"},
        ),
        ({"upgrade": {"mode": "savepoint"}}, {}),
        (
            {"upgrade": {"mode": "last-state"}},
            {
                "high-availability.type": "kubernetes",
                "high-availability.storageDir": "s3://b/high-availability",
            },
        ),
        ({"autoscaling": {"maxParallelism": 4}}, {}),
        (
            {"autoscaling": {"enabled": True, "maxParallelism": 4}},
            {"jobmanager.scheduler": "adaptive", "pipeline.max-parallelism": "4"},
        ),
    ],
)
def test_an_option_is_there_only_for_the_field_that_asks_for_it(
    fields: dict[str, Any], told: dict[str, str]
) -> None:
    found = options(checkpoints={"storage": "s3://b"}, **fields)
    assert {name: found[name] for name in STATE_OPTIONS & found.keys()} == told


def test_without_storage_nothing_is_said_of_state() -> None:
    assert not [name for name in options() if "checkpoint" in name or "savepoint" in name]


def test_the_autoscaler_has_the_bounds_that_the_spec_has() -> None:
    autoscaling = {
        "enabled": True,
        "minParallelism": 2,
        "maxParallelism": 6,
        "targetUtilization": 0.8,
    }
    found = options(autoscaling=autoscaling)
    prefix = "job.autoscaler."
    assert {name: value for name, value in found.items() if name.startswith(prefix)} == {
        "job.autoscaler.enabled": "true",
        "job.autoscaler.target.utilization": "0.8",
        "job.autoscaler.vertex.max-parallelism": "6",
        "job.autoscaler.vertex.min-parallelism": "2",
    }


def test_kafkas_client_may_ask_the_token_endpoint_and_no_other() -> None:
    url = "https://login.example/token"
    security = {
        "protocol": "SASL_SSL",
        "saslMechanism": "OAUTHBEARER",
        "tokenEndpoint": url,
        "credentials": {"secretName": "client"},
    }
    words = options(kafka=CR["kafka"] | {"security": security})["env.java.opts.all"].split()
    assert words[-1] == f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={url}"
    assert not any("allowed.urls" in word for word in options()["env.java.opts.all"].split())


def test_each_value_is_a_text_as_flink_reads_it() -> None:
    found = options(autoscaling={"enabled": True}, checkpoints={"storage": "s3://b"})
    assert all(isinstance(value, str) for value in found.values())
