"""The mapping's rules as the configuration sets them."""

from __future__ import annotations

from datetime import timedelta

from program_user_info_job.config.model import Config
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.row.layout import LAYOUTS


def mapping_rules(config: Config) -> Rules:
    """What `record.process` needs to know of the configuration."""
    return Rules(
        layout=LAYOUTS[config.cassandra.layout],
        apply_deletes=config.cassandra.deletes == "apply",
        write_without_profile=config.cassandra.missing_profile == "write",
        future_bound=timedelta(seconds=config.writes.future_bound),
    )
