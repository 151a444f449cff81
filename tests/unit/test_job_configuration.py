"""Operator and job describe one configuration in two types: field by field they must agree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from program_user_info_job.config.model import Cassandra, Config
from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.api.scalars import milliseconds
from program_user_info_operator.desired.job_config import job_config
from program_user_info_operator.environments.resolve import defaults
from tests.conftest import DATA
from tests.unit.operator.specs import resolved

Schema = dict[str, Any]

FROM = {
    "kafka.security.credentialsDir": "kafka.security.credentials",
    "kafka.security.tlsDir": "kafka.security.tls",
    "cassandra.credentialsDir": "cassandra.credentials",
    "cassandra.tlsDir": "cassandra.tls",
    "cassandra.secureConnectBundleDir": "cassandra.secureConnectBundle",
    "flink.checkpointInterval": "checkpoints.interval",
    "flink.bundleTime": "writes.bundleTime",
    "flink.bundleRecords": "writes.bundleRecords",
    "flink.arrowBatch": "writes.arrowBatch",
    "flink.arrowBatchBytes": "writes.arrowBatchBytes",
    "flink.partitionDiscovery": "kafka.partitionDiscovery",
}
"""Fields of the job's file to those of spec, where the two are called otherwise."""

BY_HAND = {"flink.parallelism"}
"""Fields of the job's file that no resource sets."""

NOT_OFFERED = {"cassandra.consistencyLevel": {"ANY"}}
"""What the job takes, and the operator does not: ANY acknowledges rows that no node has."""

UNITS = {
    **dict.fromkeys(("requestTimeout", "giveUpAfter", "futureBound"), 1000),
    **dict.fromkeys(("checkpointInterval", "bundleTime", "partitionDiscovery"), 1),
}
"""Milliseconds in one of the job's numbers, for what is a duration in spec."""


def leaves(schema: Schema, known: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Fields by their paths, each with its schema; those that may be null as if they may not."""
    for name, field in schema.get("properties", {}).items():
        default = {"default": field["default"]} if "default" in field else {}
        (plain,) = (one for one in field.get("anyOf", [field]) if one != {"type": "null"})
        plain = known[plain["$ref"].rpartition("/")[2]] if "$ref" in plain else plain
        if "properties" in plain and "secretName" not in plain["properties"]:
            yield from leaves(plain, known, f"{path}{name}.")
        else:
            yield f"{path}{name}", plain | default


_JOB = msgspec.json.schema(Config)
JOB = dict(leaves(_JOB["$defs"]["Config"], _JOB["$defs"]))
_CRD = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
SPEC = dict(leaves(_CRD["properties"]["spec"], {}))
PAIRS = {name: FROM.get(name, name) for name in JOB if name not in BY_HAND}
"""Fields of the job's file to those of spec."""


def pattern(schema: Schema) -> str:
    """What a text of the resource must look like: the API server checks it by a rule."""
    for each in schema.get("x-kubernetes-validations", ()):
        found = re.fullmatch(r"self\.matches\('\^\(\?:(.*)\)\$'\)", each["rule"])
        if found:
            return found[1].replace("\\\\", "\\")
    return ".*"


def number(field: str, duration: str) -> int:
    """A duration of spec as the job's file has it."""
    return milliseconds(duration) // UNITS[field.rpartition(".")[2]]


def flat(document: dict[str, Any], path: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and f"{path}{name}" not in JOB:
            yield from flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def test_the_fields_are_the_same() -> None:
    assert set(PAIRS.values()) <= SPEC.keys()
    shared = {name for name in SPEC if name.partition(".")[0] in ("kafka", "cassandra", "writes")}
    assert shared <= set(PAIRS.values())
    assert {*FROM, *BY_HAND} <= JOB.keys()


def test_what_is_rendered_is_all_known_to_the_job() -> None:
    """It ignores what it does not know."""
    job = yaml.safe_load((DATA / "jobs" / "everything.yaml").read_text(encoding="utf-8"))
    profiles = yaml.safe_load((DATA / "environments.yaml").read_text(encoding="utf-8"))
    profile = profiles.get(job["spec"]["environment"])
    rendered = dict(flat(job_config(resolved(job["spec"], profile).spec)))
    assert rendered.keys() <= JOB.keys()


@pytest.mark.parametrize("field", [name for name, of in PAIRS.items() if "enum" in SPEC[of]])
def test_the_words_are_the_same(field: str) -> None:
    offered = set(SPEC[PAIRS[field]]["enum"])
    assert set(JOB[field]["enum"]) - offered == NOT_OFFERED.get(field, set())
    assert offered <= set(JOB[field]["enum"])


@pytest.mark.parametrize(
    "field", sorted(name for name, of in PAIRS.items() if SPEC[of].get("type") == "integer")
)
def test_the_resources_bounds_are_within_those_of_the_job(field: str) -> None:
    ours, theirs = SPEC[PAIRS[field]], JOB[field]
    assert theirs["type"] == "integer"
    assert ours["minimum"] >= theirs["minimum"]
    assert "maximum" not in theirs or ours["maximum"] <= theirs["maximum"]


@pytest.mark.parametrize(
    "field",
    sorted(name for name in PAIRS if JOB[name].get("type") in ("array", "object")),
)
def test_the_job_takes_as_few_and_as_many_entries_as_the_resource_may_hold(field: str) -> None:
    ours, theirs = SPEC[PAIRS[field]], JOB[field]
    assert ours["type"] == theirs["type"]
    for fewest in ("minItems", "minProperties"):
        assert ours.get(fewest, 0) >= theirs.get(fewest, 0)
    for most in ("maxItems", "maxProperties"):
        assert most not in theirs or ours[most] <= theirs[most]


@pytest.mark.parametrize("field", [name for name in PAIRS if name.rpartition(".")[2] in UNITS])
def test_the_shortest_and_the_longest_duration_are_within_the_jobs_bounds(field: str) -> None:
    unit = {1: "ms", 1000: "s"}[UNITS[field.rpartition(".")[2]]]
    for duration in (f"1{unit}", "999999h"):
        assert re.fullmatch(pattern(SPEC[PAIRS[field]]), duration)
        jsonschema.validate(number(field, duration), JOB[field])


@pytest.mark.parametrize(
    "field",
    [
        name
        for name, of in PAIRS.items()
        if "maxLength" in SPEC[of].get("items", SPEC[of]) and name.rpartition(".")[2] not in UNITS
    ],
)
def test_the_job_takes_each_text_that_the_resource_may_hold(field: str) -> None:
    ours, theirs = (schema.get("items", schema) for schema in (SPEC[PAIRS[field]], JOB[field]))

    @given(st.from_regex(pattern(ours), fullmatch=True))
    def takes(text: str) -> None:
        assume(ours.get("minLength", 0) <= len(text) <= ours["maxLength"])
        jsonschema.validate(text, theirs)

    takes()


@pytest.mark.parametrize("field", ["cassandra.keyspace", "cassandra.table"])
def test_a_name_may_be_as_long_for_one_as_for_the_other(field: str) -> None:
    longest = SPEC[PAIRS[field]]["maxLength"]
    assert re.search(JOB[field]["pattern"], "a" * longest)
    assert not re.search(JOB[field]["pattern"], "a" * (longest + 1))


@pytest.mark.parametrize("field", [name for name in PAIRS if "default" in JOB[name]])
def test_the_defaults_are_the_same(field: str) -> None:
    """Where the resource has none, its description tells the job's."""
    default = JOB[field]["default"]
    of = PAIRS[field]
    ours = dict(flat(defaults())).get(of)
    told = re.search(r"Default: (\w+)\.$", SPEC[of].get("description", ""))
    if ours is None and told:
        ours = int(told[1]) if told[1].isdigit() else told[1]
    is_duration = field.rpartition(".")[2] in UNITS
    assert default == (number(field, str(ours)) if is_duration else ours)


def test_a_keyspace_is_replicated_as_the_job_would_by_itself() -> None:
    """The job's schema has no default of it: msgspec makes a new one each time."""
    section = msgspec.convert({"contactPoints": ["c:1"], "localDatacenter": "d"}, Cassandra)
    assert defaults()["cassandra"]["schema"]["replication"] == section.schema.replication
