"""A failure that a person can mend, in words that the controller can relay.

The controller reads them from the log: Python's own last line of a traceback, or the one that the
command prints, both `program_user_info_job.<module>: [Reason] sentence`. The sentence names what to
do and holds no data of events.
"""

from __future__ import annotations

from enum import StrEnum


class FailureReason(StrEnum):
    """What kind of failure it is, as the job's condition in the cluster names it."""

    KAFKA_UNREACHABLE = "KafkaUnreachable"
    KAFKA_REFUSED = "KafkaAuthenticationRefused"
    KAFKA_NOT_READY = "KafkaNotReady"
    CASSANDRA_UNREACHABLE = "CassandraUnreachable"
    CASSANDRA_REFUSED = "CassandraAuthenticationRefused"
    SCHEMA_MISMATCH = "SchemaMismatch"
    CONFIGURATION_INVALID = "ConfigurationInvalid"


class JobFailure(Exception):
    """Ends the job, or the task that Flink then restarts."""

    def __init__(self, reason: FailureReason, message: str) -> None:
        super().__init__(f"[{reason}] {message}")
        self.reason = reason
        self.message = message

    def line(self) -> str:
        """As the controller looks for it."""
        return f"{type(self).__module__}: {self}"
