"""The recording of the quick start: every line appears, in order, and the film begins again."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest

from dev.documentation.recording import Run, draw
from dev.steps import StepFailed

SCREENS = [
    ("Install", [Run("helm install \\\n  name\n", "STATUS: deployed\nREVISION: 1\n")]),
    ("Look", [Run("kubectl get puij\n", "READY\nTrue\n"), Run("true\n", "x" * 150)]),
]
SVG = "{http://www.w3.org/2000/svg}"


def texts_of(picture: str) -> list[tuple[str | None, str]]:
    """Part and text of each line."""
    root = ElementTree.fromstring(picture)  # noqa: S314, it is our own
    return [
        (each.get("data-part"), "".join(each.itertext()).replace("\xa0", " ").strip())
        for each in root.iter(f"{SVG}text")
    ]


def lines_of(part: str, picture: str) -> list[str]:
    return [line for found, line in texts_of(picture) if found == part]


def test_a_command_appears_before_its_output() -> None:
    text = draw(SCREENS)
    assert [lines_of(f"s0p{part}", text) for part in range(3)] == [
        ["# Install"],
        ["$ helm install \\", "name"],
        ["STATUS: deployed", "REVISION: 1"],
    ]
    begins = [
        float(re.findall(rf"@keyframes {part}\{{.*?([\d.]+)%\{{opacity:1\}}", text)[-1])
        for part in ("s0p0", "s0p1", "s0p2", "s1p0", "s1p1", "s1p2", "s1p3", "s1p4")
    ]
    assert begins == sorted(begins)
    assert len(set(begins)) == len(begins)


def test_a_long_line_is_folded_and_stays_one_part() -> None:
    lines = lines_of("s1p4", draw(SCREENS))
    assert "".join(lines) == "x" * 150
    assert len(lines) == 2


def test_every_line_belongs_to_a_part_and_one_screen_is_there_without_animation() -> None:
    text = draw(SCREENS)
    parts = {part for part, _ in texts_of(text)}
    assert parts == {*(f"s0p{part}" for part in range(3)), *(f"s1p{part}" for part in range(5))}
    assert re.findall(r"^(?:\[data-part=\"(s\d)\"\]\{opacity:0\})+$", text, re.MULTILINE) == ["s0"]


def test_a_long_output_is_shortened() -> None:
    lines = lines_of("s0p2", draw([("Long", [Run("seq 40\n", "\n".join(map(str, range(40))))])]))
    assert lines == [*map(str, range(9)), "…"]


def test_what_does_not_fit_any_more_begins_a_screen() -> None:
    runs = [Run("a \\\n" * 20, "b\n"), Run("c \\\n" * 20, "d\n")]
    picture = draw([("Long", runs)])
    assert lines_of("s0p2", picture) == ["b"]
    assert lines_of("s1p0", picture) == ["# Long"]
    assert lines_of("s1p2", picture) == ["d"]


def test_a_command_that_does_not_fit_is_an_error_and_not_a_cut_picture() -> None:
    with pytest.raises(StepFailed, match="lines are more than"):
        draw([("Long", [Run("a \\\n" * 40, "")])])
