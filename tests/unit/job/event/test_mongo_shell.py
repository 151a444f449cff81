"""Documents of the Mongo shell, read as JSON."""

from __future__ import annotations

import time

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_job.event.mongo_shell import to_json


@pytest.mark.parametrize(
    ("payload", "json"),
    [
        (b'{"a": ISODate("2023")}', b'{"a": "2023"}'),
        (b'{"a": ObjectId("5f36")}', b'{"a": "5f36"}'),
        (b'{"a": ISODate ( "2023"\n)}', b'{"a": "2023"}'),
        (b'[ISODate("1"),ObjectId("2")]', b'["1","2"]'),
        (b'{"a": ISODate("say \\"x\\"")}', b'{"a": "say \\"x\\""}'),
        # Neither of these is a constructor with a text.
        (b'{"a": ISODate()}', None),
        (b'{"a": ISODate(2023)}', None),
        (b'{"a": MyISODate("2023")}', None),
        (b'{"a": isodate("2023")}', None),
        (b'{"a": ISODate("2023"}', None),
        # What stands inside of a text is text.
        (b'{"a": "ISODate(\\"2023\\")"}', None),
        (b'{"a": "ObjectId"}', None),
        (b'{"a": "', None),
        (b"", None),
    ],
)
def test_a_constructor_is_replaced_by_its_text(payload: bytes, json: bytes | None) -> None:
    assert to_json(payload) == json


TEXTS = st.lists(
    st.sampled_from(['ISODate("x")', "ObjectId(", '"', "\\", ")", "a", " "]), max_size=6
).map("".join)


@given(st.dictionaries(TEXTS, TEXTS, max_size=3))
def test_strict_json_is_left_as_it_is(document: dict[str, str]) -> None:
    assert to_json(msgspec.json.encode(document)) is None


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=3))
def test_a_document_of_the_shell_has_the_same_values(document: dict[str, str]) -> None:
    texts = {name: msgspec.json.encode(value).decode() for name, value in document.items()}
    shell = ",".join(
        f"{msgspec.json.encode(name).decode()}: ISODate({text})" for name, text in texts.items()
    )
    json = to_json(f"{{{shell}}}".encode())
    assert json is not None
    assert msgspec.json.decode(json) == document


@pytest.mark.parametrize("unit", [b'\\"', b'"', b'ISODate("', b'ISODate("\\'])
def test_the_shell_reader_is_linear_in_hostile_input(unit: bytes) -> None:
    def once(payload: bytes) -> float:
        started = time.thread_time()
        to_json(payload)
        return time.thread_time() - started

    def seconds(size: int) -> float:
        payload = b'{"a": ISODate("x"), "b": "' + unit * (size // len(unit))
        return min(once(payload) for _ in range(3))

    seconds(1_000)
    # Quadratic reading would take 256 times as long for sixteen times the input.
    assert seconds(1_600_000) < 100 * max(seconds(100_000), 1e-3)
