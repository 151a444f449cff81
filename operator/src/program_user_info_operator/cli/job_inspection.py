"""A job's revisions, and where its values came from, as tables for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from program_user_info_operator.api.status import JobStatus

Object = dict[str, Any]

_NONE = "-"
_STYLES = {"Stable": "green", "Pending": "yellow", "RolledBack": "bold red"}


def history(job: Object) -> RenderableType:
    """A line for each revision, the newest first; below, why revisions were rolled back."""
    status = JobStatus.model_validate(job.get("status") or {})
    if not status.revisions:
        return Text("no revision yet; see `kubectl describe puij`")
    table = _table("revision", "started", "cause", "outcome", "image")
    reasons = []
    for each in reversed(status.revisions):
        table.add_row(
            f"{each.number}{' (good)' if each.number == status.last_good_revision else ''}",
            f"{each.started:%Y-%m-%d %H:%M:%S}Z",
            str(each.cause),
            Text(str(each.outcome), _STYLES.get(str(each.outcome), "")),
            each.image,
        )
        if each.reason:
            reasons.append(Text(f"revision {each.number}: {each.reason}"))
    return Group(table, *([Text(), *reasons] if reasons else []))


def explanation(job: Object) -> RenderableType:
    """The condition, then the fields that the job or its profile sets, and which of them does."""
    status = JobStatus.model_validate(job.get("status") or {})
    true = next((each for each in status.conditions if each.status == "True"), None)
    said = f"{true.type}: {true.reason}: {true.message}" if true else "not seen by a controller"
    table = _table("field", "source", "value")
    for path, source in status.sources.items():
        if source != "default":
            table.add_row(path, source, _value(job["spec"], path.split(".")))
    resolved = {
        "topic": status.topic,
        "group": status.group_id,
        "dead letters": status.dead_letter_topic,
        "table": f"{status.keyspace}.{status.table}" if status.table else None,
        "image": status.image,
    }
    rows = [Text(f"{name}: {value or _NONE}") for name, value in resolved.items()]
    return Group(Text(said), Text(), *rows, Text(), table)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column.upper(), overflow="fold")
    return table


def _value(spec: Object, path: Iterable[str]) -> str:
    """The job's own value; a profile's is not in the job."""
    found: Any = spec
    for part in path:
        found = found.get(part) if isinstance(found, dict) else None
    return _NONE if found is None else str(found)
