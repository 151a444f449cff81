"""`spec.upgrade`, `spec.savepoint` and `spec.deletion`: bounds, defaults, the server's rules."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel

from program_user_info_operator.api.upgrade_section import Deletion, Savepoint, Upgrade
from tests.unit.operator.sections import refused, rules


def test_by_default_a_job_follows_releases_keeps_no_state_and_goes_back_if_one_fails() -> None:
    upgrade = Upgrade()
    assert (upgrade.mode, upgrade.automatic, upgrade.rollback) == ("stateless", True, True)
    assert (upgrade.strategy, upgrade.overlap_soak, upgrade.revision) == (None, None, None)
    assert upgrade.restart_on_secret_change
    assert not Deletion().savepoint


@pytest.mark.parametrize(
    ("deadline", "milliseconds"), [("10min", 600_000), ("1500ms", 1500), ("1h", 3_600_000)]
)
def test_the_deadline_as_a_number(deadline: str, milliseconds: int) -> None:
    found = Upgrade.model_validate({"deadline": deadline})
    assert found.deadline_milliseconds == milliseconds


@pytest.mark.parametrize(
    ("section", "given", "line"),
    [
        (Upgrade, {"mode": "stateful"}, "mode: must be 'stateless', 'last-state' or 'savepoint'"),
        (Upgrade, {"strategy": "rolling"}, "strategy: must be 'overlap' or 'replace'"),
        (Upgrade, {"revision": 0}, "revision: must be at least 1"),
        (Upgrade, {"deadline": "1d"}, "deadline: must be a duration such as 500ms, 10s or 5min"),
        (Savepoint, {"triggerNonce": -1}, "triggerNonce: must be at least 0"),
        (
            Savepoint,
            {"restoreFrom": "/savepoint"},
            "restoreFrom: must be the path of a savepoint, as status.lastSavepoint gives it",
        ),
        (Deletion, {"savepoint": "yes"}, "savepoint: must be true or false, not a string"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_right(
    section: type[BaseModel], given: dict[str, Any], line: str
) -> None:
    assert refused(section, given) == [line]


def test_the_api_server_checks_fields_against_each_other() -> None:
    assert rules(Upgrade) == [
        "strategy overlap needs mode stateless, because state can be passed to one successor only"
    ]
    assert rules(Savepoint) == ["redeployNonce needs restoreFrom, the savepoint to start from"]
