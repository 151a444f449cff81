"""A table as data: printed on a terminal, and written as Markdown for the documentation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console, JustifyMethod
from rich.table import Table

from dev.paths import REPOSITORY

MARKDOWN = REPOSITORY / "build" / "bench.md"


@dataclass(frozen=True)
class Grid:
    """Rows of text under a heading; all columns but the first are numbers."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def print_to(self, console: Console) -> None:
        """As a table."""
        table = Table(title=self.title)
        for number, column in enumerate(self.columns):
            justify: JustifyMethod = "right" if number else "left"
            table.add_column(column, justify=justify, no_wrap=number == 0)
        for row in self.rows:
            table.add_row(*row)
        console.print(table)

    def markdown(self) -> str:
        """As a paragraph and a table."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
        return f"{self.title}:\n\n{table}\n"


def show(console: Console, conditions: str, grids: Sequence[Grid]) -> None:
    """Print them, and add them to the file from which the documentation is filled."""
    console.print(conditions)
    for grid in grids:
        grid.print_to(console)
    MARKDOWN.parent.mkdir(exist_ok=True)
    with MARKDOWN.open("a", encoding="utf-8") as file:
        file.write("\n".join([f"{conditions}.\n", *(grid.markdown() for grid in grids)]) + "\n")


def grid(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Grid:
    """Of any sequences."""
    return Grid(title, tuple(columns), tuple(tuple(row) for row in rows))
