"""Rows of one call by program, until they fill a request. What is kept here is not sent yet."""

from __future__ import annotations

from collections.abc import Iterable

from program_user_info_job.store.needed_rows import EncodedRow

Rows = list[EncodedRow]


class GatheredRows:
    """Rows that wait for more of their program.

    What a request costs Cassandra depends little on how many rows it has, so a program's rows wait
    for each other as long as more of them are expected.
    """

    def __init__(self, full: int) -> None:
        self._full = full
        self._by_program: dict[str, Rows] = {}

    def add(self, rows: Iterable[EncodedRow]) -> list[Rows]:
        """Take rows in; return, program by program, those that fill a request now."""
        filled: list[Rows] = []
        waiting = self._by_program
        for row in rows:
            program = row.program_id
            gathered = waiting.get(program)
            if gathered is None:
                gathered = waiting[program] = []
            gathered.append(row)
            if len(gathered) == self._full:
                filled.append(waiting.pop(program))
        return filled

    def take(self, programs: Iterable[str]) -> list[Rows]:
        """Return what waits of these programs, full or not."""
        taken = (self._by_program.pop(program, None) for program in programs)
        return [rows for rows in taken if rows is not None]

    def take_all(self) -> list[Rows]:
        """Return what waits, program by program, full or not."""
        taken = list(self._by_program.values())
        self._by_program.clear()
        return taken
