"""The resource's strings: which are taken, and what is said of the others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from program_user_info_operator.api import scalars
from program_user_info_operator.api.scalars import milliseconds

KINDS: dict[str, tuple[list[str], list[str]]] = {
    "Environment": (["dev", "a-1", "a" * 30], ["", "Dev", "1a", "a_b", "a" * 31]),
    "Topic": (["a.b_C-1", "a" * 249], ["", "a b", "a/b", "a" * 250]),
    "GroupId": (["a/b:c", "a" * 255], ["", "a b", "a\tb", "a" * 256]),
    "Identifier": (["a", "A_1", "a" * 48], ["", "1a", "_a", "a-b", "a" * 49]),
    "HostPort": (
        ["kafka:9092", "a.b-c:1", "10.0.0.1:65535"],
        ["kafka", "kafka:", ":9092", "kafka:123456", "-a:1", "a-:1", "a:1,b:1"],
    ),
    "StartingOffsets": (
        ["committed", "earliest", "latest", "2024-02-29T23:59:59Z", "2023-12-31T00:00:00Z"],
        [
            *("first", "Latest", "2023-01-12", "2023-01-12T06:30:00", "2023-01-12T06:30:00+00:00"),
            *("2023-00-01T00:00:00Z", "2023-06-31T00:00:00Z", "2023-01-01T00:60:00Z"),
        ],
    ),
    "Memory": (["1m", "2048m", "2g", "2Gi", "512Mi"], ["", "0g", "1", "1G", "1.5g", "g", "1gb"]),
    "Duration": (["1ms", "10s", "5min", "24h"], ["", "0s", "1", "1m", "1.5s", "-1s", "1d", "s"]),
    "WholeSeconds": (["1s", "999999s", "5min", "1h"], ["1ms", "0s", "1000000s", "1"]),
    "Storage": (
        ["s3://b/p", "s3a://b", "gs://b", "abfs://c@a", "file:///d", "claim:my.claim-1"],
        ["", "s3:b", "http://b", "s3://", "claim:", "claim:A", "claim:-a", "/path"],
    ),
    "SavepointPath": (
        ["s3://b/savepoint-1", "file:/var/lib/savepoint-1", "file:///var"],
        ["", "/var", "claim:a", "http://b", "s3:"],
    ),
    "FieldPath": (
        ["parallelism", "cassandra.ttl", "flink.configuration.state.backend-1"],
        ["", "Kafka", "kafka.", ".kafka", "kafka..topic", "kafka topic"],
    ),
    "FlinkVersion": (["v1_20", "v2_2"], ["", "1.20", "v1.20", "v1", "v1_20_1", "V1_20"]),
    "SecretName": (["a", "a.b-1"], ["", "A", "-a", "a-", "a_b", "a" * 254]),
    "Url": (
        ["http://a", "https://login.example:8443/oauth2/token~1%20", "https://a/"],
        ["", "login.example", "ftp://a", "https://", "https://a/?q=1", "https://a b", "https://-a"],
    ),
    "TokenScope": (["kafka", "api://x/.default openid"], ["", " a", "a ", "a  b", 'a"b', "a;b"]),
    "Image": (["a", "r:5000/a/b:1@sha256:0"], ["", "a b", "a" * 513]),
    "Version": (["1.4.0", "_a-b.C", "a" * 100], ["", ".a", "-a", "a/b", "a:b", "a" * 101]),
}


def adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(getattr(scalars, kind))


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, (taken, _) in KINDS.items() for text in taken]
)
def test_what_is_taken_is_kept_as_it_is(kind: str, text: str) -> None:
    assert adapter(kind).validate_python(text) == text


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, (_, refused) in KINDS.items() for text in refused]
)
def test_what_is_refused_is_told_what_would_be_right(kind: str, text: str) -> None:
    with pytest.raises(ValidationError) as refused:
        adapter(kind).validate_python(text)
    (error,) = refused.value.errors()
    schema = adapter(kind).json_schema()
    assert error["msg"] == f"Value error, {schema['x-kubernetes-validations'][0]['message']}"


@pytest.mark.parametrize("day", ["2023-02-29", "1900-02-29"])
def test_a_day_that_only_leap_years_have_is_named(day: str) -> None:
    """The API server's pattern does not count leap years; the controller does."""
    with pytest.raises(ValidationError, match="day is out of range for month"):
        adapter("StartingOffsets").validate_python(f"{day}T00:00:00Z")


@pytest.mark.parametrize(
    ("text", "millis"), [("500ms", 500), ("10s", 10_000), ("5min", 300_000), ("1h", 3_600_000)]
)
def test_durations(text: str, millis: int) -> None:
    assert milliseconds(text) == millis


UNITS = ["ms", "s", "min", "h"]


@given(st.integers(1, 10**8), st.sampled_from(UNITS), st.sampled_from(UNITS))
def test_durations_are_ordered_as_their_units_are(number: int, one: str, other: str) -> None:
    first, second = milliseconds(f"{number}{one}"), milliseconds(f"{number}{other}")
    assert (first < second) is (UNITS.index(one) < UNITS.index(other))
    assert first % number == 0
