"""The status besides the conditions: of which deployment it speaks, and what it keeps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.api.status import Change, Checkpoint, JobStatus, SavepointStatus
from program_user_info_operator.environments.resolve import Source
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.policy.deployments import Deployments, Placement
from program_user_info_operator.policy.shared_group import own_use, use_in_status
from program_user_info_operator.policy.written_status import Findings, differs, status_of
from program_user_info_operator.revisions.history import History
from tests.unit.operator.revisions import NOW, RUNTIME, revision, status
from tests.unit.operator.specs import CR, resolved, with_fields

RUNS = ObservedJob(
    is_current=True,
    lifecycle=Lifecycle.STABLE,
    job_state="RUNNING",
    job_id="f00",
    error=None,
    config_maps=frozenset(),
    parallelism=3,
)
STARTS = replace(RUNS, lifecycle=Lifecycle.DEPLOYED, job_state="CREATED", job_id="bad")
ONE = Deployments((Placement("main", "h2"),), ())
BOTH = Deployments((Placement("serving", "h1"), Placement("main", "h2")), ())


def findings(deployments: Deployments = ONE, **fields: Any) -> Findings:
    known: dict[str, Any] = {
        "job": "job",
        "spec": resolved(with_fields()).spec,
        "sources": {"parallelism": Source.DEFAULT},
        "history": History((status(1),), 1),
        "running": None,
        "deployments": deployments,
        "live": {},
        "targets": {},
    }
    return Findings(**(known | fields))


def found(deployments: Deployments = ONE, old: JobStatus | None = None, **fields: Any) -> JobStatus:
    return status_of(old or JobStatus(), findings(deployments, **fields), NOW)


def test_it_speaks_of_the_deployment_that_writes() -> None:
    told = found(BOTH, live={"serving": RUNS, "main": STARTS})
    assert (told.deployment, told.job_id, told.job_state) == ("serving", "f00", "RUNNING")
    told = found(BOTH, live={"serving": RUNS, "main": replace(RUNS, job_id="new")})
    assert (told.deployment, told.job_id) == ("main", "new")
    told = found(BOTH, live={"serving": STARTS, "main": STARTS})
    assert (told.deployment, told.job_id) == ("main", "bad")
    told = found(BOTH, live={"serving": STARTS})
    assert (told.deployment, told.parallelism) == ("serving", 3)


def test_where_nothing_is_deployed_yet_it_names_what_will_be() -> None:
    told = found()
    assert (told.deployment, told.job_id, told.job_state, told.parallelism) == ("main",) + 3 * (
        None,
    )
    assert found(Deployments((), ())).deployment is None


@pytest.mark.parametrize(
    ("state", "observed", "job_state"),
    [
        ("running", None, None),
        ("suspended", None, "SUSPENDED"),
        ("suspended", replace(STARTS, job_state=None), "SUSPENDED"),
        ("suspended", replace(STARTS, job_state="FINISHED"), "FINISHED"),
        ("running", replace(STARTS, job_state=None), None),
    ],
)
def test_the_state_of_a_job_that_never_ran(
    state: str, observed: ObservedJob | None, job_state: str | None
) -> None:
    live = {} if observed is None else {"main": observed}
    spec = resolved(with_fields(state=state)).spec
    assert found(spec=spec, live=live).job_state == job_state


def test_pods_are_selected_for_the_scale_subresource() -> None:
    assert found().selector == "lern.sunbird.org/job=job,component=taskmanager"


def test_what_was_last_taken_is_kept_until_there_is_another() -> None:
    savepoint = SavepointStatus(location="s3://b/1", time=NOW)
    checkpoint = Checkpoint(id=1, time=NOW)
    old = JobStatus(last_savepoint=savepoint, last_checkpoint=checkpoint)
    told = found(old=old)
    assert (told.last_savepoint, told.last_checkpoint) == (savepoint, checkpoint)
    newer = savepoint.model_copy(update={"location": "s3://b/2"})
    later = checkpoint.model_copy(update={"id": 2})
    told = found(old=old, last_savepoint=newer, last_checkpoint=later)
    assert (told.last_savepoint, told.last_checkpoint) == (newer, later)


def test_a_checkpoint_alone_is_not_worth_a_write() -> None:
    old = JobStatus(last_checkpoint=Checkpoint(id=1, time=NOW))
    newer = old.model_copy(update={"last_checkpoint": Checkpoint(id=2, time=NOW)})
    assert not differs(newer, old)
    savepoint = SavepointStatus(location="s3://b/1", time=NOW)
    assert differs(newer.model_copy(update={"last_savepoint": savepoint}), old)


def test_without_a_complete_spec_it_keeps_what_the_last_one_resolved_to() -> None:
    old = JobStatus(topic="t", group_id="g", image="image:1")
    told = found(old=old, spec=None)
    assert (told.topic, told.group_id, told.image) == ("t", "g", "image:1")
    assert found(old=old, sources=None).topic == "t"
    assert found(old=old).topic == "dev.programuser.info"


@pytest.mark.parametrize(
    "cr",
    [
        CR,
        with_fields(kafka={"additionalTopics": ["another"]}),
        CR | {"cassandra": {"secureConnectBundle": {"secretName": "astra"}}},
    ],
)
def test_other_jobs_find_in_it_what_the_spec_says_of_its_group(cr: dict[str, Any]) -> None:
    spec = resolved(cr).spec
    assert use_in_status("ns/job", NOW, found(spec=spec)) == own_use("ns/job", NOW, spec)


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("registry:5000/name:1.2@sha256:f", "1.2"),
        ("registry:5000/name:1.2", "1.2"),
        ("name:1.2", "1.2"),
        ("registry:5000/name", None),
        ("name@sha256:f", None),
    ],
)
def test_the_version_is_the_images_tag(image: str, version: str | None) -> None:
    told = found(running=revision(replace(RUNTIME, image=image)))
    assert (told.image, told.image_version, told.flink_version) == (image, version, "v1_20")


def test_a_change_whose_target_cannot_be_told_keeps_its_stage() -> None:
    old = found(targets={Change.RELEASE: "r1", Change.PROFILE: "p1"})
    stages = {each.change: each.stage for each in old.rollout.changes}
    assert set(stages) == {"Release", "Profile"}
    told = found(old=old, targets={Change.RELEASE: "r1"}, unknown=frozenset([Change.PROFILE]))
    assert {each.change: each.stage for each in told.rollout.changes} == stages
    told = found(old=old, targets={Change.RELEASE: "r1"})
    assert [each.change for each in told.rollout.changes] == ["Release"]
