"""Values of each type of column, for property tests."""

from __future__ import annotations

from hypothesis import strategies as st

from program_user_info_job.row.layout import CqlType

MILLIS = st.integers(-62_135_596_800_000, 253_402_300_799_999)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = {
    CqlType.TEXT: TEXT,
    CqlType.BOOLEAN: st.booleans(),
    CqlType.TIMESTAMP: MILLIS,
    CqlType.DATE: MILLIS,
    CqlType.TEXT_MAP: st.dictionaries(TEXT, TEXT, max_size=4),
}
