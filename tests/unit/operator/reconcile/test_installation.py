"""Places in the cluster: how an installation is named in statuses, annotations and Secrets."""

from __future__ import annotations

from program_user_info_operator.reconcile.installation import Installation, Key, ProfilesRef

PLACE = Installation("operator", "controller", ProfilesRef("operator", "profiles"))


def test_an_installation_is_named_by_the_place_of_its_lease() -> None:
    """As the annotation that hands a job over names it."""
    assert str(PLACE) == "operator/controller"


def test_two_installations_of_one_namespace_have_keys_of_their_own() -> None:
    other = Installation("operator", "other", PLACE.profiles)
    assert (PLACE.digest_key, other.digest_key) == ("controller-digest-key", "other-digest-key")


def test_a_job_is_named_by_its_place() -> None:
    assert str(Key("ns", "job")) == "ns/job"
