"""Grafana's dashboards, drawn from a Prometheus: each panel's own expressions, title and unit."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter, date2num
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, MultipleLocator

from dev.documentation.monitoring.prometheus import SCRAPE_SECONDS, Prometheus, Series

Object = Mapping[str, Any]

_COLUMNS = 24
"""Of Grafana's grid."""
_WIDTH, _ROW = 12.0, 0.36
"""Inches: of the picture, and of a row of Grafana's grid."""
_LEFT, _RIGHT, _TOP, _BOTTOM = 0.75, 0.2, 0.4, 0.8
"""Inches of a panel beside, above and below its lines; the legend is below."""
_NAMED = 4
"""Lines that a legend names, the highest ones first."""
_MIB = 1 << 20


def _count(value: float) -> str:
    return f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}"


UNITS: Mapping[str, Callable[[float], str]] = {
    "short": _count,
    "ops": lambda value: f"{_count(value)}/s",
    "eps": lambda value: f"{_count(value)}/s",
    "reqps": lambda value: f"{_count(value)}/s",
    "s": lambda value: f"{value:g} s",
    "ms": lambda value: f"{value:g} ms",
    "µs": lambda value: f"{value:g} µs",
    "bytes": lambda value: f"{value / _MIB:,.0f} MiB",
    "percentunit": lambda value: f"{value:.0%}",
}
_STYLE = {
    "font.family": "DejaVu Sans",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": "#9aa0a6",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": "#e4e7eb",
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlesize": 9.5,
    "xtick.color": "#5f6368",
    "ytick.color": "#5f6368",
    "axes.prop_cycle": cycler(
        color=["#3274d9", "#e0752d", "#56a64b", "#a352cc", "#e02f44", "#8f6b00", "#00909e"]
    ),
    "legend.frameon": False,
    "legend.fontsize": 8,
}


def draw_dashboard(
    dashboard: Object, source: Prometheus, start: float, end: float, path: Path
) -> None:
    """The dashboard as Grafana would lay it out, with all of its variables at `All`."""
    panels = dashboard["panels"]
    rows = max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in panels)
    with mpl.rc_context(_STYLE):
        height = rows * _ROW
        figure = Figure(figsize=(_WIDTH, height))
        for panel in panels:
            place, column = panel["gridPos"], _WIDTH / _COLUMNS
            left = place["x"] * column + _LEFT
            bottom = height - (place["y"] + place["h"]) * _ROW + _BOTTOM
            across = place["w"] * column - _LEFT - _RIGHT
            up = place["h"] * _ROW - _TOP - _BOTTOM
            axes = figure.add_axes((left / _WIDTH, bottom / height, across / _WIDTH, up / height))
            draw_panel(axes, panel, read(panel, source, start, end))
            axes.set_xlim(*date2num([datetime.fromtimestamp(at, UTC) for at in (start, end)]))
        figure.savefig(path, dpi=100)


def read(panel: Object, source: Prometheus, start: float, end: float) -> dict[str, Series]:
    """The panel's lines by what their legend says."""
    return {
        legend(target.get("legendFormat", ""), series.labels): series
        for target in panel["targets"]
        for series in source.query_range(re.sub(r"\$\w+", ".*", target["expr"]), start, end)
    }


def legend(template: str, labels: Mapping[str, str]) -> str:
    """What Grafana makes of a legend's format."""
    return re.sub(r"{{\s*(\w+)\s*}}", lambda found: labels.get(found[1], ""), template)


def draw_panel(axes: Axes, panel: Object, lines: Mapping[str, Series]) -> None:
    """One panel: its lines over time, with its title and unit."""
    colors = fixed_colors(panel)
    for name, series in sorted(lines.items()):
        points = list(_with_gaps(series))
        moments = date2num([datetime.fromtimestamp(at, UTC) for at, _ in points])
        values = [value for _, value in points]
        (line,) = axes.plot(moments, values, label=name, linewidth=1.4, color=colors.get(name))
        axes.fill_between(moments, values, alpha=0.08, color=line.get_color())
    axes.set_title(panel["title"])
    unit = panel["fieldConfig"]["defaults"]["unit"]
    top = max(map(highest, lines.values()), default=0.0) or 1.0
    axes.set_ylim(0, top * 1.1)
    if unit == "bytes":
        axes.yaxis.set_major_locator(MultipleLocator(_round_mebibytes(top)))
    else:
        axes.yaxis.set_major_locator(MaxNLocator(4))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: UNITS[unit](value)))
    locator = AutoDateLocator(minticks=3, maxticks=6)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator, show_offset=False))
    if lines:
        _name_the_highest(axes, lines)
    else:
        axes.text(0.5, 0.5, "No data", transform=axes.transAxes, ha="center", color="#9aa0a6")


def fixed_colors(panel: Object) -> dict[str, str]:
    """Colours by the name of the line, where the panel gives them."""
    return {
        override["matcher"]["options"]: each["value"]["fixedColor"]
        for override in panel["fieldConfig"].get("overrides", [])
        for each in override["properties"]
        if each["id"] == "color"
    }


def highest(series: Series) -> float:
    """Of its values that are numbers: nothing over nothing is none."""
    return max((value for _, value in series.points if math.isfinite(value)), default=0.0)


def _with_gaps(series: Series) -> Iterator[tuple[float, float]]:
    """The points, and one without a value where the line has to be broken."""
    before = series.points[0][0]
    for at, value in series.points:
        if at - before > 2 * SCRAPE_SECONDS:
            yield at, math.nan
        yield at, value
        before = at


def _round_mebibytes(top: float) -> int:
    """Between two marks of an axis that ends there, in bytes: a power of two of MiB."""
    return int(_MIB * 2 ** max(0, round(math.log2(top / _MIB / 4))))


def _name_the_highest(axes: Axes, lines: Mapping[str, Series]) -> None:
    handles, names = axes.get_legend_handles_labels()
    ranked = sorted(
        zip(handles, names, strict=True),
        key=lambda pair: highest(lines[pair[1]]),
        reverse=True,
    )
    axes.legend(
        [handle for handle, _ in ranked[:_NAMED]],
        [name for _, name in ranked[:_NAMED]],
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.1),
        ncols=1 if any(len(name) > 24 for _, name in ranked[:_NAMED]) else 2,
        labelspacing=0.2,
    )
