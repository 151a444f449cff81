"""Which profile a job has, or why it has none."""

from __future__ import annotations

import pytest

from program_user_info_operator.environments.profiles import (
    ProfileProblem,
    Profiles,
    for_namespace,
    missing,
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: [", "the profile of environment dev is not YAML at line 2"),
        ("- a", "the profile of environment dev must be a mapping of spec fields"),
        ("a: .inf", "the profile of environment dev is not YAML"),
    ],
)
def test_what_is_wrong_with_a_profile_is_told_without_its_content(text: str, message: str) -> None:
    assert parse_profile("dev", text) == ProfileProblem("ProfileInvalid", message)


def test_the_namespaces_are_no_field_of_the_job() -> None:
    profile = {"namespaces": ["a", "b"], "parallelism": 2}
    assert for_namespace(profile, "dev", "b") == {"parallelism": 2}
    assert profile == {"namespaces": ["a", "b"], "parallelism": 2}


def test_a_namespace_that_may_not_use_an_environment_is_told_who_can_change_that() -> None:
    assert for_namespace({"namespaces": ["a"]}, "prod", "b") == ProfileProblem(
        "EnvironmentForbidden",
        "environment: jobs of namespace b may not use prod; use another environment, or add the"
        " namespace to environments.prod.namespaces in the values of the operator's chart",
    )


def test_a_list_of_no_namespaces_is_for_nobody() -> None:
    assert isinstance(for_namespace({"namespaces": []}, "dev", "a"), ProfileProblem)
    assert for_namespace({"namespaces": None}, "dev", "a") == {}


def test_where_no_profile_is_left_at_all_that_is_told() -> None:
    assert "(there are: none)" in missing("dev", []).message
