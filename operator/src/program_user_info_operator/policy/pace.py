"""When to look at a job again without being told to."""

from __future__ import annotations

from datetime import datetime, timedelta

from program_user_info_operator.policy.conditions import Verdict
from program_user_info_operator.policy.upgrade import Plan

_SHORTEST = timedelta(seconds=5)
_LONGEST = timedelta(seconds=60)


def next_look(
    plan: Plan, verdict: Verdict, now: datetime, secret_check: timedelta | None
) -> timedelta | None:
    """The soonest of: a deadline, a job under way, its Secrets; None where events will tell.

    A job under way is looked at ever less often, for pods and logs send no events.
    """
    under_way = None
    if verdict.state == "Reconciling":
        elapsed = now - plan.newest.started
        under_way = min(max(elapsed / 4, _SHORTEST), _LONGEST)
    found = [each for each in (plan.recheck, under_way, secret_check) if each is not None]
    return max(min(found), timedelta(seconds=1)) if found else None
