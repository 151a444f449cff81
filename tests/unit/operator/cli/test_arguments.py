"""What the commands share: the bundled jobs that their options name, and how a failure is told."""

from __future__ import annotations

import pytest
import typer

from program_user_info_operator.cli.arguments import JOB_IMAGES, VERSION, bundle_of, fail
from program_user_info_operator.desired.bundled_jobs import BundledJobs


def test_a_bundled_job_is_named_for_each_line() -> None:
    found = bundle_of(["v1_20=r:5000/job:1-flink1.20", "v2_2=job@sha256:ab=="], "account")
    images = {"v1_20": "r:5000/job:1-flink1.20", "v2_2": "job@sha256:ab=="}
    assert found == BundledJobs(images, "account")


def test_the_default_is_the_programs_own_version_for_each_line() -> None:
    assert bundle_of(JOB_IMAGES, "account").images == {
        "v1_20": f"program-user-info-job:{VERSION}-flink1.20",
        "v2_2": f"program-user-info-job:{VERSION}-flink2.2",
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("job:1.0", "job:1.0="),
        ("2.2=job:1.0", "2.2=job:1.0"),
        ("v2_2=", "v2_2="),
        ("v2_2_1=job:1.0", "v2_2_1=job:1.0"),
        ("=job:1.0", "=job:1.0"),
    ],
)
def test_a_bundled_job_without_its_line_is_refused(
    given: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        bundle_of(["v1_20=job:1", given], "account")
    assert ended.value.exit_code == 1
    assert capsys.readouterr().err == (
        f"error: --job-image {said}: must be LINE=IMAGE, such as v2_2=registry/job:1.0.0\n"
    )


@pytest.mark.parametrize("status", [1, 2])
def test_a_failure_is_one_sentence_and_a_status(
    status: int, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(typer.Exit) as ended:
        fail("a is wrong", status)
    assert ended.value.exit_code == status
    assert capsys.readouterr() == ("", "error: a is wrong\n")
