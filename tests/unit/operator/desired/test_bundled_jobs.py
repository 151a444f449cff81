"""The jobs that come with a release: their images at this release, at others, for other lines."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from program_user_info_operator.desired.bundled_jobs import BundledJobs

JOBS = BundledJobs(
    {
        "v1_20": "registry:5000/sunbird/job:1.4.0-flink1.20",
        "v2_2": "registry:5000/sunbird/job:1.4.0-flink2.2",
    }
)


def test_the_newest_line_is_first_whatever_the_order_of_the_options() -> None:
    images = {"v1_9": "a", "v2_2": "b", "v1_20": "c"}
    assert BundledJobs(images).lines == ["v2_2", "v1_20", "v1_9"]


def test_words_are_what_the_chart_and_the_command_line_have() -> None:
    assert BundledJobs({"v2_2": "job:1", "v1_20": "job:2"}).words == {"v2_2=job:1", "v1_20=job:2"}


@pytest.mark.parametrize(
    ("images", "release"),
    [
        (dict(JOBS.images), "1.4.0"),
        ({"v1_20": "job:1.4.0-flink1.20", "v2_2": "job:1.5.0-flink2.2"}, "1.4.0, 1.5.0"),
        # Of a registry that copies images under tags of its own.
        ({"v1_20": "job:b", "v2_2": "job:a"}, "a, b"),
        ({"v2_2": "job:1.4.0-flink1.20"}, "1.4.0-flink1.20"),
        ({"v2_2": "job:1.4.0-flink2.2@sha256:00"}, "1.4.0"),
    ],
)
def test_a_release_is_called_by_its_version_where_the_tags_agree(
    images: dict[str, str], release: str
) -> None:
    assert BundledJobs(images).release == release


@pytest.mark.parametrize(
    ("line", "version", "image"),
    [
        ("v2_2", None, "registry:5000/sunbird/job:1.4.0-flink2.2"),
        ("v2_2", "1.3.0", "registry:5000/sunbird/job:1.3.0-flink2.2"),
        ("v1_20", "1.3.0", "registry:5000/sunbird/job:1.3.0-flink1.20"),
    ],
)
def test_the_image_of_a_line_at_a_version(line: str, version: str | None, image: str) -> None:
    assert JOBS.image(line, version) == image


@pytest.mark.parametrize(
    ("image", "line", "is_brought"),
    [
        ("registry:5000/sunbird/job:1.4.0-flink2.2", "v2_2", True),
        ("registry:5000/sunbird/job:0.9-flink2.2", "v2_2", True),
        ("registry:5000/sunbird/job@sha256:00", "v2_2", True),
        ("registry:5000/sunbird/job", "v2_2", True),
        ("registry/sunbird/job:1.4.0-flink2.2", "v2_2", False),
        ("registry:5000/sunbird/job-of-mine:1", "v2_2", False),
        # No release brings this line.
        ("registry:5000/sunbird/job:1.4.0-flink2.2", "v2_3", False),
    ],
)
def test_an_image_was_brought_by_a_release_if_it_is_of_the_same_repository(
    image: str, line: str, is_brought: bool
) -> None:
    """The port of a registry is not a tag."""
    assert JOBS.brought(image, line) is is_brought


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        # The release's own, and an older one, for the other line.
        ("registry:5000/sunbird/job:1.4.0-flink1.20", "registry:5000/sunbird/job:1.4.0-flink2.2"),
        ("registry:5000/sunbird/job:1.3.0-flink1.20", "registry:5000/sunbird/job:1.3.0-flink2.2"),
        # What does not say its line in its tag has no sibling of its release.
        ("registry:5000/sunbird/job:1.3.0", "registry:5000/sunbird/job:1.4.0-flink2.2"),
        ("registry:5000/sunbird/job@sha256:00", "registry:5000/sunbird/job:1.4.0-flink2.2"),
    ],
)
def test_the_other_lines_image_is_of_the_release_that_brought_this_one(
    image: str, expected: str
) -> None:
    assert JOBS.sibling(image, "v1_20", "v2_2") == expected


@given(st.from_regex(r"[0-9]\.[0-9]{1,2}\.[0-9]{1,2}", fullmatch=True))
def test_a_sibling_of_a_sibling_is_the_image_itself(version: str) -> None:
    image = JOBS.image("v1_20", version)
    there = JOBS.sibling(image, "v1_20", "v2_2")
    assert JOBS.sibling(there, "v2_2", "v1_20") == image
    assert JOBS.brought(there, "v2_2")
