"""Which revision a job should have: its user's change at once, a release of ours in its turn."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import yaml

from program_user_info_operator.api.status import Cause
from program_user_info_operator.desired.context import Bundle, Owner
from program_user_info_operator.desired.objects import (
    Desired,
    desired_objects,
    revision_objects,
)
from program_user_info_operator.desired.revision import Revision
from program_user_info_operator.environments.resolve import Resolved
from program_user_info_operator.policy.compatibility import Refusal, refuse_change


@dataclass(frozen=True)
class Admission:
    """Whether it is the job's turn in the rollout; `note` says what it waits for."""

    admitted: bool
    note: str = ""


@dataclass(frozen=True)
class Choice:
    """What is wanted, and what made it so. `note`: a release that the job has yet to get."""

    wanted: Desired
    cause: Cause
    note: str = ""


@dataclass(frozen=True)
class Situation:
    """`current` is the revision that is deployed, `newest` the hash of the one last reported.

    They differ after a rollback, and where a controller died between the two. `reported` is the
    newest one's record, if it is still there.
    """

    resolved: Resolved
    owner: Owner
    bundle: Bundle
    secrets: str | None
    current: Revision | None
    newest: str | None
    reported: Revision | None


def choose(situation: Situation, ask: Callable[[], Admission]) -> Choice | Refusal:
    """Decide. `ask` is called only where the release alone would change the deployment."""
    resolved, current = situation.resolved, situation.current
    fresh = _render(situation, None)
    if current is None:
        return Choice(fresh, Cause.CREATED)
    if fresh.revision.hash in (current.hash, situation.newest):
        reported = situation.reported or current
        cause = _cause(reported, fresh.revision) if situation.newest else Cause.CREATED
        return Choice(fresh, cause)
    kept = _render(situation, current.image if current.bundled else None)
    by_user = kept.revision.hash != current.hash and _has_other_inputs(current, kept.revision)
    if by_user:
        return _refusal(current, kept) or Choice(kept, _cause(current, kept.revision))
    held = revision_objects(current, resolved.spec, situation.owner)
    if not resolved.spec.upgrade.automatic:
        return Choice(held, Cause.RELEASE)
    refusal = _refusal(current, fresh)
    if refusal is not None:
        return refusal
    # Nothing runs that the release could break; when it is resumed, it has its deadline.
    if resolved.spec.state == "suspended":
        return Choice(fresh, Cause.RELEASE)
    admission = ask()
    if admission.admitted:
        return Choice(fresh, Cause.RELEASE)
    return Choice(held, Cause.RELEASE, admission.note)


def _render(situation: Situation, bundled_image: str | None) -> Desired:
    return desired_objects(
        situation.resolved,
        situation.owner,
        situation.bundle,
        bundled_image=bundled_image,
        secrets=situation.secrets,
    )


def _has_other_inputs(old: Revision, new: Revision) -> bool:
    return (old.given, old.secrets) != (new.given, new.secrets)


def _cause(old: Revision, new: Revision) -> Cause:
    if old.given != new.given:
        return Cause.SPEC
    return Cause.SECRET if old.secrets != new.secrets else Cause.RELEASE


def _refusal(old: Revision, new: Desired) -> Refusal | None:
    return refuse_change(yaml.safe_load(old.config), yaml.safe_load(new.revision.config))
