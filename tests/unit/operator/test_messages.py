"""What users read, whole: each sentence stands in tests/golden/messages.txt for a reviewer."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.status import Change, ChangeStatus, Outcome, Stage
from program_user_info_operator.cluster.api_server import ApiError
from program_user_info_operator.observed.failure import Failure, find_failure
from program_user_info_operator.observed.flink_deployment import Lifecycle, ObservedJob
from program_user_info_operator.observed.flink_job import FlinkJob
from program_user_info_operator.policy.compatibility import refuse_change, refuse_other_flink
from program_user_info_operator.policy.conclusion import Outlook, conclude
from program_user_info_operator.policy.conditions import VerdictInput, judge
from program_user_info_operator.policy.decision import Decision, Seen
from program_user_info_operator.policy.deployments import Deployments, Placement
from program_user_info_operator.reconcile.installation import Key
from program_user_info_operator.revisions.history import History
from program_user_info_operator.rollout.standings import Member, Standings, Target, Waves
from tests.unit.operator.controller import Controller
from tests.unit.operator.revisions import NOW, revision, status
from tests.unit.operator.specs import CR, resolved, with_fields
from tests.unit.operator.world import World

Told = Iterator[tuple[str, str]]

RUNS = ObservedJob(True, Lifecycle.STABLE, "RUNNING", "id", None, frozenset())
STARTS = replace(RUNS, lifecycle=Lifecycle.DEPLOYED, job_state="CREATED")
FAILS = replace(STARTS, job_state="FAILED")
STALE = replace(STARTS, is_current=False)
APPLIED = datetime(2026, 1, 1, 11, 58, tzinfo=UTC)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def of_the_deployment() -> Told:
    cases: dict[str, tuple[ObservedJob | None, Failure | None]] = {
        "nothing is there": (None, None),
        "it runs": (RUNS, None),
        "it runs, and its operator fails": (replace(RUNS, error="no"), None),
        "it starts": (STARTS, None),
        "its status is empty": (replace(STARTS, job_state=None, lifecycle=None), None),
        "it starts, with an error": (replace(STARTS, error="no"), None),
        "it fails": (FAILS, None),
        "it fails, with an error": (replace(FAILS, error="no"), None),
        "it fails, and the job says why": (FAILS, Failure("KafkaUnreachable", "no broker")),
        "the spec is new": (STALE, None),
        "the spec is new, with an error": (replace(STALE, error="no"), None),
        "the spec is two minutes old": (replace(STALE, applied=APPLIED), None),
    }
    for what, (observed, failure) in cases.items():
        verdict = judge(VerdictInput(False, observed, failure, NOON))
        yield what, f"{verdict.state} {verdict.reason}: {verdict.message}"
    verdict = judge(VerdictInput(True, replace(STARTS, lifecycle=None), None, NOON))
    yield "it is suspended", f"{verdict.state} {verdict.reason}: {verdict.message}"


def of_pods() -> Told:
    def pod(**state: Any) -> dict[str, Any]:
        return {"status": {"containerStatuses": [{"image": "i:1", **state}]}}

    unscheduled = {"type": "PodScheduled", "status": "False"}
    waiting = {"waiting": {"reason": "CreateContainerConfigError", "message": "no\n secret"}}
    yield from (
        (what, f"{found.reason}: {found.message}")
        for what, found in {
            "no node": find_failure([{"status": {"conditions": [unscheduled]}}], "", None),
            "no node, and why": find_failure(
                [{"status": {"conditions": [unscheduled | {"message": "no cpu"}]}}], "", None
            ),
            "no image": find_failure(
                [pod(state={"waiting": {"reason": "ErrImagePull"}})], "", None
            ),
            "no container": find_failure([pod(state=waiting)], "", None),
            "no memory": find_failure(
                [pod(lastState={"terminated": {"reason": "OOMKilled"}})], "", None
            ),
            "no quota": find_failure([], "", "pods: exceeded quota: small, used: cpu=1"),
            "Flink's error": find_failure([], "", "no"),
            "its own words": find_failure([], "program_user_info_job.x: [Why] so\n  it\n", "no"),
        }.items()
        if found is not None
    )


def of_refusals() -> Told:
    kafka, cassandra = {"groupId": "g"}, {"table": "t"}
    state: dict[str, Any] = {
        "checkpoints": {"storage": "s3://b"},
        "flink": {"configuration": {"pipeline.max-parallelism": "8"}},
    }
    pairs: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
        "another layout": ({}, {"cassandra": {"layout": "map"}}, "stateless"),
        "another table": ({"kafka": kafka}, {"kafka": kafka, "cassandra": cassandra}, "stateless"),
        "another group": ({}, {"kafka": kafka | {"startingOffsets": "latest"}}, "stateless"),
        "other pieces of state": ({}, state, "savepoint"),
    }
    for what, (old, new, mode) in pairs.items():
        refusal = refuse_change(revision(**old), revision(**new), mode)
        assert refusal is not None, what
        yield what, f"{refusal.reason}: {refusal.message}"
    refusal = refuse_other_flink("v1_20", "v2_2", "savepoint")
    assert refusal is not None
    yield "another generation of Flink", f"{refusal.reason}: {refusal.message}"


def of_conclusions() -> Told:
    made = revision()
    pending = status(2, hash=made.hash, outcome=Outcome.PENDING, started=NOW)
    good = status(1)
    long_after = NOW + timedelta(hours=1)

    def told(
        observed: ObservedJob,
        *,
        back: bool = True,
        paused: bool = False,
        flink: FlinkJob | None = None,
        refusal: Refusal | None = None,
        now: datetime = long_after,
        beside: bool = False,
        waits: bool = False,
    ) -> str:
        recorded = frozenset([made.hash, good.hash] if back else [made.hash])
        history = History((good, pending), 1, recorded)
        placed = [Placement("serving", good.hash)] if beside else []
        deployments = Deployments((*placed, Placement("job", made.hash)), ())
        spec = resolved(with_fields()).spec
        seen = Seen(
            job="job",
            created=now,
            spec=spec,
            refusal=None,
            candidates=None,
            history=history,
            records={made.hash: made},
            live={},
            failure=None,
            is_paused=paused,
        )
        decision = Decision(history, {made.hash: made}, deployments)
        outlook = Outlook({"job": observed}, refusal, None, flink, waits)
        found = conclude(seen, decision, outlook, timedelta(seconds=30), now).verdict
        return f"{found.state} {found.reason}: {found.message}"

    fresh = FlinkJob(timedelta(seconds=3), None, timedelta(seconds=1))
    idle = FlinkJob(timedelta(hours=1), None, None)
    yield "it never ran", told(FAILS)
    yield "it never ran, without a way back", told(STARTS, back=False)
    yield "it failed, without a way back", told(FAILS, back=False)
    yield "Flink did not say", told(RUNS)
    yield "it ran without checkpoints", told(RUNS, flink=idle)
    yield "it broke too often", told(RUNS, flink=fresh)
    yield "it proves itself beside a good one", told(RUNS, flink=fresh, now=NOW, beside=True)
    yield "it starts beside a good one", told(STARTS, now=NOW, beside=True)
    yield "it is paused", told(RUNS, now=NOW, paused=True)
    yield "the old deployment has yet to go", told(RUNS, now=NOW, waits=True)
    yield "a write was refused", told(RUNS, now=NOW, refusal=Refusal("Why", "so"))


def of_rollouts() -> Told:
    def change(kind: Change, stage: Stage) -> ChangeStatus:
        return ChangeStatus(change=kind.value, id="id", stage=stage, since=NOW)

    def held(*others: Member, waves: Waves | None = None, kind: Change = Change.RELEASE) -> str:
        found = Standings(waves or Waves(1, ("dev",)), Target("id", "2.0"))
        for each in others:
            found.put(each)
        wanted = [change(kind, Stage.WAITING)]
        held_up = found.holds_up(Member(Key("ns", "job"), "production"), wanted)
        return held_up.note if held_up else ""

    def other(stage: Stage, environment: str = "production", **fields: Any) -> Member:
        kinds = (Change.RELEASE, Change.PROFILE, Change.SECRET)
        changes = tuple(change(kind, stage) for kind in kinds)
        return Member(Key("ns", "other"), environment, changes, **fields)

    yield "rollouts are paused", held(waves=Waves(1, (), paused=True))
    for kind in Change:
        yield f"a {kind} failed elsewhere", held(other(Stage.FAILED), kind=kind)
    yield "an environment is first", held(other(Stage.WAITING, "dev", reason="ProfileInvalid"))
    flies = other(Stage.IN_FLIGHT, proving=True)
    yield "another one is under way", held(flies, kind=Change.PROFILE)


def of_whole_jobs() -> Told:
    """Those that need the API server's answers."""

    def told(prepare: Callable[[World], None], **fields: Any) -> str:
        world = World()
        world.put_job(**fields)
        prepare(world)
        Controller(world).rest()
        return f"{' '.join(world.state())}: {world.message()}"

    def nothing(_: World) -> None: ...

    def without_the_crd(world: World) -> None:
        world.objects = {key: each for key, each in world.objects.items() if "flink" not in key[2]}

    def refusing(kind: str, number: int) -> Callable[[World], None]:
        def prepare(world: World) -> None:
            world.refuse[f"apply {kind}"] = ApiError(number, "the server's words")

        return prepare

    def taken(world: World) -> None:
        name = "job"
        world.put({"kind": "FlinkDeployment", "metadata": {"name": name, "resourceVersion": "1"}})

    secret = {"credentials": {"secretName": "login"}}
    yield "no Flink operator", told(without_the_crd)
    for kind in ("ConfigMap", "FlinkDeployment"):
        yield f"a {kind} is denied", told(refusing(kind, 403))
        yield f"a {kind} is refused", told(refusing(kind, 422))
    yield "the name is taken", told(taken, upgrade={"strategy": "replace"})
    yield "a Secret is missing", told(nothing, cassandra=CR["cassandra"] | secret)
    yield "an unknown revision", told(nothing, upgrade={"revision": 7})


def test_every_sentence_is_as_it_was_reviewed(golden: Callable[[str, str], None]) -> None:
    chapters = (of_the_deployment, of_pods, of_refusals, of_conclusions, of_rollouts, of_whole_jobs)
    wrapper = textwrap.TextWrapper(
        width=100,
        initial_indent="  ",
        subsequent_indent="  ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    lines: list[str] = []
    for chapter in chapters:
        lines.append(f"== {chapter.__name__.replace('_', ' ')}")
        for what, told in chapter():
            lines += [f"{what}:", *wrapper.wrap(told)]
    golden("messages.txt", "\n".join(lines) + "\n")
