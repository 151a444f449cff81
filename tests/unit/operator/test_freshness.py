"""A watch is held against a list of what there is."""

from __future__ import annotations

from program_user_info_operator.freshness import Freshness


def meta(name: str, version: str) -> dict[str, str]:
    return {"namespace": "ns", "name": name, "resourceVersion": version}


def watch(**versions: str) -> Freshness:
    found = Freshness()
    for name, version in versions.items():
        found.delivered(meta(name, version), is_deleted=False)
    return found


def test_a_watch_that_has_delivered_everything_is_fresh() -> None:
    found = watch(a="1")
    assert not found.suspect([meta("a", "1")])
    assert found.confirm() == ()


def test_what_is_under_way_has_a_grace_period() -> None:
    found = watch(a="1")
    assert found.suspect([meta("a", "2")])
    found.delivered(meta("a", "2"), is_deleted=False)
    assert found.confirm() == ()


def test_a_version_that_never_comes_is_found_out_until_it_comes() -> None:
    found = watch(a="1", b="1")
    assert found.suspect([meta("a", "2"), meta("b", "1")])
    assert found.confirm() == (("ns", "a"),)
    assert found.behind == (("ns", "a"),)
    found.delivered(meta("a", "2"), is_deleted=False)
    assert not found.suspect([meta("a", "2"), meta("b", "1")])
    assert found.confirm() == ()


def test_an_object_that_was_never_delivered_is_found_out() -> None:
    found = watch()
    assert found.suspect([meta("a", "1")])
    assert found.confirm() == (("ns", "a"),)


def test_a_deletion_that_was_never_delivered_is_found_out() -> None:
    found = watch(a="1", b="1")
    found.delivered(meta("b", "2"), is_deleted=True)
    assert found.suspect([])
    assert found.confirm() == (("ns", "a"),)
