"""What docs/gitops.md says, with the real Flux: from `git commit` to rows, and back.

The repository holds a copy of `gitops/`, so the overlays and Flux's objects are the ones that users
copy.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import yaml

from dev.cluster.target import own_kubeconfig
from tests.cluster import condition, eventually, job
from tests.e2e.flux_world import (
    ENVIRONMENTS,
    JOB,
    MINUTES,
    NEXT,
    RELEASED,
    SECRET,
    World,
    reconcile,
    world,
)

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.nightly,
    pytest.mark.skipif(own_kubeconfig() is not None, reason="tags images in the embedded node"),
]

DEV = "gitops/overlays/dev/job.yaml"
STAGING = "gitops/overlays/staging/job.yaml"
PRODUCTION = "gitops/overlays/production/job.yaml"


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("git")) as made:
        yield made


def test_from_a_commit_to_rows_in_three_environments(platform: World) -> None:
    """Production's Secret comes later: its job waits for it and says so."""
    commit = platform.git.commit("The program user info jobs")
    platform.announce()
    said = platform.failed("production", commit)
    assert f"ProgramUserInfoJob/sunbird-production/{JOB} status: 'Failed'" in said
    missing = condition(platform.job("production"), "Stalled")
    assert missing["reason"] == "SecretMissing"
    assert SECRET in missing["message"]

    literals = ("--from-literal=username=anybody", "--from-literal=password=anything")
    platform.namespace("production").run("create", "secret", "generic", SECRET, *literals)
    eventually(
        lambda: condition(platform.job("production"), "Stalled")["status"] == "False",
        "production's job has noticed its Secret",
    )
    reconcile(f"kustomization/{JOB}-production")
    for environment in ENVIRONMENTS:
        platform.ready(environment, commit)
    for environment in ("staging", "production"):
        assert f":{RELEASED}-flink" in platform.image(environment)
    platform.send(200, seed=3)
    assert {name: platform.differences(name) for name in ENVIRONMENTS} == everywhere([])


def test_a_version_is_promoted_by_commits_while_a_bad_one_goes_back(platform: World) -> None:
    """The bad image is committed for dev, the promotion for staging, then for production."""
    good = platform.image("dev")
    before = platform.images("production")
    platform.git.change(STAGING, f'version: "{RELEASED}"', f'version: "{NEXT}"')
    platform.git.commit(f"Staging: {NEXT}")
    platform.git.write(
        DEV, f"{platform.git.read(DEV)}  image: localhost/none:1\n  upgrade: {{deadline: 20s}}\n"
    )
    bad = platform.git.commit("dev: an image that nobody has")
    platform.announce()

    said = platform.failed("dev", bad)
    assert f"ProgramUserInfoJob/sunbird-dev/{JOB} status: 'Failed'" in said
    stopped = condition(platform.job("dev"), "Stalled")
    assert stopped["reason"] == "UpgradeRolledBack"
    assert "image localhost/none:1 cannot be pulled" in stopped["message"]
    platform.ready("staging", bad)
    assert f":{NEXT}-flink" in platform.image("staging")
    assert platform.images("production") == before
    eventually(
        lambda: (platform.image("dev"), state(platform, "dev")) == (good, "RUNNING"),
        "dev runs its good revision again",
        MINUTES,
    )

    platform.git.change(PRODUCTION, f'version: "{RELEASED}"', f'version: "{NEXT}"')
    platform.git.commit(f"Production: {NEXT}")
    back = platform.git.revert(bad)
    platform.announce()
    for environment in ENVIRONMENTS:
        platform.ready(environment, back)
    assert f":{NEXT}-flink" in platform.image("production")
    # What dev tried went nowhere else.
    for environment in ("staging", "production"):
        assert "localhost/none:1" not in platform.images(environment)


def test_a_revert_goes_back_and_drift_and_what_git_no_longer_has_too(platform: World) -> None:
    """Drift and prune are shown with a second job, suspended, while production goes back."""
    second = job("second", kafka={"topic": "second", "groupId": "second"}, parallelism=2)
    del second["spec"]["cassandra"]
    platform.git.write("gitops/overlays/dev/second.yaml", yaml.safe_dump(second))
    overlay = "gitops/overlays/dev/kustomization.yaml"
    platform.git.change(overlay, "  - ../../base\n", "  - ../../base\n  - second.yaml\n")
    added = platform.git.commit("dev: a second job")
    reverted = platform.git.revert(platform.git.commit_of(f"Production: {NEXT}"))
    platform.announce()
    platform.ready("dev", reverted)

    dev = platform.namespace("dev")
    dev.run("scale", "puij/second", "--replicas=1")
    assert platform.job("dev", "second")["spec"]["parallelism"] == 1
    reconcile(f"kustomization/{JOB}-dev")
    eventually(
        lambda: platform.job("dev", "second")["spec"]["parallelism"] == 2, "drift is put back"
    )

    removed = platform.git.revert(added)
    platform.announce()
    eventually(
        lambda: (
            not dev.names("puij,flinkdeployments", "lern.sunbird.org/job=second")
            and not platform.job("dev", "second")
        ),
        "the second job is pruned",
        120,
    )
    for environment in ENVIRONMENTS:
        platform.ready(environment, removed)
    assert f":{RELEASED}-flink" in platform.image("production")
    assert f":{NEXT}-flink" in platform.image("staging")
    platform.send(100, seed=13)
    assert {name: platform.differences(name) for name in ENVIRONMENTS} == everywhere([])


def state(platform: World, environment: str) -> str | None:
    found: str | None = platform.job(environment).get("status", {}).get("jobState")
    return found


def everywhere(problems: list[str]) -> dict[str, list[str]]:
    return dict.fromkeys(ENVIRONMENTS, problems)
