"""What a table must hold, on disk: a topic has more keys than a pod has memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import msgspec

from program_user_info_job.row.convert import Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.layout import CqlType

Key = tuple[str, str]

_TABLES = """
CREATE TABLE IF NOT EXISTS folded (program TEXT, user TEXT, cells BLOB, PRIMARY KEY (program, user))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (topic TEXT, partition INT, next INT,
  PRIMARY KEY (topic, partition)) WITHOUT ROWID;
"""


class Expected:
    """The fold of all rows taken in so far, and how far each partition has been read."""

    def __init__(self, file: Path | None, columns: dict[str, CqlType]) -> None:
        self._columns = columns
        # Without a name SQLite uses a file of its own that is gone afterwards.
        self._database = sqlite3.connect(file or "")
        self._database.executescript(_TABLES)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Folded).decode

    def add(self, row: Row) -> None:
        """Take one row in."""
        folded = self.find((row.program_id, row.user_id)) or Folded()
        folded.add(row, self._columns)
        self._database.execute(
            "REPLACE INTO folded VALUES (?, ?, ?)",
            (row.program_id, row.user_id, self._encode(folded)),
        )

    def find(self, key: Key) -> Folded | None:
        """What is known of a key."""
        query = "SELECT cells FROM folded WHERE program = ? AND user = ?"
        found = self._database.execute(query, key).fetchone()
        return None if found is None else self._decode(found[0])

    def items(self) -> Iterator[tuple[Key, Folded]]:
        """Everything, in no order."""
        for program, user, cells in self._database.execute("SELECT * FROM folded"):
            yield (program, user), self._decode(cells)

    def position(self, topic: str, partition: int) -> int:
        """The next offset to read."""
        query = "SELECT next FROM position WHERE topic = ? AND partition = ?"
        found = self._database.execute(query, (topic, partition)).fetchone()
        return 0 if found is None else int(found[0])

    def keep(self, positions: dict[tuple[str, int], int]) -> None:
        """Save what was taken in, together with how far that is."""
        rows = [(topic, partition, place) for (topic, partition), place in positions.items()]
        self._database.executemany("REPLACE INTO position VALUES (?, ?, ?)", rows)
        self._database.commit()

    def close(self) -> None:
        """Close the file."""
        self._database.close()
