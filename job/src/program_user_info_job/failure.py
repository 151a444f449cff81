"""A failure that a person can fix, in words that the controller can relay.

The controller reads them from the JobManager's log, in lines that hold
`program_user_info_job.<module>: [Reason] sentence`: one that the start of the job prints while it
waits, or Python's own last line of a traceback. The sentence names what to do and holds no data of
events. `[Reached] …` says that what was missing before is there.
"""

from __future__ import annotations

from enum import StrEnum


class FailureReason(StrEnum):
    """What kind of failure it is, as the job's condition in the cluster names it."""

    KAFKA_UNREACHABLE = "KafkaUnreachable"
    KAFKA_REFUSED = "KafkaAuthenticationRefused"
    KAFKA_PERMISSION_MISSING = "KafkaPermissionMissing"
    KAFKA_NOT_READY = "KafkaNotReady"
    CASSANDRA_UNREACHABLE = "CassandraUnreachable"
    CASSANDRA_REFUSED = "CassandraAuthenticationRefused"
    CASSANDRA_PERMISSION_MISSING = "CassandraPermissionMissing"
    CASSANDRA_REFUSES_WRITES = "CassandraRefusesWrites"
    SCHEMA_MISMATCH = "SchemaMismatch"
    SCHEMA_REFUSED = "SchemaRefused"
    CONFIGURATION_INVALID = "ConfigurationInvalid"


class JobFailure(Exception):
    """Delays the start of the job, or ends the task that Flink then restarts."""

    def __init__(self, reason: FailureReason, message: str) -> None:
        super().__init__(f"[{reason}] {message}")
        self.reason = reason
        self.message = message

    def line(self) -> str:
        """As the controller looks for it."""
        return " ".join(f"{type(self).__module__}: {self}".split())


def reached(message: str) -> str:
    """The line that ends the reason given before."""
    return f"{__name__}: [Reached] {message}"


NAME_ANOTHER = "name another file, in a folder that can be written"


class StateFileUnusable(Exception):
    """The file that `--state` names cannot be used; the message says what to do."""
