"""Changes that would lose events or corrupt a table are refused, with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.desired.flink_line import dotted, generation
from program_user_info_operator.desired.job_config import read_configuration
from program_user_info_operator.revisions.revision import Revision

_REWINDS = ("committed", "earliest")
_MAX_PARALLELISM = "pipeline.max-parallelism"


def refuse_change(old: Revision, new: Revision, mode: str) -> Refusal | None:
    """Compare two revisions of a job with this `upgrade.mode`; None allows the change."""
    before, after = read_configuration(old.config), read_configuration(new.config)
    return (
        _refuse_table(before, after)
        or _refuse_offsets(before["kafka"], after["kafka"])
        or refuse_other_flink(old.runtime.line, new.runtime.line, mode)
        or _refuse_max_parallelism(old, new, mode)
    )


def refuse_other_flink(old: str, new: str, mode: str) -> Refusal | None:
    """Compare two lines of Flink, for a job with this `upgrade.mode`."""
    if mode == "stateless" or generation(old) == generation(new):
        return None
    return Refusal(
        "IncompatibleState",
        f"flink.version: Flink {dotted(new)} cannot read the state that Flink {dotted(old)} has"
        f" written, and upgrade.mode is {mode}: set upgrade.mode to stateless together with"
        " flink.version, and set it back once the job runs; nothing is lost, because Kafka has"
        " the offsets",
    )


def _refuse_max_parallelism(old: Revision, new: Revision, mode: str) -> Refusal | None:
    """The number of key groups of a state is fixed (Flink's documentation, "Max Parallelism")."""
    before, after = (
        (each.deployment.get("flinkConfiguration") or {}).get(_MAX_PARALLELISM)
        for each in (old, new)
    )
    if mode == "stateless" or before == after:
        return None
    return Refusal(
        "IncompatibleState",
        f"{_MAX_PARALLELISM}: state written with {before or 'its default'} cannot be read with"
        f" {after or 'its default'}, and upgrade.mode is {mode}; keep autoscaling.maxParallelism"
        " and flink.configuration as they were, or set upgrade.mode to stateless in the same edit:"
        " nothing is lost, because Kafka has the offsets",
    )


def _refuse_table(old: Mapping[str, Any], new: Mapping[str, Any]) -> Refusal | None:
    before, after = old["cassandra"], new["cassandra"]
    name = _table(before)
    if _table(after) == name and after["layout"] != before["layout"]:
        return Refusal(
            "IncompatibleTable",
            f"table {name} has layout {before['layout']}, which {after['layout']} does not fit: set"
            " cassandra.table to a new name and kafka.startingOffsets to earliest, so that the job"
            " fills the new table from the topic",
        )
    same_group = new["kafka"]["groupId"] == old["kafka"]["groupId"]
    same_topics = _topics(new["kafka"]) == _topics(old["kafka"])
    from_the_start = new["kafka"]["startingOffsets"] == "earliest"
    if _table(after) != name and same_group and same_topics and not from_the_start:
        return Refusal(
            "IncompatibleOffsets",
            f"table {_table(after)} would lack the events that group {new['kafka']['groupId']} has"
            f" already written to {name}: set kafka.startingOffsets to earliest, or set another"
            " kafka.groupId",
        )
    return None


def _refuse_offsets(before: Mapping[str, Any], after: Mapping[str, Any]) -> Refusal | None:
    same_group = after["groupId"] == before["groupId"]
    if same_group or _topics(after) != _topics(before) or after["startingOffsets"] in _REWINDS:
        return None
    return Refusal(
        "IncompatibleOffsets",
        f"group {after['groupId']} would start at {after['startingOffsets']} and skip the events"
        f" that group {before['groupId']} has not read yet: set kafka.startingOffsets to committed;"
        " events that are read twice are harmless",
    )


def _topics(kafka: Mapping[str, Any]) -> set[str]:
    return {kafka["topic"], *kafka.get("additionalTopics", ())}


def _table(cassandra: Mapping[str, Any]) -> str:
    return f"{cassandra['keyspace']}.{cassandra['table']}"
