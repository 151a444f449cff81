"""The Flink options that are the operator's or the job's own."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.api.flink_options import OWNED_OPTIONS
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.flink_line import state_options
from tests.unit.operator.specs import resolved, unresolved, with_fields

# A user may choose another reporter or port for metrics, another way to scale, and whether the
# Flink operator restarts a failed job.
LEFT_TO_USERS = ("metrics.", "job.autoscaler.", "jobmanager.", "pipeline.", "kubernetes.operator.")


def test_they_are_listed_in_order_and_each_once() -> None:
    assert list(OWNED_OPTIONS) == sorted(set(OWNED_OPTIONS))


@pytest.mark.parametrize("option", OWNED_OPTIONS)
def test_none_of_them_can_be_set_by_a_user(option: str) -> None:
    (message,) = unresolved(with_fields(flink={"configuration": {option: "x"}})).messages
    assert message == (
        f"flink.configuration: {option} is set by the operator; use the field of spec instead"
    )


@pytest.mark.parametrize("line", ["v1_20", "v2_2"])
def test_whatever_the_operator_sets_is_among_them_unless_a_user_may_choose(line: str) -> None:
    fields: dict[str, Any] = {
        "checkpoints": {"storage": "s3://b"},
        "upgrade": {"mode": "last-state"},
        "deletion": {"savepoint": True},
        "autoscaling": {"enabled": True},
    }
    options = flink_configuration(resolved(with_fields(**fields)).spec, line)
    others = options.keys() - set(OWNED_OPTIONS)
    assert {name for name in others if not name.startswith(LEFT_TO_USERS)} == {
        # Whether checkpoints stay when a job is cancelled is a matter of the bucket's cost.
        "execution.checkpointing.externalized-checkpoint-retention"
    }


@pytest.mark.parametrize("line", ["v1_20", "v2_2"])
def test_where_state_goes_is_the_operators_under_either_generations_names(line: str) -> None:
    names = state_options(line)
    assert {names.checkpoints, names.savepoints} <= set(OWNED_OPTIONS)
