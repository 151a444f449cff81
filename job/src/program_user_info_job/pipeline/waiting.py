"""At the start: try again until Kafka, Cassandra and the table are as the job needs them.

Nothing that a person can correct ends the job. A job that ends takes its reason along: the Flink
operator deploys it again, with a new JobManager and an empty log, several times a minute.
In application mode, Flink runs this program in a thread of the JobManager
(`ApplicationDispatcherBootstrap.runApplicationAsync`, Flink 1.20 and 2.2) without a time limit and
copies what it prints to the JobManager's log line by line (`PythonDriver`). The JobManager's REST
interface is up meanwhile and lists no job.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import TypeVar

from program_user_info_job.failure import JobFailure, reached

_FIRST_DELAY = 1.0
_LONGEST_DELAY = 15.0
_SAID_AGAIN = 60.0

Result = TypeVar("Result")


def wait_for(
    what: str,
    step: Callable[[], Result],
    say: Callable[[str], None],
    *,
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """What `step` returns once it does not fail with a `JobFailure`.

    Says each new reason at once, the same one again once a minute, and at the end that it is over.
    Waiting helps with refusals too: a Secret is corrected, a table altered, a topic created.
    """
    started = clock()
    attempt, said, said_at = 0, "", 0.0
    while True:
        try:
            result = step()
        except JobFailure as failure:
            line = failure.line()
            if line != said or clock() - said_at >= _SAID_AGAIN:
                say(line)
                said, said_at = line, clock()
        else:
            if said:
                say(reached(f"{what}: ready after {clock() - started:.0f} s"))
            return result
        sleep(min(_FIRST_DELAY * 2.0**attempt, _LONGEST_DELAY) * random.uniform(0.5, 1.0))
        attempt = min(attempt + 1, 8)
