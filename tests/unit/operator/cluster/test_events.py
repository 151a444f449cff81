"""An Event tells of a job's new state; one that cannot be posted is only logged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from structlog.testing import capture_logs

from program_user_info_operator.cluster.api_server import EVENT, ApiError, Kind
from program_user_info_operator.cluster.events import post_transition
from program_user_info_operator.policy.conditions import Verdict

JOB = {"metadata": {"name": "job", "namespace": "ns", "uid": "u", "resourceVersion": "5"}}
MOMENT = datetime(2026, 1, 1, 12, 0, 0, 999_999, tzinfo=UTC)


class Api:
    """Takes Events, or refuses them."""

    def __init__(self, error: ApiError | None = None) -> None:
        self.error = error
        self.created: list[tuple[Kind, str, dict[str, Any]]] = []

    def create(self, kind: Kind, namespace: str, body: dict[str, Any]) -> None:
        if self.error is not None:
            raise self.error
        self.created.append((kind, namespace, body))


def posted(verdict: Verdict) -> dict[str, Any]:
    api: Any = Api()
    post_transition(api, JOB, verdict, MOMENT)
    ((kind, namespace, body),) = api.created
    assert (kind, namespace) == (EVENT, "ns")
    found: dict[str, Any] = body
    return found


def test_an_event_is_of_the_job_as_it_is_now() -> None:
    event = posted(Verdict("Ready", "Running", "the job is running"))
    assert event["involvedObject"] == {
        "apiVersion": "lern.sunbird.org/v1alpha1",
        "kind": "ProgramUserInfoJob",
        **JOB["metadata"],
    }
    assert (event["reason"], event["message"]) == ("Running", "the job is running")
    assert event["firstTimestamp"] == event["lastTimestamp"] == "2026-01-01T12:00:00Z"
    assert event["metadata"] == {"generateName": "job-", "namespace": "ns"}


@pytest.mark.parametrize(
    ("verdict", "kind"),
    [
        (Verdict("Ready", "Running", "m"), "Normal"),
        (Verdict("Reconciling", "Deploying", "m"), "Normal"),
        (Verdict("Reconciling", "JobFailing", "m", is_failing=True), "Warning"),
        (Verdict("Stalled", "InvalidSpec", "m"), "Warning"),
    ],
)
def test_what_somebody_should_look_at_is_a_warning(verdict: Verdict, kind: str) -> None:
    assert posted(verdict)["type"] == kind


def test_a_message_is_as_long_as_the_api_server_takes_it() -> None:
    assert posted(Verdict("Stalled", "Long", "x" * 2000))["message"] == "x" * 1024


def test_one_that_cannot_be_posted_is_logged_and_nothing_else() -> None:
    api: Any = Api(ApiError(403, "no"))
    with capture_logs() as lines:
        post_transition(api, JOB, Verdict("Ready", "Running", "m"), MOMENT)
    assert lines == [{"event": "event not posted", "error": "403: no", "log_level": "warning"}]
