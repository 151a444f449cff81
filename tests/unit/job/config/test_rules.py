"""The rules of the mapping, as a configuration sets them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from program_user_info_job.config.rules import mapping_rules
from program_user_info_job.row.event_to_row import Rules
from program_user_info_job.row.layout import FLAT, MAP
from tests.unit.job.written_table import configured

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("sections", "rules"),
    [
        ({}, Rules(FLAT, future_bound=MINUTE)),
        ({"cassandra": {"layout": "map"}}, Rules(MAP, future_bound=MINUTE)),
        ({"cassandra": {"deletes": "apply"}}, Rules(apply_deletes=True, future_bound=MINUTE)),
        (
            {"cassandra": {"missingProfile": "write"}},
            Rules(write_without_profile=True, future_bound=MINUTE),
        ),
        ({"writes": {"futureBound": 86_400}}, Rules()),
    ],
)
def test_the_rules_follow_from_the_configuration(sections: dict[str, Any], rules: Rules) -> None:
    assert mapping_rules(configured(**sections)) == rules
