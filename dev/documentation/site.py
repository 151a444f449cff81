"""A hook of mkdocs that makes wide tables readable.

Each cell gets its column's heading as an attribute: on a narrow screen, the cells of a row are
below one another, each after its heading (`docs/assets/site.css`). Long names and messages in a
cell may be broken into lines.
"""

from __future__ import annotations

import html
import re
from itertools import count

_TABLE = re.compile(r"<table>.*?</table>", re.DOTALL)
_ROW = re.compile(r"<tr>.*?</tr>", re.DOTALL)
_HEADING = re.compile(r"<th\b[^>]*>(.*?)</th>", re.DOTALL)
_CELL = re.compile(r"<td\b(.*?</td>)", re.DOTALL)
_CODE = re.compile(r"<code>(.*?)</code>", re.DOTALL)
# Before a capital letter in a name, and after what joins words.
_JOINT = re.compile(r"(?<=[._/,=])(?=\w)|(?<=[a-z])(?=[A-Z])")
_WHOLE_NAME, _WHOLE = 40, 20
"""Letters of code that stay on one line: in the first column, which names things, and elsewhere."""
_TAG = re.compile(r"<[^>]+>")


def on_page_content(content: str, **_: object) -> str:
    """A page's HTML with its tables changed; mkdocs calls this."""
    return _TABLE.sub(lambda table: _with_labels(table[0]), content)


def _with_labels(table: str) -> str:
    headings = [html.unescape(_TAG.sub("", each)) for each in _HEADING.findall(table)]
    return _ROW.sub(lambda row: _row(row[0], headings), table)


def _row(row: str, headings: list[str]) -> str:
    place = count()

    def cell(found: re.Match[str]) -> str:
        at = next(place)
        heading = headings[at] if at < len(headings) else ""
        longest = _WHOLE if at else _WHOLE_NAME
        content = _CODE.sub(lambda code: _breakable(code[1], longest), found[1])
        return f'<td data-label="{html.escape(heading)}"{content}'

    return _CELL.sub(cell, row)


def _breakable(code: str, longest: int) -> str:
    text = html.unescape(code)
    if len(text) <= longest:
        return f"<code>{code}</code>"
    pieces = (html.escape(piece) for piece in _JOINT.split(text))
    return f'<code class="long">{"<wbr>".join(pieces)}</code>'
