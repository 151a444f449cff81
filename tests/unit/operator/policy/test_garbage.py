"""Which ConfigMaps go, and which stay because something still needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import revision, status

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset({"old"}))


def test_configurations_go_once_nothing_runs_or_can_go_back_to_them() -> None:
    newest, good, other = (revision(parallelism=number) for number in (1, 2, 3))
    history = History(
        (status(1, hash=good.hash), status(2, hash=newest.hash)), 1, {good.hash, newest.hash}
    )
    needed = {f"job-revision-{each.hash}": each.config_name for each in (newest, good)}
    names = [*needed, *needed.values(), f"job-revision-{other.hash}", "old", "older"]
    records = {each.hash: each for each in (newest, good)}

    def unused(*live: ObservedJob) -> list[str]:
        return unused_config_maps("job", names, history, records, live)

    assert unused(RUNNING) == sorted([f"job-revision-{other.hash}", "older"])
    assert unused() == []
    assert unused(RUNNING, replace(RUNNING, is_current=False)) == []
    assert unused(replace(RUNNING, lifecycle=Lifecycle.DEPLOYED)) == []


def test_what_the_flink_operator_has_last_reconciled_stays() -> None:
    history = History((status(1),), 1)
    live = [replace(RUNNING, config_maps=frozenset(["a", "b"])), RUNNING]
    assert unused_config_maps("job", ["a", "b", "old", "c"], history, {}, live) == ["c"]


def test_of_a_revision_whose_record_is_lost_the_name_of_the_record_stays() -> None:
    """It may be read again; what its configuration is called, only the record says."""
    history = History((status(1, hash="h"),), 1)
    found = unused_config_maps("job", ["job-revision-h", "job-config-1"], history, {}, [RUNNING])
    assert found == ["job-config-1"]
