"""The columns of the two layouts."""

from __future__ import annotations

from program_user_info_job.row.layout import FLAT, LOCATION_COLUMNS, MAP


def test_the_layouts_have_the_columns_of_their_documents() -> None:
    assert len(FLAT.columns) == 26
    assert list(FLAT.columns)[:2] == ["program_id", "user_id"]
    assert "user_locations" in MAP.columns
    assert not set(LOCATION_COLUMNS) & set(MAP.columns)


def test_types_have_the_names_of_cassandras_schema() -> None:
    assert set(FLAT.columns.values()) == {"text", "boolean", "timestamp"}
    assert set(MAP.columns.values()) == {"text", "boolean", "date", "map<text, text>"}
