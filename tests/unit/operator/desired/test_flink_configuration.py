"""Flink's options: those of the operator, and a user's own on top."""

from __future__ import annotations

import pytest

from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.revisions.revision import storage
from tests.unit.operator.specs import resolved, with_fields


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
