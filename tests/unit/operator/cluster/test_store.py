"""The store ends with what the API server has, whatever way its events come."""

from __future__ import annotations

import random
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.cluster import store as store_module
from program_user_info_operator.cluster.api_server import CONFIG_MAP, FLINK_DEPLOYMENT, JOB
from program_user_info_operator.cluster.store import Store
from tests.flink_statuses import looked_at
from tests.unit.operator.watched import RUNNING, config_map, place

Object = dict[str, Any]


def told() -> tuple[Store, list[tuple[str, str | None]]]:
    heard: list[tuple[str, str | None]] = []
    return Store(lambda where, job, _: heard.append((where.name, job))), heard


def test_what_is_read_is_what_was_put_without_what_nobody_reads() -> None:
    store, _ = told()
    live = config_map("a", 1, "text")
    live["metadata"]["managedFields"] = [{"manager": "somebody"}]
    store.put(CONFIG_MAP, live)
    found = store.get(CONFIG_MAP, "ns", "a")
    assert found == {"apiVersion": "v1", "kind": "ConfigMap"} | config_map("a", 1, "text")
    assert store.of_job(CONFIG_MAP, "ns", "job") == [found]
    assert store.get(CONFIG_MAP, "ns", "b") is None
    assert store.of_job(CONFIG_MAP, "other", "job") == []
    assert store.of_job(JOB, "ns", "job") == []


def test_a_reader_may_change_its_copy() -> None:
    store, _ = told()
    store.put(CONFIG_MAP, config_map("a", 1, "text"))
    (store.get(CONFIG_MAP, "ns", "a") or {})["data"]["text"] = "other"
    assert (store.get(CONFIG_MAP, "ns", "a") or {})["data"] == {"text": "text"}


def test_looks_of_the_flink_operator_move_the_version_and_tell_nobody() -> None:
    store, heard = told()
    for look in range(5):
        store.put(FLINK_DEPLOYMENT, looked_at(RUNNING, "1.15", look))
    assert heard == [("lifecycle-a", "lifecycle-a")]
    found = store.get(FLINK_DEPLOYMENT, "sunbird-dev", "lifecycle-a")
    assert found is not None
    assert found["metadata"]["resourceVersion"] == "1004"


def test_an_object_that_changes_hands_is_found_with_its_new_job_only() -> None:
    store, heard = told()
    store.put(CONFIG_MAP, config_map("a", 1, job="first"))
    store.put(CONFIG_MAP, config_map("a", 2, job="second"))
    store.put(CONFIG_MAP, config_map("a", 3, job=None))
    assert store.of_job(CONFIG_MAP, "ns", "first") == store.of_job(CONFIG_MAP, "ns", "second") == []
    assert heard == [("a", "first"), ("a", "second"), ("a", None)]


def test_the_answer_to_a_write_is_no_news_when_the_watch_brings_it_later() -> None:
    store, heard = told()
    store.put(CONFIG_MAP, config_map("a", 2, "written"))
    assert not store.put(CONFIG_MAP, config_map("a", 1, "before"))
    assert not store.put(CONFIG_MAP, config_map("a", 2, "written"))
    assert heard == [("a", "job")]


def test_what_was_deleted_comes_back_only_newer() -> None:
    store, heard = told()
    store.put(CONFIG_MAP, config_map("a", 1))
    store.remove(place("a"), 3)
    store.forget_deletions()
    assert not store.put(CONFIG_MAP, config_map("a", 2))
    assert store.get(CONFIG_MAP, "ns", "a") is None
    assert store.put(CONFIG_MAP, config_map("a", 4))
    assert not store.remove(place("a"), 3)
    assert len(heard) == 3


def test_a_list_removes_what_it_lacks_but_nothing_newer_than_itself() -> None:
    store, heard = told()
    for name, version in (("kept", 1), ("gone", 2), ("new", 9)):
        store.put(CONFIG_MAP, config_map(name, version))
    elsewhere = config_map("elsewhere", 1)
    elsewhere["metadata"]["namespace"] = "other"
    store.put(CONFIG_MAP, elsewhere)
    del heard[:]
    assert store.keep_only(CONFIG_MAP, "ns", [place("kept")], version=5) == [place("gone")]
    assert heard == [("gone", "job")]
    assert {each.name for each in store.versions(CONFIG_MAP)} == {"kept", "new", "elsewhere"}
    assert not store.put(CONFIG_MAP, config_map("gone", 4)), "an answer that was under way"


def test_nothing_is_left_of_jobs_that_are_gone() -> None:
    store, _ = told()
    for number in range(100):
        store.put(CONFIG_MAP, config_map(f"map-{number}", number + 1, job=f"job-{number}"))
        store.remove(place(f"map-{number}"), number + 2)
    store.forget_deletions()
    store.forget_deletions()
    assert len(store) == 0
    held = {name: each for name, each in vars(store).items() if hasattr(each, "__len__")}
    assert {name: len(each) for name, each in held.items()} == dict.fromkeys(held, 0)


@given(
    versions=st.lists(st.sampled_from(["a", "b", "deleted"]), min_size=1, max_size=8),
    seed=st.integers(0, 1000),
)
def test_events_in_any_order_and_twice_end_in_the_newest(versions: list[str], seed: int) -> None:
    chance = random.Random(seed)
    events = [*enumerate(versions, 1), *enumerate(versions, 1)]
    chance.shuffle(events)
    store, heard = told()
    for version, text in events:
        if text == "deleted":
            store.remove(place("x"), version)
        else:
            store.put(CONFIG_MAP, config_map("x", version, text))
    found = store.get(CONFIG_MAP, "ns", "x")
    if versions[-1] == "deleted":
        assert found is None
    else:
        assert found == {"apiVersion": "v1", "kind": "ConfigMap"} | config_map(
            "x", len(versions), versions[-1]
        )
        assert heard


def test_an_object_that_cannot_be_read_is_kept_and_told_like_any_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The list at the next start has it again: the watch of all objects must not end for it."""

    def fails(_: Object) -> bytes:
        raise AttributeError("a shape that nobody has thought of")

    monkeypatch.setattr(store_module, "fingerprint", fails)
    store, heard = told()
    with structlog.testing.capture_logs() as logs:
        assert store.put(CONFIG_MAP, config_map("a", 1))
        assert store.put(CONFIG_MAP, config_map("a", 2))
    assert heard == [("a", "job"), ("a", "job")]
    assert store.versions(CONFIG_MAP) == {place("a"): 2}
    assert {(each["kind"], each["namespace"], each["object"]) for each in logs} == {
        ("ConfigMap", "ns", "a")
    }
