"""Which ConfigMaps go, and which stay because something still needs them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from program_user_info_operator.api.status import Outcome
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.garbage import unused_config_maps
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import revision, status

NOW = datetime(2026, 1, 1, tzinfo=UTC)
RUNNING = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset({"old"}))


def test_configurations_go_once_nothing_runs_or_can_go_back_to_them() -> None:
    good, given_up, newest, forgotten = (revision(parallelism=number) for number in (1, 2, 3, 4))
    numbered = enumerate((good, given_up, newest), start=1)
    statuses = [status(number, hash=each.hash) for number, each in numbered]
    statuses[1] = status(2, hash=given_up.hash, outcome=Outcome.SUPERSEDED)
    records = {each.hash: each for each in (good, given_up, newest)}
    history = History(tuple(statuses), 1, frozenset(records))
    names = [f"job-revision-{each.hash}" for each in (good, given_up, newest, forgotten)]
    names += [good.config_name, newest.config_name, "old", "older"]
    of_nothing = sorted([f"job-revision-{forgotten.hash}", "older"])

    def unused(*live: ObservedJob) -> list[str]:
        return unused_config_maps("job", names, history, records, live)

    assert unused(RUNNING) == sorted([*of_nothing, f"job-revision-{given_up.hash}"])
    assert unused() == sorted([*of_nothing, "old"])
    assert unused(RUNNING, replace(RUNNING, is_current=False)) == of_nothing
    assert unused(replace(RUNNING, lifecycle=Lifecycle.DEPLOYED)) == of_nothing


def test_what_the_flink_operator_has_last_reconciled_stays() -> None:
    history = History((status(1),), 1)
    live = [replace(RUNNING, config_maps=frozenset(["a", "b"])), RUNNING]
    assert unused_config_maps("job", ["a", "b", "old", "c"], history, {}, live) == ["c"]


def test_of_a_revision_whose_record_is_lost_the_name_of_the_record_stays() -> None:
    """It may be read again; what its configuration is called, only the record says."""
    history = History((status(1, hash="h"),), 1)
    found = unused_config_maps("job", ["job-revision-h", "job-config-1"], history, {}, [RUNNING])
    assert found == ["job-config-1"]
