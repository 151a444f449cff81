"""The key of the digests at its very first use, by several threads or processes at once."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import structlog

from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef
from program_user_info_operator.reconcile.secret_reader import SecretReader
from tests.unit.operator.specs import resolved, with_fields
from tests.unit.operator.world import World

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))
SPEC = resolved(with_fields(cassandra={"credentials": {"secretName": "login"}})).spec
THREADS = 4


class SlowWorld(World):
    """Lets every thread see that there is no key before one of them makes it."""

    def __init__(self) -> None:
        super().__init__()
        self.put_secret("login", "username", "password")
        self._together = threading.Barrier(THREADS)

    def get(self, kind: Any, namespace: str | None, name: str) -> Any:
        found = super().get(kind, namespace, name)
        if name == PLACE.digest_key and found is None:
            with contextlib.suppress(threading.BrokenBarrierError):  # the others wait for its key
                self._together.wait(0.2)
        return found

    def create(self, kind: Any, namespace: str, body: Mapping[str, Any]) -> None:
        if (kind.name, namespace, body["metadata"]["name"]) in self.objects:
            raise ApiError(409, "it is there already")
        super().create(kind, namespace, body)


def test_all_threads_have_the_same_digest() -> None:
    api: Any = SlowWorld()
    reader = SecretReader(api, PLACE, may_make_key=True)
    users = [Key("ns", f"job-{number}") for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as pool:
        found = set(pool.map(lambda user: reader.digest(user, SPEC, None), users))
    assert len(found) == 1
    assert None not in found


def test_a_key_that_another_process_made_meanwhile_is_used() -> None:
    world = World()
    world.put_secret("login", "username", "password")
    api: Any = world
    mine, other = (SecretReader(api, PLACE, may_make_key=True) for _ in range(2))
    expected: list[Any] = []

    def create(kind: Any, namespace: str, body: Mapping[str, Any]) -> None:
        api.create = original
        expected.append(other.digest(Key("ns", "a"), SPEC, None))
        raise ApiError(409, "it is there already")

    original, api.create = world.create, create
    assert [mine.digest(Key("ns", "b"), SPEC, None)] == expected
    assert None not in expected


def test_what_was_read_without_a_key_is_not_compared_with_what_is_read_with_it() -> None:
    """Otherwise the first digest with the key would be another one, and restart the jobs."""
    world = World()
    world.put_secret("login", "username", "password")
    world.refuse["create Secret"] = ApiError(403, "no")
    api: Any = world
    reader = SecretReader(api, PLACE, may_make_key=True)
    assert reader.digest(Key("ns", "a"), SPEC, "before") == "before"
    (use,) = reader.in_use()
    assert reader.refresh(use) == set()
    world.put_secret("login", "username", "password", value="bmV3")
    assert reader.refresh(use) == {Key("ns", "a")}
    world.refuse.clear()
    assert reader.refresh(use) == set()
    first = reader.digest(Key("ns", "a"), SPEC, "before")
    assert first == reader.digest(Key("ns", "b"), SPEC, None)
    for use in reader.in_use():
        assert reader.refresh(use) == set()


def test_a_key_that_is_not_in_its_secret_is_told() -> None:
    world = World()
    world.put_secret("login", "username", "password")
    api: Any = world
    api.put({"kind": "Secret", "metadata": {"name": PLACE.digest_key, "namespace": "operator"}})
    world.refuse["create Secret"] = ApiError(409, "it is there already")
    with structlog.testing.capture_logs() as logs:
        reader = SecretReader(api, PLACE, may_make_key=True)
        assert reader.digest(Key("ns", "a"), SPEC, "before") == "before"
    assert [each["error"] for each in logs] == [
        "Secret controller-digest-key has no key key: delete it, and it is made again"
    ]


@pytest.mark.parametrize(
    "error",
    [
        ApiError(400, "admission webhook denied the request"),
        ApiError(422, "a policy"),
        ApiError(500, "failed calling webhook x"),
    ],
    ids=str,
)
def test_a_key_that_is_refused_holds_up_no_job(error: ApiError) -> None:
    """Its Secrets can be mounted all the same; only their changes are not noticed."""
    world = World()
    world.put_secret("login", "username", "password")
    world.refuse["create Secret"] = error
    api: Any = world
    reader = SecretReader(api, PLACE, may_make_key=True)
    assert reader.digest(Key("ns", "a"), SPEC, "before") == "before"
