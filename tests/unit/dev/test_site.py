"""The site's hook: tables that can be read on a narrow screen."""

from __future__ import annotations

import pytest

from dev.documentation.site import on_page_content

TABLE = (
    "<table><thead><tr><th>field</th><th><code>a</code> &amp; b</th></tr></thead>"
    "<tbody><tr><td>one</td><td style='x'>two</td></tr><tr><td></td><td>three</td></tr></tbody>"
    "</table>"
)


def test_each_cell_has_the_heading_of_its_column() -> None:
    assert on_page_content(TABLE) == (
        TABLE.replace("<td>one", '<td data-label="field">one')
        .replace("<td style", '<td data-label="a &amp; b" style')
        .replace("<td></td>", '<td data-label="field"></td>')
        .replace("<td>three", '<td data-label="a &amp; b">three')
    )


@pytest.mark.parametrize("text", ["<p>no table: &lt;td&gt;</p>", '<table class="code"><td></td>'])
def test_what_is_no_table_of_the_text_stays(text: str) -> None:
    assert on_page_content(text) == text


def test_a_cell_without_a_heading_has_an_empty_one() -> None:
    assert on_page_content("<table><tr><td>x</td></tr></table>") == (
        '<table><tr><td data-label="">x</td></tr></table>'
    )


def cells(*codes: str) -> str:
    """A table of one row, each of its cells with code."""
    row = "".join(f"<td><code>{code}</code></td>" for code in codes)
    return on_page_content(f"<table><tr>{row}</tr></table>")


def test_short_names_stay_whole() -> None:
    page = cells("upgrade.restartOnSecretChange", "kafka.topic")
    assert "<code>upgrade.restartOnSecretChange</code>" in page
    assert "<code>kafka.topic</code>" in page


def test_long_names_are_broken_at_a_joint_and_nowhere_else() -> None:
    metric = "program_user_info_operator_watch_objects_behind"
    page = cells(metric, "a &lt;b&gt; of kafka.topic=x")
    assert f'<code class="long">{metric.replace("_", "_<wbr>")}</code>' in page
    assert '<code class="long">a &lt;b&gt; of kafka.<wbr>topic=<wbr>x</code>' in page
