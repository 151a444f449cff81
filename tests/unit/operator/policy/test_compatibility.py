"""Changes that would lose events or state, or corrupt a table: each refused with the way out."""

from __future__ import annotations

from typing import Any

import pytest

from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.policy.compatibility import refuse_change, refuse_other_flink
from tests.unit.operator.revisions import RUNTIME, revision

GROUP = {"kafka": {"groupId": "g"}}


def reason(
    old: dict[str, Any],
    new: dict[str, Any],
    mode: str = "stateless",
    runtimes: tuple[Runtime, Runtime] = (RUNTIME, RUNTIME),
) -> str | None:
    before, after = revision(runtimes[0], **old), revision(runtimes[1], **new)
    refusal = refuse_change(before, after, mode)
    return None if refusal is None else refusal.reason


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        # The table: another layout of the same one, and another one that lacks what was written.
        ({}, {"cassandra": {"layout": "map"}}, "IncompatibleTable"),
        ({}, {"cassandra": {"table": "t", "layout": "map"}}, "IncompatibleOffsets"),
        ({}, {"cassandra": {"table": "t"}}, "IncompatibleOffsets"),
        ({}, {"cassandra": {"keyspace": "k"}}, "IncompatibleOffsets"),
        ({}, {"cassandra": {"table": "t"}, "kafka": {"startingOffsets": "earliest"}}, None),
        (
            {},
            {"cassandra": {"table": "t"}, "kafka": {"startingOffsets": "latest"}},
            "IncompatibleOffsets",
        ),
        ({}, {"cassandra": {"table": "t"}, "kafka": {"groupId": "new"}}, None),
        ({}, {"cassandra": {"table": "t"}, "kafka": {"topic": "new"}}, None),
        ({}, {"cassandra": {"contactPoints": ["other:9042"]}}, None),
        ({}, {"cassandra": {"ttl": 60}}, None),
        # The group: another one that skips what the old one has not read.
        (GROUP, {"kafka": {"groupId": "h"}}, None),
        (GROUP, {"kafka": {"groupId": "h", "startingOffsets": "earliest"}}, None),
        (GROUP, {"kafka": {"groupId": "h", "startingOffsets": "latest"}}, "IncompatibleOffsets"),
        (
            GROUP,
            {"kafka": {"groupId": "h", "startingOffsets": "2026-01-01T00:00:00Z"}},
            "IncompatibleOffsets",
        ),
        (GROUP, {"kafka": {"groupId": "g", "startingOffsets": "latest"}}, None),
        (GROUP, {"kafka": {"groupId": "h", "topic": "t", "startingOffsets": "latest"}}, None),
        # The same topics, whichever of them is the first.
        (
            {"kafka": {"groupId": "g", "topic": "t", "additionalTopics": ["u"]}},
            {
                "kafka": {
                    "groupId": "h",
                    "topic": "u",
                    "additionalTopics": ["t"],
                    "startingOffsets": "latest",
                }
            },
            "IncompatibleOffsets",
        ),
    ],
)
def test_a_change_that_would_lose_or_mix_up_rows_is_refused(
    old: dict[str, Any], new: dict[str, Any], expected: str | None
) -> None:
    assert reason(old, new) == expected


def test_the_way_out_of_another_table_is_named_with_both_tables() -> None:
    refusal = refuse_change(revision(), revision(cassandra={"table": "t"}), "stateless")
    assert refusal is not None
    assert refusal.message == (
        "table sunbird_programs.t would lack the events that group dev-programuser-group has"
        " already written to sunbird_programs.program_enrollment: set kafka.startingOffsets to"
        " earliest, or set another kafka.groupId"
    )


KEY_GROUPS = {"flink": {"configuration": {"pipeline.max-parallelism": "8"}}}
OTHER_KEY_GROUPS = {"flink": {"configuration": {"pipeline.max-parallelism": "16"}}}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({}, KEY_GROUPS, "state written with its default cannot be read with 8"),
        (KEY_GROUPS, {}, "state written with 8 cannot be read with its default"),
        (KEY_GROUPS, OTHER_KEY_GROUPS, "state written with 8 cannot be read with 16"),
    ],
)
def test_state_is_bound_to_its_number_of_key_groups(
    old: dict[str, Any], new: dict[str, Any], told: str
) -> None:
    refusal = refuse_change(revision(**old), revision(**new), "savepoint")
    assert refusal is not None
    assert refusal.reason == "IncompatibleState"
    assert told in refusal.message
    assert reason(old, new) is None
    assert reason(new, new, "savepoint") is None


@pytest.mark.parametrize(
    ("old", "new", "mode", "is_refused"),
    [
        ("v1_20", "v2_2", "savepoint", True),
        ("v2_2", "v1_20", "last-state", True),
        ("v1_20", "v2_2", "stateless", False),
        ("v1_19", "v1_20", "savepoint", False),
        ("v2_0", "v2_2", "last-state", False),
    ],
)
def test_state_does_not_pass_from_one_generation_of_flink_to_another(
    old: str, new: str, mode: str, is_refused: bool
) -> None:
    refusal = refuse_other_flink(old, new, mode)
    assert (refusal is not None) is is_refused
    runtimes = tuple(
        Runtime("i", line, line, is_bundled=True, is_line_chosen=True) for line in (old, new)
    )
    found = reason({}, {}, mode, (runtimes[0], runtimes[1]))
    assert found == ("IncompatibleState" if is_refused else None)
