"""Changes that would lose events or spoil a table are refused, with the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_REWINDS = ("committed", "earliest")


@dataclass(frozen=True)
class Refusal:
    """`reason` for the condition; `message` says what would happen and what to do instead."""

    reason: str
    message: str


def refuse_change(old: Mapping[str, Any], new: Mapping[str, Any]) -> Refusal | None:
    """Compare two configurations of the job (as in `desired.job_config`), or allow the change."""
    return _refuse_table(old, new) or _refuse_offsets(old["kafka"], new["kafka"])


def _refuse_table(old: Mapping[str, Any], new: Mapping[str, Any]) -> Refusal | None:
    before, after = old["cassandra"], new["cassandra"]
    name = _table(before)
    if _table(after) == name and after["layout"] != before["layout"]:
        return Refusal(
            "IncompatibleTable",
            f"table {name} was made with layout {before['layout']}, and {after['layout']} does not"
            " fit it: set cassandra.table to a new name and kafka.startingOffsets to earliest, so"
            " that the topic fills it",
        )
    same_group = new["kafka"]["groupId"] == old["kafka"]["groupId"]
    same_topics = _topics(new["kafka"]) == _topics(old["kafka"])
    from_the_start = new["kafka"]["startingOffsets"] == "earliest"
    if _table(after) != name and same_group and same_topics and not from_the_start:
        return Refusal(
            "IncompatibleOffsets",
            f"table {_table(after)} would only get what group {new['kafka']['groupId']} has not"
            f" written to {name}: set kafka.startingOffsets to earliest, or another kafka.groupId",
        )
    return None


def _refuse_offsets(before: Mapping[str, Any], after: Mapping[str, Any]) -> Refusal | None:
    same_group = after["groupId"] == before["groupId"]
    if same_group or _topics(after) != _topics(before) or after["startingOffsets"] in _REWINDS:
        return None
    return Refusal(
        "IncompatibleOffsets",
        f"group {after['groupId']} would start at {after['startingOffsets']} and skip what group"
        f" {before['groupId']} has not read yet: set kafka.startingOffsets to committed; events"
        " that are read twice do no harm",
    )


def _topics(kafka: Mapping[str, Any]) -> set[str]:
    return {kafka["topic"], *kafka.get("additionalTopics", ())}


def _table(cassandra: Mapping[str, Any]) -> str:
    return f"{cassandra['keyspace']}.{cassandra['table']}"
