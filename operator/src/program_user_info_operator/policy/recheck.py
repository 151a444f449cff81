"""When to look at a job again without being told to."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from program_user_info_operator.api.status import RevisionStatus
from program_user_info_operator.policy.conditions import Verdict

_SHORTEST = timedelta(seconds=5)
_LONGEST = timedelta(seconds=60)
_LEAST = timedelta(seconds=1)


def ever_less_often(elapsed: timedelta, shortest: timedelta) -> timedelta:
    """When to look again at what has lasted so long already; once a minute at the least."""
    return min(max(elapsed / 4, shortest), _LONGEST)


def recheck_after(
    verdict: Verdict,
    newest: RevisionStatus | None,
    now: datetime,
    due: Iterable[timedelta | None] = (),
) -> timedelta | None:
    """The soonest of what is `due` and, for a job under way, its pods; None: events will tell.

    A job under way is looked at ever less often, because pods and logs send no events.
    """
    found = [each for each in due if each is not None]
    if verdict.state == "Reconciling" or verdict.reason == "FlinkOperatorSilent":
        elapsed = now - newest.started if newest is not None else timedelta()
        found.append(ever_less_often(elapsed, _SHORTEST))
    return max(min(found), _LEAST) if found else None
