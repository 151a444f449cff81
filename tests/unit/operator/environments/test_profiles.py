"""Which profile a job has, or why it has none."""

from __future__ import annotations

import pytest

from program_user_info_operator.environments.profiles import (
    ProfileProblem,
    Profiles,
    parse_profile,
    profile_id,
    read_profiles,
)


@pytest.mark.parametrize("text", ["a: [", "- a", "5"])
def test_a_profile_that_is_no_mapping_is_invalid(text: str) -> None:
    outcome = parse_profile("dev", text)
    assert isinstance(outcome, ProfileProblem)
    assert outcome.reason == "ProfileInvalid"
    assert "profile of environment dev" in outcome.message


def test_an_empty_profile_is_fine() -> None:
    assert parse_profile("dev", "") == {}
    assert parse_profile("dev", "parallelism: 2") == {"parallelism": 2}


@pytest.mark.parametrize(
    ("texts", "had_one", "reason"),
    [
        ({}, False, None),
        ({"dev": ""}, False, None),
        ({}, True, "ProfileMissing"),
        ({"staging": ""}, False, "ProfileMissing"),
        ({"dev": "a: ["}, True, "ProfileInvalid"),
        ({"dev": "namespaces: ns"}, True, "ProfileInvalid"),
        ({"dev": "namespaces: [ns]"}, True, None),
        ({"dev": "namespaces: [other]"}, True, "EnvironmentForbidden"),
    ],
)
def test_a_job_goes_by_its_profile_or_says_why_it_has_none(
    texts: dict[str, str], had_one: bool, reason: str | None
) -> None:
    found = Profiles(texts).find("dev", "ns", had_one=had_one)
    assert (found.reason if isinstance(found, ProfileProblem) else None) == reason
    if isinstance(found, ProfileProblem):
        assert "dev" in found.message
    else:
        assert not found


def test_a_typo_in_the_environment_is_answered_with_those_there_are() -> None:
    found = Profiles({"dev": "", "staging": ""}).find("prod", "ns", had_one=False)
    assert isinstance(found, ProfileProblem)
    assert found.message == (
        "environment: there is no profile for prod (there are: dev, staging); correct"
        " spec.environment, or add environments.prod to the values of the operator's chart, which"
        " can be empty"
    )


def test_a_profile_is_named_by_its_content() -> None:
    assert profile_id(None) == profile_id({})
    assert profile_id({"parallelism": 2}) not in (profile_id({}), profile_id({"parallelism": 3}))


def test_profiles_say_which_release_they_came_with() -> None:
    annotations = {"lern.sunbird.org/bundle": "v2_2=image:1"}
    config_map = {"metadata": {"annotations": annotations}, "data": {"dev": ""}}
    assert read_profiles(config_map) == Profiles({"dev": ""}, "v2_2=image:1")
    assert read_profiles(None) == Profiles({})
    assert read_profiles({"metadata": {}}) == Profiles({})
