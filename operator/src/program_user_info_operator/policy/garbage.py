"""Which ConfigMaps of a job nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterable

from program_user_info_operator.observed.flink_deployment import ObservedJob


def unused_config_maps(
    existing: Iterable[str], needed: Iterable[str], observed: ObservedJob | None
) -> list[str]:
    """Names to delete: none until the Flink operator runs the present spec stably.

    What it last reconciled, and what it would roll back to, stays.
    """
    if observed is None or not observed.is_stable:
        return []
    return sorted(set(existing) - set(needed) - observed.config_maps)
