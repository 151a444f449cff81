"""Two hundred changes that the schema allows, each taken back: the job ends where it began."""

from __future__ import annotations

import time
import urllib.error
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from program_user_info_operator.api.crd import custom_resource_definition
from program_user_info_operator.desired.pod_template import merge
from tests.cluster import eventually
from tests.faults.arena import BASE, Arena, Object
from tests.faults.control_plane import ControlPlane
from tests.faults.zygote import Zygote
from tests.objects import difference, without

pytestmark = pytest.mark.cluster
_MUTATIONS = 200
_QUIET_SECONDS = 300

Path = tuple[str, ...]


def fields(schema: Object, path: Path = ()) -> Iterator[tuple[Path, Object]]:
    """Every field of the spec that is not a section itself, with its schema."""
    if "properties" in schema:
        for name, child in schema["properties"].items():
            yield from fields(child, (*path, name))
    else:
        yield path, schema


def values(schema: Object) -> st.SearchStrategy[Any]:
    """Values that the schema of a field allows; some of them its rules may still refuse."""
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema.get("type")
    if kind == "boolean":
        return st.booleans()
    if kind in ("integer", "number"):
        least, most = schema.get("minimum", 0), schema.get("maximum", 100)
        integers = st.integers(int(least) + 1, min(int(most), int(least) + 50))
        return integers if kind == "integer" or most > 1 else st.sampled_from([0.25, 0.5])
    if kind == "string":
        return _text(schema)
    if kind == "array":
        return st.lists(values(schema["items"]), min_size=1, max_size=2)
    return st.just({}) | st.just({"a": "b"})


def _text(schema: Object) -> st.SearchStrategy[Any]:
    rules = [each["rule"] for each in schema.get("x-kubernetes-validations", [])]
    patterns = [rule for rule in rules if rule.startswith("self.matches('")]
    if not patterns:
        return st.text("abc", min_size=1, max_size=8)
    pattern = patterns[0].removeprefix("self.matches('").removesuffix("')").replace("\\\\", "\\")
    return st.from_regex(
        pattern.replace("\\s", " "), alphabet=st.characters(max_codepoint=126)
    ).map(str.strip)


def nested(path: Path, value: Any) -> Object:
    """`{a: {b: value}}`."""
    return {path[0]: nested(path[1:], value) if len(path) > 1 else value}


def core(snapshot: Object) -> Object:
    """What a job is, without the tale of how it came to be so.

    A FlinkDeployment's nonce goes up alone: another one would restart the job again.
    """
    told = (
        *("generation", "observedGeneration", "revisions", "lastGoodRevision", "status"),
        "restartNonce",
    )
    job = snapshot["ProgramUserInfoJob/job"]
    kept: Object = without(snapshot, told)
    return kept | {"status": without(job["status"], told)}


SPEC = custom_resource_definition()["spec"]["versions"][0]["schema"]["openAPIV3Schema"][
    "properties"
]["spec"]
FIELDS = sorted(fields(SPEC))


@dataclass(frozen=True)
class Mutated:
    """The job before all changes, and after the last of them was taken back."""

    arena: Arena
    first: Object
    accepted: int
    versions: dict[str, str]
    at_rest_since: float


@pytest.fixture(scope="session")
def mutated(
    plane: ControlPlane, zygote: Zygote, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mutated]:
    with Arena(plane, zygote, tmp_path_factory.mktemp("mutations")) as arena:
        # The API server's bookmarks come once a minute: silence is what users count as such.
        arena.start_controller(resync_seconds=300, watch_silence_seconds=None)
        arena.put_job()
        arena.settled()
        first = arena.snapshot()
        accepted = mutate(arena)
        assert replace(arena, BASE)
        arena.settled()
        arena.at_rest()
        yield Mutated(arena, first, accepted, arena.versions(), time.monotonic())


def mutate(arena: Arena) -> int:
    """Change field after field; how many of the changes were accepted."""
    accepted = 0

    @settings(max_examples=1, database=None, derandomize=True)
    @given(st.data())
    def change(data: st.DataObject) -> None:
        nonlocal accepted
        for number in range(_MUTATIONS):
            path, schema = FIELDS[number % len(FIELDS)]
            mutation = nested(path, data.draw(values(schema)))
            accepted += replace(arena, merge(BASE, mutation))

    change()
    return accepted


def test_two_hundred_mutations_and_a_revert_end_in_the_first_state(mutated: Mutated) -> None:
    assert mutated.accepted > _MUTATIONS / 2
    before, after = core(mutated.first), core(mutated.arena.snapshot())
    more = after.keys() - before.keys()
    assert not difference(before, {name: after[name] for name in after.keys() - more})
    # Whichever of them ran long enough to be good can be gone back to.
    revisions = mutated.arena.job()["status"]["revisions"]
    records = {f"ConfigMap/job-revision-{each['hash']}" for each in revisions}
    assert {name for name in more if not name.startswith("ConfigMap/job-config-")} <= records


@pytest.mark.last
def test_nothing_is_written_in_the_five_minutes_after(mutated: Mutated) -> None:
    left = mutated.at_rest_since + _QUIET_SECONDS - time.monotonic()
    assert mutated.arena.quiet_for(max(left, 1))
    assert mutated.arena.versions() == mutated.versions
    assert mutated.arena.is_healthy()


def replace(arena: Arena, spec: Object) -> bool:
    """Replace the spec and wait until the controller has seen it; whether it was accepted."""
    try:
        arena.apply_job(spec)
    except urllib.error.HTTPError as error:
        if error.code not in (400, 422):
            raise
        return False

    def has_been_seen() -> bool:
        job = arena.job()
        seen: bool = job["status"]["observedGeneration"] == job["metadata"]["generation"]
        return seen

    eventually(has_been_seen, f"the controller has seen {spec}")
    return True
