"""A table in memory, and the events that the job writes into it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.record import process
from program_user_info_job.row.event_to_row import Origin, Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.layout import LAYOUTS
from program_user_info_job.store.table_scan import Cells
from tests.configuration import DOCUMENT
from tests.unit.job.events import NOW, event

Key = tuple[str, str]


class Table:
    """A table, written as the job would write it."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._rows: dict[Key, Folded] = {}
        self._columns = LAYOUTS[config.cassandra.layout].columns

    def write(self, payload: bytes, offset: int = 0, moment: int = NOW, now: int = NOW) -> None:
        """What becomes of a record that is read at a time."""
        row = process(payload, Origin(offset, moment), mapping_rules(self._config), now)
        if isinstance(row, Row):
            folded = self._rows.setdefault((row.program_id, row.user_id), Folded())
            folded.add(row, self._columns)

    def find(self, key: Key) -> Cells | None:
        folded = self._rows.get(key)
        if folded is None or not folded.exists:
            return None
        names = dict.fromkeys(self._columns)
        return names | {"program_id": key[0], "user_id": key[1]} | folded.values()

    def scan(self, done: Callable[[float], None]) -> Iterator[Cells]:
        done(1.0)
        for key in self._rows:
            row = self.find(key)
            if row is not None:
                yield row


def configured(**sections: dict[str, Any]) -> Config:
    parts = DOCUMENT | {
        "kafka": DOCUMENT["kafka"] | sections.get("kafka", {}),
        "cassandra": DOCUMENT["cassandra"] | sections.get("cassandra", {}),
        "writes": {"futureBound": 60} | sections.get("writes", {}),
    }
    return msgspec.convert(parts, Config)


def payload(user: str, **fields: Any) -> bytes:
    return msgspec.json.encode(event(userId=user, **fields))
