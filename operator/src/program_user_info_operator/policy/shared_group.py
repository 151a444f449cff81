"""Two jobs of one group on one topic with different tables: each misses what the other reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.api.status import JobStatus

_RECHECK = timedelta(seconds=60)
"""The other job may go."""

Flow = tuple[frozenset[str], frozenset[str], frozenset[str], str]
"""From which brokers and topics to which servers and table."""


@dataclass(frozen=True)
class GroupUse:
    """Who reads which topics of which brokers as which group, and where the rows go."""

    job: str
    created: datetime
    group: str
    brokers: frozenset[str]
    topics: frozenset[str]
    servers: frozenset[str]
    """Cassandra's contact points, or the bundle that provides them; empty if not known."""
    table: str

    @property
    def place(self) -> str:
        """The table that the rows go to, for messages."""
        server = min(self.servers, default="")
        return f"{self.table} at {server}" if server else self.table

    @property
    def flow(self) -> Flow:
        """Jobs of one group that have this in common have the same rivals."""
        return self.brokers, self.topics, self.servers, self.table

    def competes_with(self, other: GroupUse) -> bool:
        """Whether each of the two jobs would miss what the other one reads."""
        return bool(
            self.group == other.group
            and self.writes_elsewhere(other)
            and self.topics & other.topics
            and self.brokers & other.brokers
        )

    def writes_elsewhere(self, other: GroupUse) -> bool:
        """Whether the rows go to another table, or to one of this name in another Cassandra."""
        # A status of an earlier release does not name the servers.
        both_known = self.servers and other.servers
        is_another_server = both_known and not self.servers & other.servers
        return self.table != other.table or bool(is_another_server)


def refuse_shared_group(own: GroupUse, others: Iterable[GroupUse]) -> Refusal | None:
    """Refuse the later one of two such jobs."""
    for other in others:
        is_later = (own.created, own.job) > (other.created, other.job)
        if other.job != own.job and is_later and own.competes_with(other):
            topic = min(own.topics & other.topics)
            return Refusal(
                "GroupShared",
                f"kafka.groupId: {own.group} is also the group of {other.job}, which reads"
                f" {topic} into {other.place}: each of the two jobs would miss what the other"
                " reads; set kafka.groupId to a name that no other job has",
                recheck=_RECHECK,
            )
    return None


def own_use(job: str, created: datetime, spec: JobSpec) -> GroupUse:
    """What a job with this complete spec would use."""
    kafka, cassandra = spec.kafka, spec.cassandra
    bundle = cassandra.secure_connect_bundle
    return GroupUse(
        job=job,
        created=created,
        group=kafka.group_id,
        brokers=frozenset(kafka.bootstrap_servers),
        topics=frozenset([kafka.topic, *kafka.additional_topics]),
        servers=_servers(cassandra.contact_points, bundle.secret_name if bundle else None),
        table=f"{cassandra.keyspace}.{cassandra.table}",
    )


def use_in_status(job: str, created: datetime, status: JobStatus) -> GroupUse | None:
    """What another job uses, as far as it has got."""
    if status.group_id is None or status.topic is None:
        return None
    return GroupUse(
        job=job,
        created=created,
        group=status.group_id,
        brokers=frozenset(status.bootstrap_servers),
        topics=frozenset([status.topic, *status.additional_topics]),
        servers=_servers(status.contact_points, status.secure_connect_bundle),
        table=f"{status.keyspace}.{status.table}",
    )


def _servers(contact_points: Iterable[str] | None, bundle: str | None) -> frozenset[str]:
    """Bundles are told apart by the names of their Secrets, because nobody reads what they hold."""
    if bundle is not None:
        return frozenset([f"the database of Secret {bundle}"])
    return frozenset(contact_points or ())
