"""A statement's bytes: what is compiled and what is Python make the same ones."""

from __future__ import annotations

import importlib.util
import shutil
import struct
import sys
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from program_user_info_job.row.layout import LAYOUTS, CqlType
from program_user_info_job.store import encode
from program_user_info_job.store.encode import ENCODERS, Columns, encode_statement_in_python
from tests.unit.job.prepared import VALUES

HEADERS = Path(sysconfig.get_paths()["include"]) / "Python.h"


def can_compile() -> bool:
    return shutil.which("cc") is not None and HEADERS.exists()


@pytest.fixture(scope="module")
def compiled() -> Callable[..., bytes]:
    """Fails where `make setup` should have compiled it."""
    if not can_compile() and encode.encode_statement is encode_statement_in_python:
        pytest.skip("no C compiler, or no headers of Python")
    from program_user_info_job.store import _compiled

    return _compiled.encode_statement


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
CELLS = {kind: st.none() | values for kind, values in VALUES.items()}


@st.composite
def arguments(draw: st.DrawFn) -> tuple[Any, ...]:
    layout = LAYOUTS[draw(st.sampled_from(sorted(LAYOUTS)))]
    kinds = draw(st.lists(st.sampled_from(list(layout.columns.items())), unique=True))
    columns = tuple((name, encode.ENCODERS[kind]) for name, kind in kinds)
    cells = draw(st.fixed_dictionaries({}, optional={name: CELLS[kind] for name, kind in kinds}))
    key = tuple(draw(st.lists(TEXTS, max_size=3)))
    return draw(st.binary(max_size=30)), key, columns, cells, draw(st.binary(max_size=12))


@given(arguments())
@example((b"", (), (), {}, b""))
@example((b"h", ("é", "\0"), (("a", encode.encode_text),), {"a": "x" * 5000, "b": 1}, b"t"))
@example((b"h" * 3000, ("k" * 9000,), (("a", encode.encode_text),), {"a": "€" * 2047}, b"t"))
def test_it_is_byte_for_byte_the_same(
    compiled: Callable[..., bytes], given: tuple[Any, ...]
) -> None:
    before = repr(given)
    assert compiled(*given) == encode_statement_in_python(*given)
    assert repr(given) == before


class Text(str):
    """Not quite a text, so its column's encoder is asked."""

    __slots__ = ()


COLUMNS: Columns = (("a", encode.encode_text),)


@pytest.mark.parametrize("name", ["encode_statement_in_python", "compiled"])
@pytest.mark.parametrize(
    ("columns", "value", "error"),
    [
        (COLUMNS, "\ud800", UnicodeEncodeError),
        ((("a", lambda _: 1 // 0),), 7, ZeroDivisionError),
        ((("a", lambda _: "no bytes"),), 7, TypeError),
        (((), *COLUMNS), "x", (ValueError, IndexError)),
    ],
)
def test_what_cannot_be_encoded_is_an_error(
    request: pytest.FixtureRequest, name: str, columns: Any, value: Any, error: Any
) -> None:
    subject = request.getfixturevalue(name) if name == "compiled" else encode_statement_in_python
    with pytest.raises(error):
        subject(b"", ("k",), columns, {"a": value}, b"")


def test_a_columns_encoder_is_asked_for_all_but_texts_nulls_and_absent_cells(
    compiled: Callable[..., bytes],
) -> None:
    asked: list[object] = []

    def note(value: object) -> bytes:
        asked.append(value)
        return b"!"

    columns = tuple((name, note) for name in "abcdef")
    cells = {"a": "text", "b": None, "c": True, "d": Text("t"), "e": 5}
    assert compiled(b"", (), columns, cells, b"") == (
        b"\0\0\0\4text\xff\xff\xff\xff!!!\xff\xff\xff\xfe"
    )
    assert asked == [True, Text("t"), 5]


@pytest.mark.parametrize(
    "wrong",
    [
        ("h", (), (), {}, b""),
        (b"h", [], (), {}, b""),
        (b"h", (7,), (), {}, b""),
        (b"h", (), [], {}, b""),
        (b"h", (), (7,), {}, b""),
        (b"h", (), (), [], b""),
        (b"h", (), (), {}, None),
        (b"h", (), (), {}),
    ],
)
def test_arguments_of_other_types_are_an_error_and_no_crash(
    compiled: Callable[..., bytes], wrong: tuple[Any, ...]
) -> None:
    with pytest.raises((TypeError, SystemError)):
        compiled(*wrong)


def test_nothing_is_kept(compiled: Callable[..., bytes]) -> None:
    value, text, encoded = 10**20, "x" * 99, b"?" * 99
    columns: Columns = (("a", lambda _: encoded), ("b", encode.encode_text))
    counted = (value, text, encoded, columns)
    before = [sys.getrefcount(each) for each in counted]
    for _ in range(100):
        compiled(b"", (text,), columns, {"a": value, "b": text}, encoded)
        with pytest.raises(TypeError):
            compiled(b"", (text,), (("a", lambda _: text),), {"a": value}, encoded)
    assert [sys.getrefcount(each) for each in counted] == before


def test_the_compiled_part_is_taken_where_it_is_there(compiled: Callable[..., bytes]) -> None:
    assert encode.encode_statement is compiled


def test_without_it_the_same_is_done_in_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("program_user_info_job.store._compiled", raising=False)
    monkeypatch.setitem(sys.modules, "program_user_info_job.store._compiled", None)
    alone = loaded_again()
    assert alone.encode_statement is alone.encode_statement_in_python
    columns = (("a", alone.ENCODERS[CqlType.BOOLEAN]),)
    assert alone.encode_statement(b"h", ("k",), columns, {"a": True}, b"t") == (
        b"h\0\0\0\1k\0\0\0\1\1t"
    )


def loaded_again() -> ModuleType:
    """The module, as another one; the one that others use stays as it is."""
    spec = importlib.util.spec_from_file_location("encode_again", encode.__file__)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_date_is_the_day_of_its_timestamp() -> None:
    assert ENCODERS[CqlType.DATE](-1) == struct.pack(">II", 4, 2**31 - 1)
