"""Tries a sample of mutants and says which survived."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from itertools import chain

from rich.table import Table

from dev.mutation.mutants import EXPLAINED, explained, is_explained, sample
from dev.mutation.trials import FOLDER, Fate, fates
from dev.paths import REPOSITORY
from dev.steps import StepFailed, console

GOAL = 0.95
"""The part of the mutants that change something, and must be noticed."""


def try_sample(count: int, minutes: float, seed: int | None, only: str) -> None:
    """Raises `StepFailed` if the unit tests notice too few."""
    seed = random.randrange(10**6) if seed is None else seed
    known = explained()
    console.print(f"seed {seed}")
    found: dict[str, Counter[str]] = {}
    drawn = sample(count, seed, only)
    first = next(drawn)
    control = replace(first, text=first.file.read_text(encoding="utf-8"), diff="")
    mutants = chain([control, first], drawn)
    for mutant, fate in fates(mutants, os.cpu_count() or 1, minutes):
        if mutant is control:
            if fate is not Fate.SURVIVED:
                raise StepFailed(f"without any mutant, {fate.value}: read the newest in {FOLDER}")
            continue
        package = mutant.module.removeprefix("program_user_info_").rpartition(".")[0]
        what = "changes nothing" if is_explained(mutant, known) else fate.value
        found.setdefault(package, Counter())[what] += 1
        if what == Fate.SURVIVED.value:
            where = f"{mutant.file.relative_to(REPOSITORY)}:{mutant.lines.start}"
            console.print(f"survived: {where}\n{mutant.diff}", markup=False)
    columns = [*(each.value for each in Fate), "changes nothing"]
    table = Table("package", *columns)
    for package, counts in sorted(found.items()):
        table.add_row(package, *(str(counts[each]) for each in columns))
    console.print(table)
    total = sum(found.values(), Counter[str]())
    survived = total[Fate.SURVIVED.value]
    changing = total.total() - total["changes nothing"]
    part = 1 - survived / max(1, changing)
    console.print(f"{changing - survived} of {changing} were noticed: {part:.1%}")
    if part < GOAL:
        raise StepFailed(
            f"fewer than {GOAL:.0%}: write tests, or say in {EXPLAINED.relative_to(REPOSITORY)} "
            f"what changes nothing, and why (the tests' output is in {FOLDER})"
        )
