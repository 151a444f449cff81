"""YAML means here what it means to kubectl, as a table recorded from sigs.k8s.io/yaml."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.environments.profiles import ProfileProblem, parse_profile
from program_user_info_operator.kubernetes_yaml import dump_all, load
from tests.conftest import DATA

# Scalar, tabulator, the JSON that YAMLToJSON of sigs.k8s.io/yaml v1.6.0 makes of it.
TABLE = [
    line.split("\t")
    for line in (DATA / "yaml-scalars.tsv").read_text(encoding="utf-8").splitlines()
]


@pytest.mark.parametrize(("scalar", "expected"), TABLE, ids=[scalar for scalar, _ in TABLE])
def test_a_scalar_has_the_type_that_kubernetes_gives_it(scalar: str, expected: str) -> None:
    if expected == "refused":
        with pytest.raises(yaml.YAMLError):
            load(f"a: {scalar}")
    else:
        found = load(f"a: {scalar}")["a"]
        wanted = json.loads(expected)
        assert type(found) is type(wanted)
        # Beyond 2**53, the same number of JSON has more than one way to be written.
        assert (float(found) == float(wanted)) if type(found) in (int, float) else found == wanted


def test_keys_are_strings_as_in_json() -> None:
    assert load("{1: a, on: b, 0.5: c, 010: d}") == {"1": "a", "true": "b", "0.5": "c", "8": "d"}


def test_a_mapping_may_be_merged_in() -> None:
    assert load("a: &a {b: 1}\nc: {<<: *a, d: 2}")["c"] == {"b": 1, "d": 2}


@pytest.mark.parametrize("text", ["a: &a [*a]", "? null\n: a", "!!set {a}", "a: !!int b"])
def test_what_no_json_can_hold_is_refused(text: str) -> None:
    with pytest.raises(yaml.YAMLError):
        load(text)


def test_a_profile_is_read_the_same_way() -> None:
    assert parse_profile("dev", "kafka: {startingOffsets: 2026-01-31T06:25:00Z}") == {
        "kafka": {"startingOffsets": "2026-01-31T06:25:00Z"}
    }
    assert isinstance(parse_profile("dev", "a: .inf"), ProfileProblem)


SCALARS = st.one_of(
    st.sampled_from([scalar for scalar, _ in TABLE]),
    st.text(st.characters(exclude_categories=["C"]), max_size=20),
    st.integers(-(2**63), 2**63 - 1),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)


@given(st.dictionaries(st.text("abc1yn", min_size=1), st.lists(SCALARS)))
def test_what_is_written_is_read_as_it_was_by_kubernetes_and_by_pyyaml(document: Any) -> None:
    text = dump_all([document])
    assert load(text) == document
    assert yaml.safe_load(text) == document
