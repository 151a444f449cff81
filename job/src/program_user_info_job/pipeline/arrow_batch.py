"""How many events one call of the write stage gets, so that their bytes stay within a limit.

Flink bounds Arrow batches and bundles in records only, and both are fixed when the job is
submitted. A call's events are in memory several times over, in the JVM and in Python
(docs/decisions/0017-memory-by-bytes.md).
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import structlog

from program_user_info_job.config.model import Config, Flink

UNKNOWN_SIZE = 32 << 10
"""Bytes of an event of a topic that holds none yet. Nobody waits for the first ones in bulk."""
_READ_AHEAD = 10_000

log = structlog.get_logger(__name__)


def fit_to_events(config: Config, places: Sequence[Sequence[int]]) -> Config:
    """The configuration with Flink's limits in records fitted to the sizes of events.

    `places` holds sizes in bytes, by the place in the topic that they were read at.
    """
    size = size_to_expect(places)
    flink = limit(config.flink, UNKNOWN_SIZE if size is None else size)
    log.info(
        "events in one call of the write stage chosen",
        arrow_batch=flink.arrow_batch,
        bundle_records=flink.bundle_records,
        bytes_of_an_event=size or "not known",
        sampled=sum(map(len, places)),
        arrow_batch_bytes=flink.arrow_batch_bytes,
    )
    return msgspec.structs.replace(config, flink=flink)


def size_to_expect(places: Sequence[Sequence[int]]) -> int | None:
    """The mean size where it is largest: large events may come in a row. None: nothing is known."""
    means = [-(-sum(sizes) // len(sizes)) for sizes in places if sizes]
    return max(means, default=None)


def limit(flink: Flink, size: int) -> Flink:
    """Limits in records that keep to those in bytes if an event has `size` bytes.

    A bundle stays as many calls as it was.
    """
    batch = max(1, min(flink.arrow_batch, flink.arrow_batch_bytes // max(1, size)))
    bundle = max(1, flink.bundle_records * batch // flink.arrow_batch)
    return msgspec.structs.replace(flink, arrow_batch=batch, bundle_records=bundle)


def read_ahead(flink: Flink) -> int:
    """Records that Kafka's client hands over at once; the source holds two of these."""
    return min(_READ_AHEAD, flink.arrow_batch)
