"""Which ConfigMaps of a job nothing needs any more."""

from __future__ import annotations

from collections.abc import Iterable

from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob


def unused_config_maps(
    existing: Iterable[str], desired: str, observed: ObservedJob | None
) -> list[str]:
    """Names to delete: none until the Flink operator runs the present spec stably.

    What it last reconciled, and what it would roll back to, stays.
    """
    if observed is None or not observed.is_current or observed.lifecycle is not Lifecycle.STABLE:
        return []
    return sorted(set(existing) - {desired} - observed.config_maps)
