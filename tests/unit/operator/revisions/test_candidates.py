"""A pinned or waiting job runs what its own release rendered, with its user's edit in it.

The next release is made here: it has a field more, another default, another option for Flink, and
writes its configuration with a field more.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import Field

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.job_config import job_config
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.environments.resolve import Resolved, resolve
from program_user_info_operator.observed.flink_operator import FlinkOperator
from program_user_info_operator.revisions.candidates import Asked, Candidates
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Revision
from program_user_info_operator.revisions.runtime_choice import Offer
from tests.unit.operator.specs import with_fields

RENDERER = Renderer(Owner("job", "ns", "uid"), "account")
FIRST, NEXT = (
    BundledJobs({"v1_20": f"r/job:{version}-flink1.20", "v2_2": f"r/job:{version}-flink2.2"})
    for version in ("1.0", "2.0")
)


class NextSpec(JobSpec):
    """The spec of the next release."""

    parallelism: int = Field(4, ge=1)
    colour: str = Field("blue")


@pytest.fixture
def next_release(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on, this is the next release."""
    environments = "program_user_info_operator.environments.resolve"
    monkeypatch.setattr(f"{environments}.JobSpec", NextSpec)

    def config(spec: JobSpec) -> dict[str, Any]:
        assert isinstance(spec, NextSpec)
        return job_config(spec) | {"colour": spec.colour}

    def options(spec: JobSpec, line: str) -> dict[str, str]:
        return flink_configuration(spec, line) | {"next.option": "on"}

    monkeypatch.setattr("program_user_info_operator.revisions.renderer.job_config", config)
    desired = "program_user_info_operator.desired.flink_deployment_spec"
    monkeypatch.setattr(f"{desired}.flink_configuration", options)


def candidates(
    current: Revision | None,
    bundle: BundledJobs = FIRST,
    profile: dict[str, Any] | None = None,
    secrets: str | None = None,
    **fields: Any,
) -> Candidates:
    cr = with_fields(**fields)
    resolved = resolve(cr, profile)
    assert isinstance(resolved, Resolved), resolved
    offer = Offer(bundle, FlinkOperator(()))
    asked = Asked(resolved, cr, profile, secrets, release_id(bundle))
    return Candidates(RENDERER, offer, asked, current)


def made(found: Revision | Refusal | None) -> Revision:
    assert isinstance(found, Revision), found
    return found


def first(**fields: Any) -> Revision:
    return made(candidates(None, **fields).latest)


FIELDS: dict[str, Any] = {"kafka": {"topic": "t"}, "flink": {"configuration": {"a": "b"}}}


@pytest.mark.usefixtures("next_release")
def test_the_next_release_is_another_one() -> None:
    latest = made(candidates(None, NEXT).latest)
    assert latest.deployment["job"]["parallelism"] == 4
    assert "colour: blue" in latest.config
    assert latest.deployment["flinkConfiguration"]["next.option"] == "on"
    assert latest.inputs is not None
    assert latest.inputs.release == release_id(NEXT)


def test_the_same_job_of_the_same_release_is_the_same_revision() -> None:
    current = first(**FIELDS)
    found = candidates(current, **FIELDS)
    assert found.latest is found.edited is current


EDITS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("nothing", {}, {}),
    ("the deadline", {"upgrade": {"deadline": "1h"}}, {}),
    ("parallelism", {"parallelism": 3}, {"job": {"parallelism": 3}}),
    ("an option", {"flink": {"configuration": {"a": "c"}}}, {"flinkConfiguration": {"a": "c"}}),
    (
        "another option",
        {"flink": {"configuration": {"c": "d"}}},
        {"flinkConfiguration": {"c": "d"}},
    ),
    ("a restart", {"restartNonce": 2}, {"restartNonce": 2}),
    (
        "memory",
        {"resources": {"taskManager": {"memory": "4g"}}},
        {"taskManager": {"resource": {"memory": "4096m", "cpu": 1.0}}},
    ),
]


@pytest.mark.parametrize(("edit", "changed"), [pytest.param(*e[1:], id=e[0]) for e in EDITS])
def test_an_edit_changes_what_it_says_and_nothing_else(
    request: pytest.FixtureRequest, edit: dict[str, Any], changed: dict[str, Any]
) -> None:
    before = first(flink={"configuration": {"a": "b"}})
    as_the_first_release_would = first(**({"flink": {"configuration": {"a": "b"}}} | edit))
    request.getfixturevalue("next_release")
    found = candidates(before, NEXT, **({"flink": {"configuration": {"a": "b"}}} | edit))
    for edited in (found.edited, found.pinned):
        after = made(edited)
        assert after.deployment == as_the_first_release_would.deployment
        assert after.config == as_the_first_release_would.config
        assert after.hash == as_the_first_release_would.hash
    for section, values in changed.items():
        there = after.deployment[section]
        assert there in (values, there | values if isinstance(there, dict) else values)


def test_an_edit_of_the_configuration_is_one_of_the_old_configuration(
    request: pytest.FixtureRequest,
) -> None:
    before = first()
    request.getfixturevalue("next_release")
    after = made(candidates(before, NEXT, kafka={"topic": "other"}).edited)
    assert yaml.safe_load(after.config) == yaml.safe_load(before.config) | {
        "kafka": yaml.safe_load(before.config)["kafka"]
        | {"topic": "other", "deadLetterTopic": "other.failed"}
    }
    assert after.config_name != before.config_name
    assert after.config_name in str(after.deployment["podTemplate"]["spec"]["volumes"])
    assert after.inputs is not None
    assert before.inputs is not None
    assert after.inputs.release == before.inputs.release


def test_a_value_that_is_the_new_default_is_given_all_the_same(
    request: pytest.FixtureRequest,
) -> None:
    before = first()
    request.getfixturevalue("next_release")
    after = made(candidates(before, NEXT, parallelism=4).edited)
    assert after.deployment["job"]["parallelism"] == 4


def test_a_profile_reaches_a_pinned_job_without_the_release(
    request: pytest.FixtureRequest,
) -> None:
    before = first()
    request.getfixturevalue("next_release")
    found = candidates(before, NEXT, profile={"parallelism": 3}, secrets="s")
    pinned = made(found.pinned)
    assert pinned.deployment["job"]["parallelism"] == 3
    assert "colour" not in pinned.config
    assert "next.option" not in pinned.deployment["flinkConfiguration"]
    assert pinned.image == before.image
    assert pinned.inputs is not None
    assert (pinned.inputs.profile, pinned.inputs.secrets) == ({"parallelism": 3}, "s")
    assert made(found.edited) is before
    assert made(found.with_secrets).deployment["job"]["parallelism"] == 1


def test_secrets_alone_change_the_pods_and_nothing_else() -> None:
    before = first(secrets="a")
    after = made(candidates(before, secrets="b", profile={"parallelism": 9}).with_secrets)
    expected = first(secrets="b")
    assert (after.deployment, after.config) == (expected.deployment, before.config)


def test_the_pods_of_an_edit_mount_the_secrets_as_they_are() -> None:
    before = first(secrets="a")
    after = made(candidates(before, secrets="b", parallelism=2).edited)
    assert after.deployment == first(secrets="b", parallelism=2).deployment


def test_an_edit_that_needs_the_new_profile_waits_for_it() -> None:
    before = first(kafka={"bootstrapServers": ["kafka:9092"]})
    cr = {"environment": "dev", "cassandra": {"contactPoints": ["c:1"]}, "parallelism": 2}
    profile = {"kafka": {"bootstrapServers": ["kafka:9092"]}}
    resolved = resolve(cr, profile)
    assert isinstance(resolved, Resolved)
    asked = Asked(resolved, cr, profile, None, release_id(FIRST))
    found = Candidates(RENDERER, Offer(FIRST, FlinkOperator(())), asked, before)
    assert found.edited is None
    assert made(found.latest).deployment["job"]["parallelism"] == 2


def test_a_field_of_the_next_release_in_an_edit_reaches_the_old_configuration(
    request: pytest.FixtureRequest,
) -> None:
    """The job of the old release reads it all the same, and passes over what it does not know."""
    before = first()
    request.getfixturevalue("next_release")
    after = made(candidates(before, NEXT, colour="red").edited)
    assert yaml.safe_load(after.config) == yaml.safe_load(before.config) | {"colour": "red"}


def test_a_pinned_job_that_is_let_go_waits_with_the_image_that_it_has() -> None:
    before = first(version="1.0")
    found = candidates(before, NEXT)
    assert made(found.edited).image == "r/job:1.0-flink2.2"
    assert made(found.latest).image == "r/job:2.0-flink2.2"
