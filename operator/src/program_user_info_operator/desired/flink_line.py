"""Lines of Flink, such as v1_20 and v2_2: their order, and what differs between generations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class StateOptions:
    """Names of the options that say where state goes."""

    checkpoints: str
    savepoints: str


_OLD_NAMES = StateOptions("state.checkpoints.dir", "state.savepoints.dir")
# Flink 1.20 and 2 read the old names as well, with a warning. But Flink operators before 1.10,
# which look at these options themselves, know the old names only.
_NEW_NAMES = StateOptions("execution.checkpointing.dir", "execution.checkpointing.savepoint-dir")


def state_options(line: str) -> StateOptions:
    """The names that this line of Flink, and every Flink operator that runs it, reads."""
    return _OLD_NAMES if generation(line) == 1 else _NEW_NAMES


def savepoint_directory(options: dict[str, str]) -> str | None:
    """Where a deployment with these options puts its savepoints, whatever its generation."""
    return options.get(_NEW_NAMES.savepoints) or options.get(_OLD_NAMES.savepoints)


def generation(line: str) -> int:
    """1 of v1_20, 2 of v2_2. State does not pass from one to the other."""
    return _numbers(line)[0]


def newest_first(lines: Iterable[str]) -> list[str]:
    """v2_2 before v1_20 before v1_9."""
    return sorted(lines, key=_numbers, reverse=True)


def tag_suffix(line: str) -> str:
    """What the tag of a bundled image ends in: -flink1.20."""
    return f"-flink{dotted(line)}"


def dotted(line: str) -> str:
    """1.20 of v1_20, as people write it."""
    return line.removeprefix("v").replace("_", ".")


def _numbers(line: str) -> tuple[int, ...]:
    return tuple(int(number) for number in line.removeprefix("v").split("_"))
