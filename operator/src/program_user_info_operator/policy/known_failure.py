"""What is known of a failure, from one reconciliation to the next.

The JobManager's log names the cause, and goes with its pod: some Flink operators replace the pod
at each try. So the cause stays in the status until the job runs, another cause is found, the job
says that it is over, or another revision is deployed.
"""

from __future__ import annotations

from program_user_info_operator.api.status import FailureStatus
from program_user_info_operator.observed.failure import Failure
from program_user_info_operator.observed.flink_deployment import ObservedJob


def known_failure(
    found: Failure | None, remembered: FailureStatus | None, observed: ObservedJob | None
) -> Failure | None:
    """The failure to report: what was found now, unless what is remembered says more."""
    if observed is None or observed.runs_current_spec:
        return found
    if found is not None and found.is_over:
        return None
    if found is not None and (found.ends_earlier or not found.is_generic):
        return found
    if remembered is None or remembered.revision != observed.revision:
        return found
    return Failure(remembered.reason, remembered.message)


def to_remember(failure: Failure | None, observed: ObservedJob | None) -> FailureStatus | None:
    """What the status keeps of it; nothing of a job that runs."""
    if failure is None or failure.is_generic or observed is None or observed.runs_current_spec:
        return None
    if observed.revision is None:
        return None
    return FailureStatus(reason=failure.reason, message=failure.message, revision=observed.revision)
