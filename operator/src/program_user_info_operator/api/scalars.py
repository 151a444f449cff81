"""The strings of the resource: their patterns, and the messages about strings that do not match."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from program_user_info_operator.api.checks import Rule, Text

Environment = Annotated[
    str,
    Text(
        "[a-z][a-z0-9-]*",
        "a short lower-case name such as dev or staging, letters, digits and dashes only",
        max_length=30,
        rules=(
            Rule(
                "self == oldSelf",
                "cannot be changed: create a job of another name for another environment",
            ),
        ),
    ),
]
Topic = Annotated[
    str,
    Text(
        "[a-zA-Z0-9._-]+",
        "a Kafka topic name: letters, digits, dots, dashes and underscores only",
        max_length=249,
    ),
]
GroupId = Annotated[str, Text("[^\\s]+", "a Kafka group id without spaces", max_length=255)]
Identifier = Annotated[
    str,
    Text(
        "[a-zA-Z][a-zA-Z0-9_]*",
        "a Cassandra name: a letter, then letters, digits and underscores, at most 48 in all",
        max_length=48,
    ),
]
HostPort = Annotated[
    str,
    Text(
        "[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?:[0-9]{1,5}",
        "host:port, such as kafka:9092",
        max_length=260,
    ),
]
_DAY = (
    "(?:(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])"
    "|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|[12][0-9]))"
)
_TIME_OF_DAY = "(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"


def _check_time(value: str) -> str:
    """Leap years, which the pattern leaves out."""
    if value[:1].isdigit():
        datetime.fromisoformat(value)  # its own error names the day
    return value


StartingOffsets = Annotated[
    str,
    Text(
        f"committed|earliest|latest|[0-9]{{4}}-{_DAY}T{_TIME_OF_DAY}Z",
        "one of committed, earliest, latest, or a UTC time such as 2023-01-12T06:30:00Z",
        max_length=20,
    ),
    AfterValidator(_check_time),
]
Memory = Annotated[
    str,
    Text("[1-9][0-9]*(m|g|Mi|Gi)", "an amount of memory such as 2048m, 2g or 2Gi", max_length=12),
]
Duration = Annotated[
    str,
    Text(
        "[1-9][0-9]{0,8}ms|[1-9][0-9]{0,5}(s|min|h)",
        "a duration such as 500ms, 10s or 5min",
        max_length=12,
    ),
]
WholeSeconds = Annotated[
    str, Text("[1-9][0-9]{0,5}(s|min|h)", "a duration such as 10s, 5min or 24h", max_length=12)
]
Storage = Annotated[
    str,
    Text(
        "(s3|s3a|gs|abfs|abfss|oss|hdfs|file)://.+|claim:[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        "a URI such as s3://bucket/path, or claim:NAME of a PersistentVolumeClaim",
        max_length=512,
    ),
]
SavepointPath = Annotated[
    str,
    Text(
        "(s3|s3a|gs|abfs|abfss|oss|hdfs|file)://?.+",
        "the path of a savepoint, as status.lastSavepoint gives it",
        max_length=1024,
    ),
]
FieldPath = Annotated[
    str,
    Text(
        "[a-z][a-zA-Z]*(\\.[a-zA-Z][a-zA-Z0-9._-]*)*",
        "the path of a field, such as cassandra.ttl",
        max_length=256,
    ),
]
FlinkVersion = Annotated[str, Text("v[0-9]+_[0-9]+", "a Flink version such as v1_20", max_length=8)]
SecretName = Annotated[
    str,
    Text(
        "[a-z0-9]([a-z0-9.-]*[a-z0-9])?",
        "the name of a Secret in the job's namespace",
        max_length=253,
    ),
]
Url = Annotated[
    str,
    Text(
        "https?://[a-zA-Z0-9]([a-zA-Z0-9.-]*[a-zA-Z0-9])?(:[0-9]{1,5})?(/[a-zA-Z0-9._~%/-]*)?",
        "a URL such as https://login.example/oauth2/token",
        max_length=512,
    ),
]
TokenScope = Annotated[
    str,
    Text(
        "[a-zA-Z0-9:/._~-]+( [a-zA-Z0-9:/._~-]+)*",
        "a scope such as kafka, or several separated by one space",
        max_length=512,
    ),
]
Image = Annotated[str, Text("[^\\s]+", "an image reference without spaces", max_length=512)]
WITHOUT_FLINK = "must name the release alone, such as 1.4.0; flink.version selects the Flink"
Version = Annotated[
    str,
    Text(
        "[a-zA-Z0-9_][a-zA-Z0-9_.-]*",
        "a release of the bundled job, such as 1.4.0",
        max_length=100,
        rules=(Rule("!self.contains('-flink')", WITHOUT_FLINK),),
    ),
]

_MILLISECONDS = {"ms": 1, "s": 1_000, "min": 60_000, "h": 3_600_000}


def milliseconds(duration: str) -> int:
    """A `Duration` such as `500ms`, `10s`, `5min` or `1h` in milliseconds."""
    unit = duration.lstrip("0123456789")
    return int(duration.removesuffix(unit)) * _MILLISECONDS[unit]
