"""Structured logs: one JSON object a line, through the standard library's logging.

Standard logging is what Flink's Python worker forwards to the TaskManager's log. Values of events
are never passed to a logger: steps, counts, names of fields and kinds of errors only.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logging(level: int = logging.INFO, *, own_handler: bool = True) -> None:
    """Set up structlog; with `own_handler` its lines go to standard error.

    Inside a Flink worker the handler is Flink's.
    """
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    if own_handler:
        logging.basicConfig(format="%(message)s", stream=sys.stderr, level=level, force=True)
    logging.getLogger("program_user_info_job").setLevel(level)
    logging.getLogger("cassandra").setLevel(logging.WARNING)
    # It logs a stack trace of what `secure_connect_bundle` says in one sentence.
    logging.getLogger("cassandra.datastax.cloud").setLevel(logging.CRITICAL)
