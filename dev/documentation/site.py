"""A hook of mkdocs: each cell of a table gets its column's heading as an attribute.

On a narrow screen the cells of a row stand below one another, each after its heading: see
`docs/assets/site.css`.
"""

from __future__ import annotations

import html
import re
from itertools import count

_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_CELL = re.compile(r"<td\b")
_TAG = re.compile(r"<[^>]+>")


def on_page_content(content: str, **_: object) -> str:
    """A page's HTML with the attribute `data-label` on each `td`; mkdocs calls this."""
    return _TABLE.sub(lambda table: _with_labels(table[0]), content)


def _with_labels(table: str) -> str:
    headings = [html.unescape(_TAG.sub("", each)) for each in _HEADING.findall(table)]
    return _ROW.sub(lambda row: _row(row[0], headings), table)


def _row(row: str, headings: list[str]) -> str:
    place = count()

    def cell(_: re.Match[str]) -> str:
        at = next(place)
        heading = headings[at] if at < len(headings) else ""
        return f'<td data-label="{html.escape(heading)}"'

    return _CELL.sub(cell, row)
