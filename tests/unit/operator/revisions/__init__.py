"""Revisions, and the objects that run them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from program_user_info_operator.api.status import Cause, Outcome, RevisionStatus
from program_user_info_operator.desired.objects import Desired, ObjectMaker
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.environments.resolve import defaults
from program_user_info_operator.policy.decision import Decision
from program_user_info_operator.policy.deployments import Deployments, Placement
from program_user_info_operator.policy.desired_state import Site, desired_state
from program_user_info_operator.revisions.history import History
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Inputs, Revision, own_inputs
from tests.unit.operator.specs import resolved, with_fields

OWNER = Owner("job", "ns", "uid-1")
RUNTIME = Runtime("image:1.0", "v1_20", "v1_20", is_bundled=True, is_line_chosen=True)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def revision(runtime: Runtime = RUNTIME, secrets: str | None = None, **fields: Any) -> Revision:
    """What this release makes of a job with these fields."""
    cr = with_fields(**fields)
    inputs = Inputs(own_inputs(cr), None, defaults(), secrets, "release")
    return Renderer(OWNER, "account").revision(resolved(cr).spec, runtime, inputs)


def desired(runtime: Runtime = RUNTIME, **fields: Any) -> Desired:
    """The objects of a new job with these fields."""
    made = revision(runtime, **fields)
    (found,) = desired_state(
        Decision(
            History((), None),
            {made.hash: made},
            Deployments((Placement("job", made.hash),), ()),
        ),
        Site(ObjectMaker(OWNER, "dev"), resolved(with_fields(**fields)).spec, {}),
    )
    return found


def status(number: int, **fields: Any) -> RevisionStatus:
    """A revision in a status."""
    known: dict[str, Any] = {
        "hash": f"hash-{number}",
        "cause": Cause.SPEC,
        "image": "image:1.0",
        "config_hash": "config",
        "started": NOW,
        "outcome": Outcome.STABLE,
        "release": "r1",
        "profile": "p1",
        "secrets": None,
    }
    return RevisionStatus(number=number, **(known | fields))
