"""The controller's own metrics, for Prometheus."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

PREFIX = "program_user_info_operator"

RECONCILES = Counter(
    f"{PREFIX}_reconciles_total",
    "Reconciliations by outcome: ok, retry (the API server refused or did not answer),"
    " error (a bug).",
    ["outcome"],
)
RECONCILE_SECONDS = Histogram(
    f"{PREFIX}_reconcile_duration_seconds",
    "How long a reconciliation takes.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
QUEUE_DEPTH = Gauge(f"{PREFIX}_queue_depth", "Jobs that wait to be reconciled.")
LEADING = Gauge(f"{PREFIX}_leading", "Whether this process leads: 1, or is the hot standby: 0.")
API_REQUESTS = Counter(
    f"{PREFIX}_api_requests_total",
    "Requests to the API server by verb and status code; none means no answer.",
    ["verb", "code"],
)
WATCH_EVENTS = Gauge(
    f"{PREFIX}_watch_last_event_timestamp_seconds", "When a watch last said something.", ["kind"]
)
WATCH_BEHIND = Gauge(
    f"{PREFIX}_watch_objects_behind",
    "Objects whose latest version a watch had not delivered when the watches were last checked.",
    ["kind"],
)


def note_event(kind: str) -> None:
    """A watch of this kind has told of an object."""
    WATCH_EVENTS.labels(kind).set_to_current_time()
