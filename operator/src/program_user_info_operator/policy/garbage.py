"""Which ConfigMaps of a job nothing needs any more."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.record import record_name
from program_user_info_operator.revisions.revision import Revision


def unused_config_maps(
    job: str,
    existing: Iterable[str],
    history: History,
    records: Mapping[str, Revision],
    live: Collection[ObservedJob],
) -> list[str]:
    """Names to delete.

    What runs stays, what was last wanted, what can be gone back to, and what the Flink operator has
    last reconciled. Until every FlinkDeployment runs its current spec, all revisions of the status
    stay: pods of one that is under way may mount any of them.
    """
    kept = [each.hash for each in (*history.good_ones, history.newest, history.good) if each]
    if not live or not all(each.runs_current_spec for each in live):
        kept += [each.hash for each in history.revisions]
    needed = {name for each in live for name in each.config_maps}
    for revision in kept:
        needed.add(record_name(job, revision))
        if revision in records:
            needed.add(records[revision].config_name)
    return sorted(set(existing) - needed)
