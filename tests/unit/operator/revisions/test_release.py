"""A release is identified by what it would render for a job, and by nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.flink_configuration import flink_configuration
from program_user_info_operator.desired.job_config import job_config
from program_user_info_operator.environments.resolve import defaults
from program_user_info_operator.revisions.release import release_id

IMAGES = {"v1_20": "job:1.0-flink1.20", "v2_2": "job:1.0-flink2.2"}
KNOWN = release_id(BundledJobs(IMAGES))


def test_the_same_images_are_the_same_release_whatever_their_order() -> None:
    assert release_id(BundledJobs(dict(reversed(IMAGES.items())))) == KNOWN


@pytest.mark.parametrize(
    "bundle",
    [
        BundledJobs(IMAGES | {"v2_2": "job:1.1-flink2.2"}),
        BundledJobs({"v1_20": IMAGES["v1_20"]}),
        BundledJobs(IMAGES | {"v2_3": "job:1.0-flink2.3"}),
        BundledJobs(IMAGES, service_account="another"),
    ],
    ids=["another image", "a line less", "a line more", "another service account"],
)
def test_other_images_or_pods_are_another_release(bundle: BundledJobs) -> None:
    assert release_id(bundle) != KNOWN


def _config_with_a_field_more(spec: Any) -> dict[str, Any]:
    return job_config(spec) | {"colour": "blue"}


def _options_with_one_more(spec: Any, line: str) -> dict[str, str]:
    return flink_configuration(spec, line) | {"next.option": "on"}


@pytest.mark.parametrize(
    ("where", "next_release"),
    [
        ("revisions.renderer.job_config", _config_with_a_field_more),
        ("desired.flink_deployment_spec.flink_configuration", _options_with_one_more),
        ("revisions.release.defaults", lambda: defaults() | {"parallelism": 4}),
        ("desired.pod_template.merge", lambda base, _: base),
    ],
    ids=["a field of the configuration", "an option of Flink's", "a default", "a merge"],
)
def test_what_renders_or_fills_in_otherwise_is_another_release(
    where: str, next_release: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"program_user_info_operator.{where}", next_release)
    assert release_id(BundledJobs(IMAGES)) != KNOWN


@pytest.mark.parametrize(
    "section", ["kafka", "cassandra", "checkpoints", "autoscaling", "upgrade", "deletion"]
)
def test_a_change_of_how_a_section_is_rendered_shows(
    section: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is used by the jobs that a release is identified by."""
    rendered: list[Any] = []

    def noted(spec: Any, line: str) -> dict[str, str]:
        rendered.append(spec)
        return flink_configuration(spec, line)

    monkeypatch.setattr(
        "program_user_info_operator.desired.flink_deployment_spec.flink_configuration", noted
    )
    release_id(BundledJobs(IMAGES))
    default = defaults().get(section)
    told = [getattr(spec, section).model_dump(mode="json", by_alias=True) for spec in rendered]
    assert len(told) == 4
    assert all(each != default for each in told)
