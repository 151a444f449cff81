"""The options of Kafka's Java client that a configuration may set."""

from __future__ import annotations

CONSUMER_OPTIONS = frozenset(
    {
        "client.rack",
        "default.api.timeout.ms",
        "fetch.max.bytes",
        "fetch.max.wait.ms",
        "fetch.min.bytes",
        "max.partition.fetch.bytes",
        "max.poll.records",
    }
)
"""Options that a configuration may set for reading alone, and below for writing alone."""
PRODUCER_OPTIONS = frozenset(
    {"batch.size", "compression.type", "delivery.timeout.ms", "linger.ms", "max.block.ms"}
)
SHARED_OPTIONS = frozenset(
    {
        "client.dns.lookup",
        "connections.max.idle.ms",
        "metadata.max.age.ms",
        "receive.buffer.bytes",
        "reconnect.backoff.max.ms",
        "reconnect.backoff.ms",
        "request.timeout.ms",
        "retry.backoff.ms",
        "send.buffer.bytes",
        "socket.connection.setup.timeout.max.ms",
        "socket.connection.setup.timeout.ms",
        "ssl.cipher.suites",
        "ssl.enabled.protocols",
        "ssl.protocol",
    }
)
