"""Rows of one call by program, until they fill a request. What is kept here is not sent yet."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from program_user_info_job.store.needed_rows import Indexed


class GatheredRows:
    """Rows that wait for more of their program.

    What a request costs Cassandra depends little on how many rows it has, so a program's rows wait
    for each other as long as there is more to map.
    """

    def __init__(self, full: int) -> None:
        self._full = full
        self._by_program: defaultdict[str, list[Indexed]] = defaultdict(list)

    def add(self, rows: Iterable[Indexed]) -> list[list[Indexed]]:
        """Take rows in; return, program by program, those that fill a request now."""
        filled = []
        for item in rows:
            program = item.row.program_id
            gathered = self._by_program[program]
            gathered.append(item)
            if len(gathered) == self._full:
                filled.append(self._by_program.pop(program))
        return filled

    def take_all(self) -> list[list[Indexed]]:
        """Return what waits, program by program, full or not."""
        taken = list(self._by_program.values())
        self._by_program.clear()
        return taken
