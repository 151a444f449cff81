"""What a table must hold, on disk: a topic has more keys than a pod has memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec

from program_user_info_job.config.model import Config
from program_user_info_job.failure import NAME_ANOTHER, StateFileUnusable
from program_user_info_job.row.event_to_row import Row
from program_user_info_job.row.fold import Folded
from program_user_info_job.row.layout import LAYOUTS

Key = tuple[str, str]

_TABLES = """
CREATE TABLE IF NOT EXISTS folded (program TEXT, user TEXT, cells BLOB, PRIMARY KEY (program, user))
  WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS position (topic TEXT, partition INT, next INT,
  PRIMARY KEY (topic, partition)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, id TEXT, trimmed INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS made_with (configuration TEXT);
"""


@contextmanager
def open_expected(file: Path | None, config: Config) -> Iterator[Expected]:
    """What is folded so far, kept in `file` or, without one, for this run only.

    Raises `StateFileUnusable`, also where the file cannot be written later on.
    """
    try:
        with closing(Expected(file, config)) as expected:
            yield expected
    except sqlite3.Error as error:
        if file is None:
            why = f"the folded topic cannot be kept ({error}); name a file by --state"
        else:
            why = f"--state: {file}: {error}; {NAME_ANOTHER}"
        raise StateFileUnusable(why) from error


class Expected:
    """The fold of all rows taken in so far, and how far each partition has been read.

    Raises `StateFileUnusable` where the file is of other topics, another layout or other rules.
    """

    def __init__(self, file: Path | None, config: Config) -> None:
        self._file = file
        self._columns = LAYOUTS[config.cassandra.layout].columns
        # Without a name SQLite uses a file of its own that is gone afterwards.
        self._database = sqlite3.connect(file or "")
        self._database.executescript(_TABLES)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Folded).decode
        self._check(_configuration(config))

    def add(self, row: Row, *, certain: bool) -> None:
        """Take one row in, which was written or, if not certain, may have been."""
        folded = self.find((row.program_id, row.user_id)) or Folded()
        folded.add(row, self._columns, certain=certain)
        self._database.execute(
            "REPLACE INTO folded VALUES (?, ?, ?)",
            (row.program_id, row.user_id, self._encode(folded)),
        )

    def find(self, key: Key) -> Folded | None:
        """What is known of a key."""
        query = "SELECT cells FROM folded WHERE program = ? AND user = ?"
        found = self._database.execute(query, key).fetchone()
        return None if found is None else self._decode(found[0])

    def all_keys(self) -> Iterator[Key]:
        """The program and user of each fold, in no order."""
        yield from self._database.execute("SELECT program, user FROM folded")

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

    def check_topic(self, topic: str, topic_id: str) -> None:
        """Raise `StateFileUnusable` if the topic that was read before had another id."""
        self._database.execute("INSERT OR IGNORE INTO topic VALUES (?, ?, 0)", (topic, topic_id))
        query = "SELECT id FROM topic WHERE name = ?"
        (known,) = self._database.execute(query, (topic,)).fetchone()
        if known != topic_id:
            raise self.of_another_topic(topic)

    def of_another_topic(self, topic: str) -> StateFileUnusable:
        """The error of a topic that was created again."""
        return self._unusable(f"topic {topic} is another one than the one that was read before")

    def note_trimmed(self, topic: str) -> None:
        """Note that records of the topic were gone before they were read."""
        self._database.execute("UPDATE topic SET trimmed = 1 WHERE name = ?", (topic,))

    @property
    def is_whole(self) -> bool:
        """Whether every record that the topics ever had was read."""
        query = "SELECT 1 FROM topic WHERE trimmed LIMIT 1"
        return self._database.execute(query).fetchone() is None

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _check(self, configuration: str) -> None:
        found = self._database.execute("SELECT configuration FROM made_with").fetchone()
        is_new = self._database.execute("SELECT 1 FROM position LIMIT 1").fetchone() is None
        if found is None and is_new:
            self._database.execute("INSERT INTO made_with VALUES (?)", (configuration,))
        elif found != (configuration,):
            self.close()
            raise self._unusable("it was made with another configuration")

    def _unusable(self, why: str) -> StateFileUnusable:
        if self._file is None:
            return StateFileUnusable(f"{why}; start again")
        return StateFileUnusable(f"--state: {self._file}: {why}; remove the state file")


def _configuration(config: Config) -> str:
    """What decides on the fold: another topic, layout or rule makes another one."""
    cassandra = config.cassandra
    parts = {
        "topics": sorted(config.kafka.topics),
        "layout": cassandra.layout,
        "deletes": cassandra.deletes,
        "missingProfile": cassandra.missing_profile,
        "futureBound": config.writes.future_bound,
    }
    return msgspec.json.encode(parts).decode()
