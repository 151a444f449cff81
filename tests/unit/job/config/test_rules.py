"""The rules of the mapping, as a configuration sets them."""

from __future__ import annotations

import msgspec

from program_user_info_job.config.model import Config
from program_user_info_job.config.rules import mapping_rules
from tests.configuration import DOCUMENT


def test_the_rules_follow_from_the_configuration() -> None:
    cassandra = DOCUMENT["cassandra"] | {
        "layout": "map",
        "deletes": "apply",
        "missingProfile": "write",
    }
    rules = mapping_rules(msgspec.convert(DOCUMENT | {"cassandra": cassandra}, Config))
    assert rules.layout.name == "map"
    assert rules.apply_deletes
    assert rules.write_without_profile
