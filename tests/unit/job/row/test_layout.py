"""The columns of the two layouts."""

from __future__ import annotations

import pytest

from program_user_info_job.row.layout import FLAT, KEY, LAYOUTS, LOCATION_COLUMNS, MAP, Layout


def test_the_layouts_have_the_columns_of_their_documents() -> None:
    assert len(FLAT.columns) == 26
    assert list(FLAT.columns)[:2] == ["program_id", "user_id"]
    assert "user_locations" in MAP.columns
    assert not set(LOCATION_COLUMNS) & set(MAP.columns)


def test_types_have_the_names_of_cassandras_schema() -> None:
    assert set(FLAT.columns.values()) == {"text", "boolean", "timestamp"}
    assert set(MAP.columns.values()) == {"text", "boolean", "date", "map<text, text>"}


def test_a_layout_is_known_by_its_name() -> None:
    assert LAYOUTS == {"flat": FLAT, "map": MAP}
    assert [layout.name for layout in LAYOUTS.values()] == list(LAYOUTS)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_key_comes_first(layout: Layout) -> None:
    """The statements' encoders leave out as many columns as the key has."""
    assert tuple(layout.columns)[: len(KEY)] == KEY


def test_each_type_of_a_location_has_a_column_for_each_of_its_fields() -> None:
    assert len(LOCATION_COLUMNS) == 15
    assert set(LOCATION_COLUMNS.values()) == {"text"}
    assert LOCATION_COLUMNS.keys() <= FLAT.columns.keys()
