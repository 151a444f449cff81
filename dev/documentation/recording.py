"""The quick start as a picture: the commands of its page are run, and shown in a terminal.

Each section of the page begins a screen, and so does what no longer fits. The page's variables come
from the environment. Readers whose system asks for less motion, and viewers without animation, see
the last screen.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.text import Text

from dev.paths import REPOSITORY
from dev.steps import StepFailed, step

PAGE = REPOSITORY / "docs" / "quick-start.md"
PICTURE = REPOSITORY / "docs" / "pictures" / "quick-start.svg"
_SECTION = re.compile(r"^## (\d)\. (.+)$", re.MULTILINE)
_NOTHING_YET = re.compile(r"^\(0 rows\)|^0 events in", re.MULTILINE)
_ARRIVES_WITHIN = 120
"""Seconds until an event is a row."""
_BLANK = re.compile(r"<text [^>]*>\s*</text>")
_COMMANDS = re.compile(r"<!-- run in order -->\n```sh\n(.*?)```", re.DOTALL)
_SHOWN = range(2, 6)
"""Sections: without building the images, which is slow, and without upgrade and removal."""
_COLUMNS, _LINES = 104, 33
_LONGEST = 10
"""Lines of an output that are shown."""
_READING, _PER_LINE = 1.5, 0.15
"""Seconds that a command, or its output, stays alone on the screen; and more for each line."""


class Run(NamedTuple):
    """Commands of the page, and what they printed."""

    code: str
    output: str


class _Part(NamedTuple):
    """Lines of a screen that appear together, at this second."""

    lines: range
    second: float


def record() -> None:
    """Run the commands and draw them. Raises `StepFailed` if one of them fails."""
    sections: list[tuple[str, list[Run]]] = []
    page = _SECTION.split(PAGE.read_text(encoding="utf-8"))
    for number, heading, text in zip(page[1::3], page[2::3], page[3::3], strict=True):
        with step(f"{number}. {heading}"):
            runs = [_run(code) for code in _COMMANDS.findall(text)]
        if int(number) in _SHOWN:
            sections.append((heading, runs))
    PICTURE.write_text(draw(sections), encoding="utf-8")


def draw(sections: Iterable[tuple[str, Sequence[Run]]]) -> str:
    """An SVG that shows one screen after the other, and begins again."""
    screens = [(title, runs) for title, all_ in sections for runs in _fitting(all_)]
    drawn: list[str] = []
    styles: list[str] = []
    timed: list[tuple[str, float, float | None]] = []
    second = 0.0
    frame: list[str] = []
    for number, (heading, runs) in enumerate(screens):
        begin = second
        console, parts, second = _screen(heading, runs, begin)
        fields = "\0".join(f"{{{name}}}" for name in _FIELDS)
        frame = console.export_svg(title="", code_format=fields, unique_id=f"s{number}").split("\0")
        made = dict(zip(_FIELDS, frame, strict=True))
        matrix = _BLANK.sub("", made["matrix"])
        for index, part in enumerate(parts):
            name = f"s{number}p{index}"
            timed.append((name, part.second, None))
            for line in part.lines:
                clipped = f'clip-path="url(#s{number}-line-{line})"'
                matrix = matrix.replace(clipped, f'{clipped} data-part="{name}"')
        styles.append(made["styles"])
        timed.append((f"s{number}", begin, second if number + 1 < len(screens) else None))
        drawn.append(
            f'<g data-part="s{number}" class="s{number}-matrix">{made["lines"]}{matrix}</g>'
        )
    made = dict(zip(_FIELDS, frame, strict=True))
    shown = "\n".join(_keyframes(*each, total=second) for each in timed)
    hidden = "".join(f'[data-part="s{number}"]{{opacity:0}}' for number in range(len(screens) - 1))
    return _SVG.format(
        **made | {"styles": "\n".join(styles), "drawn": "\n".join(drawn)},
        shown=shown,
        hidden=hidden,
    )


def _run(code: str) -> Run:
    """Run the commands, again while what they ask for has not arrived yet."""
    path = f"{os.environ['PATH']}:{REPOSITORY / '.venv' / 'bin'}"
    end = time.monotonic() + _ARRIVES_WITHIN
    while True:
        done = subprocess.run(
            ["bash", "-c", f"set -eu -o pipefail\n{code}"],
            cwd=REPOSITORY,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or (_NOTHING_YET.search(done.stdout) and time.monotonic() > end):
            raise StepFailed(f"{code}\n{done.stdout}\n{done.stderr}")
        if not _NOTHING_YET.search(done.stdout):
            return Run(code, done.stdout)
        time.sleep(1)


def _fitting(runs: Iterable[Run]) -> Iterator[list[Run]]:
    """What a screen has room for, below its heading; each run with a blank line after it."""
    screen: list[Run] = []
    for run in map(_shortened, runs):
        needed = sum(_height(each) for each in [*screen, run])
        if screen and needed > _LINES - 2:
            yield screen
            screen = []
        screen.append(run)
    yield screen


def _height(run: Run) -> int:
    return sum(1 + len(line) // (_COLUMNS + 1) for line in f"{run.code}{run.output}\n".splitlines())


def _shortened(run: Run) -> Run:
    lines = run.output.strip().splitlines()
    if len(lines) > _LONGEST:
        lines = [*lines[: _LONGEST - 1], "…"]
    return Run(run.code, "\n".join(lines) + "\n")


def _screen(heading: str, runs: Iterable[Run], second: float) -> tuple[Console, list[_Part], float]:
    """The screen as it is in the end, the parts in which it fills, the second of its end."""
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True)
    parts: list[_Part] = []
    line = 0
    texts = [Text(f"# {heading}\n", "bold bright_black")]
    for run in runs:
        texts += [_prompt(run.code), Text(run.output)]
    for text in texts:
        text.overflow = "fold"
        height = len(console.render_lines(text, pad=False))
        console.print(text)
        parts.append(_Part(range(line, line + height), second))
        line += height
        second += 0.3 if text is texts[0] else _READING + _PER_LINE * height
    if line > _LINES:
        raise StepFailed(f"{heading}: {line} lines are more than the {_LINES} of the picture")
    console.print("\n" * (_LINES - line - 1))
    return console, parts, second + _READING


def _prompt(code: str) -> Text:
    lines = code.rstrip().splitlines()
    shown = [f"{'  ' if number else '$ '}{line}" for number, line in enumerate(lines)]
    return Text("\n".join(shown), "bold green")


def _keyframes(name: str, begin: float, end: float | None, total: float) -> str:
    """Visible from the one second to the other, in a film of `total` seconds."""
    steps = [(0.0, int(begin == 0)), (begin, 1), *([(end, 0)] if end is not None else [])]
    frames = "".join(f"{moment / total:.2%}{{opacity:{opacity}}}" for moment, opacity in steps)
    return (
        f'@keyframes {name}{{{frames}}} [data-part="{name}"]'
        f"{{animation:{name} {total:.1f}s step-end infinite}}"
    )


_FIELDS = (
    *("styles", "lines", "matrix", "chrome", "width", "height", "char_height", "line_height"),
    *("terminal_x", "terminal_y", "terminal_width", "terminal_height"),
)
_SVG = """<svg class="rich-terminal" viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<title>The quick start in a terminal</title>
<style>
text {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; white-space: pre }}
{styles}
{hidden}
@media (prefers-reduced-motion: no-preference) {{
{shown}
}}
</style>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})">
{drawn}
</g>
</svg>
"""
