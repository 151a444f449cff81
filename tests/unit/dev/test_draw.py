"""Dashboards as pictures: legends, variables and units as Grafana would have them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure

from dev.documentation.monitoring import draw
from dev.documentation.monitoring.load import dashboard, means, tell
from dev.documentation.monitoring.prometheus import Series
from tests.monitoring import dashboards


class Source:
    """A Prometheus that answers everything with the same line."""

    def __init__(self, *labels: dict[str, str]) -> None:
        self._labels = labels
        self.asked: list[str] = []

    def query_range(self, expression: str, start: float, end: float) -> list[Series]:
        self.asked.append(expression)
        return [
            Series(each, [(start, 1.0), (end, float(n))]) for n, each in enumerate(self._labels)
        ]


PANEL: dict[str, Any] = {
    "title": "Rejected",
    "fieldConfig": {"defaults": {"unit": "bytes"}},
    "targets": [{"expr": 'sum(x{job=~"$job"})', "legendFormat": "{{ job }} {{reason}}"}],
}


def test_ready_is_green_and_stalled_is_red() -> None:
    panels = {panel["title"]: panel for board in dashboards() for panel in board["panels"]}
    colors = draw.fixed_colors(panels["Jobs by condition"])
    assert colors == {"Ready": "#56a64b", "Reconciling": "#e0b400", "Stalled": "#e02f44"}
    axes = Figure().add_subplot()
    lines = {name: Series({}, [(0.0, 1.0), (1.0, 1.0)]) for name in colors}
    draw.draw_panel(axes, panels["Jobs by condition"], lines)
    assert {line.get_label(): line.get_color() for line in axes.get_lines()} == colors


def test_a_description_says_more_than_the_title() -> None:
    told = [
        (panel["title"], panel["description"].rstrip("."))
        for board in dashboards()
        for panel in board["panels"]
    ]
    assert [title for title, description in told if title == description] == []


def test_variables_stand_for_all() -> None:
    source = Source({"job": "a", "reason": "r"})
    assert list(draw.read(PANEL, source, 0, 60)) == ["a r"]  # type: ignore[arg-type]
    assert source.asked == ['sum(x{job=~".*"})']


def test_a_legend_leaves_out_what_a_line_does_not_have() -> None:
    assert draw.legend("{{job}}: {{reason}}", {"job": "a"}) == "a: "


def test_a_panel_names_its_highest_lines_and_its_unit() -> None:
    axes = Figure().add_subplot()
    lines = {name: Series({}, [(0, 0.0), (60, n * 2.0**20)]) for n, name in enumerate("abcdef")}
    draw.draw_panel(axes, PANEL, lines)
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["f", "e", "d", "c"]
    assert axes.yaxis.get_major_formatter()(2.0**20) == "1 MiB"


def test_a_line_is_broken_where_there_was_nothing() -> None:
    axes = Figure().add_subplot()
    draw.draw_panel(axes, PANEL, {"a": Series({}, [(0, 1.0), (15, 1.0), (600, 1.0)])})
    assert [math.isnan(value) for value in np.asarray(axes.lines[0].get_ydata(), float)] == [
        *(False, False, True, False)
    ]


def test_what_is_no_number_is_not_drawn() -> None:
    axes = Figure().add_subplot()
    draw.draw_panel(axes, PANEL, {"a": Series({}, [(0, math.nan), (15, 3 * 2.0**20)])})
    assert axes.get_ylim() == pytest.approx((0, 3.3 * 2**20))


def test_a_panel_without_lines_says_so() -> None:
    axes = Figure().add_subplot()
    draw.draw_panel(axes, PANEL, {})
    assert [text.get_text() for text in axes.texts] == ["No data"]


@pytest.mark.parametrize(
    "drawn", [*dashboards(), dashboard("job")], ids=lambda each: each.get("title", "load")
)
def test_each_dashboard_can_be_drawn(drawn: dict[str, Any], tmp_path: Path) -> None:
    picture = tmp_path / "picture.png"
    source = Source({"lern_sunbird_org_job": "job"}, {})
    draw.draw_dashboard(drawn, source, 0, 3600, picture)  # type: ignore[arg-type]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert len(source.asked) == sum(len(panel["targets"]) for panel in drawn["panels"])


def test_figures_of_a_load_are_means_of_parts() -> None:
    points = [(0.0, 1.0), (30.0, 3.0), (60.0, math.nan), (61.0, 5.0), (180.0, 7.0)]
    assert means(Series({}, points), 0.0, 60.0) == [2.0, 5.0, 7.0]


def test_a_load_is_told_part_by_part_in_the_units_of_its_panels(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Loaded(Source):
        def query_range(self, expression: str, start: float, end: float) -> list[Series]:
            value = 1500.0 * 2**20 if "memory" in expression else 8700.0
            return [Series({"pod": "a"}, [(start, value), (start + 1800, 2 * value)])]

    tell("job", Loaded(), 0, 3600)  # type: ignore[arg-type]
    told = capsys.readouterr().err.splitlines()
    assert told[0] == "job, means of every 5.0 minutes, and the highest value:"
    assert told[1] == "Memory of the pods, a: 1,500 MiB, 3,000 MiB, 3,000 MiB"
    assert told[2] == "Rows written, job: 8.7k/s, 17.4k/s, 17.4k/s"
    assert told[3] == "CPU per event, TaskManager, Python: 8700 µs, 17400 µs, 17400 µs"
    assert len(told) == 6
