"""Secrets are read when they are needed, then once an interval, and never on every check."""

from __future__ import annotations

from base64 import b64decode
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.secret_reader import SecretReader, SecretUse
from tests.unit.operator.specs import resolved, with_fields
from tests.unit.operator.world import World

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))
A, B = Key("ns", "a"), Key("ns", "b")
USE = SecretUse("ns", "login", frozenset({"username", "password"}))
SPEC = resolved(with_fields(cassandra={"credentials": {"secretName": "login"}})).spec
WITHOUT = resolved(with_fields()).spec


class CountingWorld(World):
    """Counts how often each Secret was read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[str] = []

    def get(self, kind: Any, namespace: str | None, name: str) -> Any:
        self.reads.append(name)
        return super().get(kind, namespace, name)


@pytest.fixture
def world() -> CountingWorld:
    world = CountingWorld()
    world.put_secret("login", "username", "password")
    return world


@pytest.fixture
def reader(world: CountingWorld) -> SecretReader:
    api: Any = world
    return SecretReader(api, PLACE, may_make_key=True)


def test_looks_at_jobs_read_nothing_again(world: CountingWorld, reader: SecretReader) -> None:
    digests = {reader.digest(user, SPEC, None) for _ in range(5) for user in (A, B)}
    assert len(digests) == 1
    assert world.reads.count("login") == 1
    assert reader.in_use() == [USE]


def test_a_change_is_found_once_an_interval_and_concerns_all_users(
    world: CountingWorld, reader: SecretReader
) -> None:
    before = reader.digest(A, SPEC, None)
    reader.digest(B, SPEC, None)
    assert reader.refresh(USE) == set()
    world.put_secret("login", "username", "password", value="b3RoZXI=")
    assert reader.digest(A, SPEC, None) == before
    assert reader.refresh(USE) == {A, B}
    assert reader.digest(A, SPEC, None) not in (before, None)


@pytest.mark.parametrize("gone", [True, False])
def test_a_secret_that_goes_or_is_forbidden_is_missed(
    world: CountingWorld, reader: SecretReader, gone: bool
) -> None:
    reader.digest(A, SPEC, None)
    if gone:
        world.remove("Secret", "login")
    else:
        world.refuse["GET Secret"] = ApiError(403, "no")
    assert reader.refresh(USE) == {A}
    refusal = reader.digest(A, SPEC, None)
    assert isinstance(refusal, Refusal)
    assert refusal.reason == ("SecretMissing" if gone else "SecretForbidden")
    assert refusal.recheck is not None


def test_nothing_is_left_of_jobs_that_are_gone_or_use_it_no_more(reader: SecretReader) -> None:
    for user in (A, B):
        reader.digest(user, SPEC, None)
    reader.forget(A)
    assert reader.in_use() == [USE]
    assert reader.digest(B, WITHOUT, "before") is None
    assert reader.in_use() == []
    assert reader.refresh(USE) == set()


def test_the_key_is_made_once_and_shared(world: CountingWorld) -> None:
    api: Any = world
    first, second = (SecretReader(api, PLACE, may_make_key=True) for _ in range(2))
    assert first.digest(A, SPEC, None) == second.digest(A, SPEC, None)
    assert world.writes == ["create Secret"]
    (text,) = world.objects["Secret", PLACE.namespace, PLACE.digest_key]["data"].values()
    assert len(b64decode(text)) == 32


def test_without_the_key_a_change_is_not_noticed(world: CountingWorld) -> None:
    api: Any = world
    reader = SecretReader(api, PLACE, may_make_key=False)
    assert reader.digest(A, SPEC, "before") == "before"
    world.refuse["create Secret"] = ApiError(403, "no")
    reader = SecretReader(api, PLACE, may_make_key=True)
    assert reader.digest(A, SPEC, "before") == "before"


def test_each_missing_secret_is_named_in_one_sentence_after_the_other(reader: SecretReader) -> None:
    fields = {"secretName": "none"}, {"secretName": "nothing"}
    spec = resolved(with_fields(cassandra={"credentials": fields[0], "tls": fields[1]})).spec
    found = reader.digest(A, spec, None)
    assert isinstance(found, Refusal)
    first, second = found.message.split("; cassandra.")
    assert first.startswith("cassandra.credentials: there is no Secret none")
    assert second.startswith("tls: there is no Secret nothing")
