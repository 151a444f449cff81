"""A batch whose statements are bytes already, and how the driver sends it.

The driver walks a batch value by value when it sends it; ours are encoded row by row before, so
that a row's size is known and its bytes are made once (docs/performance.md). What is sent is what
the driver would send. The way in is its own extension point, `Session.client_protocol_handler`.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence
from typing import Any

from cassandra.protocol import BatchMessage, ProtocolHandler
from cassandra.query import BatchStatement, BatchType

_short = struct.Struct(">H").pack
_PREPARED = b"\x01"
_COUNT = slice(1, 3)
"""Where a batch message counts its statements: after the batch's type, before the first."""


def statement_head(query_id: bytes, values: int) -> bytes:
    """What precedes the values of a prepared statement in a batch (protocol v4, section 4.1.7)."""
    return _PREPARED + _short(len(query_id)) + query_id + _short(values)


class EncodedBatch(BatchStatement):  # type: ignore[misc]  # the driver is untyped
    """An unlogged, idempotent batch of one partition; each statement a head and its values."""

    def __init__(self, statements: Sequence[bytes], routing_key: bytes, keyspace: str) -> None:
        super().__init__(batch_type=BatchType.UNLOGGED)
        self.is_idempotent = True
        self.routing_key = routing_key
        self.keyspace = keyspace
        self._statements_and_parameters = statements


class EncodedBatches(ProtocolHandler):  # type: ignore[misc]
    """Sends the batches of a session that sends no others than `EncodedBatch`."""

    @classmethod
    def encode_message(
        cls,
        msg: Any,
        stream_id: int,
        protocol_version: int,
        compressor: Any,
        allow_beta_protocol_version: bool,
    ) -> bytes:
        """The frame of any message; see the driver's handler for the arguments."""
        if isinstance(msg, BatchMessage):
            encoded = _EncodedBatchMessage.__new__(_EncodedBatchMessage)
            encoded.__dict__.update(msg.__dict__)
            msg = encoded
        frame: bytes = super().encode_message(
            msg, stream_id, protocol_version, compressor, allow_beta_protocol_version
        )
        return frame


class _EncodedBatchMessage(BatchMessage):  # type: ignore[misc]
    queries: Sequence[bytes]

    def send_body(self, f: io.BytesIO, protocol_version: int) -> None:
        """The driver's own body of an empty batch, with the statements put in."""
        statements, self.queries = self.queries, ()
        empty = io.BytesIO()
        super().send_body(empty, protocol_version)
        body = empty.getvalue()
        f.write(body[: _COUNT.start] + _short(len(statements)))
        f.writelines(statements)
        f.write(body[_COUNT.stop :])
