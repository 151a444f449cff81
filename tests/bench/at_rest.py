"""What a controller costs while all jobs run and the Flink operator looks at each of them."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dev.steps import console
from tests.bench.checkout import checkout
from tests.cluster import eventually
from tests.faults import crowd
from tests.faults.arena import BASE, Arena
from tests.faults.control_plane import CONTROLLER, control_plane
from tests.faults.flink import job_that_runs
from tests.faults.zygote import Zygote
from tests.flink_statuses import Release, at_rest

Object = dict[str, Any]
_WRITERS = 4
_PAUSE_SECONDS = 0.2
"""Between edits: each is a revision that proves itself, so more than 5 a second are a crowd."""
_IDLE_SECONDS = 10.0
_CASES: tuple[tuple[Release, float], ...] = (("1.7", 10), ("1.15", 10), ("1.7", 60), ("1.15", 60))
_CRD = "crds/programuserinfojobs.lern.sunbird.org.yaml"
_DEFAULTS = ("watch_silence_seconds", "watch_grace_seconds")
"""Options that stay at their defaults."""
_DEFAULTS_OF_ANOTHER = (*_DEFAULTS, "lease", "lease_seconds")
_OLD_BASE = {name: BASE[name] for name in ("environment", "kafka", "cassandra")} | {
    "flink": {"version": "v1_18"}
}
"""For a commit that has neither strategies nor a choice of the line of Flink."""


class LookingFlinkOperator:
    """Writes each FlinkDeployment's status once an interval, as a release of the real one does.

    What is created meanwhile is looked at from the next interval on.
    """

    def __init__(self, arena: Arena, release: Release, seconds: float) -> None:
        self._arena, self._release, self._seconds = arena, release, seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look_until_over)
        self.written = 0
        self._started = time.time()

    def rest(self, namespace: str, deployment: str, path: str) -> Object:
        """Flink's own answer: each job runs."""
        return job_that_runs(path, self._started)

    def __enter__(self) -> LookingFlinkOperator:
        self._arena.proxy.flink = self
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._arena.proxy.flink = None

    def _look_until_over(self) -> None:
        look = 0
        with ThreadPoolExecutor(_WRITERS) as pool:
            while not self._over.is_set():
                look += 1
                started = time.monotonic()
                deployments = _deployments(self._arena)
                shares = [deployments[number::_WRITERS] for number in range(_WRITERS)]
                list(pool.map(lambda share, at=(look, started): self._look_at(share, *at), shares))
                self._over.wait(max(0.0, started + self._seconds - time.monotonic()))

    def _look_at(self, deployments: list[Object], look: int, started: float) -> None:
        with closing(self._arena.api.keep_connected()) as connection:
            for number, deployment in enumerate(deployments):
                due = started + self._seconds * number / len(deployments)
                if self._over.wait(max(0.0, due - time.monotonic())):
                    return
                status = at_rest(deployment, self._release, look, self._seconds)
                path = f"{self._arena.deployment_path(deployment['metadata']['name'])}/status"
                body = {"status": status}
                # Of a job that was edited it may be gone: a new revision has taken its place.
                connection.send("PATCH", path, body, "merge-patch+json", or_gone=True)
                self.written += 1


@dataclass
class AtRest:
    """Rows to print: what a second at rest takes, and how long edits take meanwhile."""

    seconds: list[tuple[str, ...]] = field(default_factory=list)
    edits: list[tuple[str, ...]] = field(default_factory=list)


def measure_at_rest(count: int, seconds: float, against: str = "") -> AtRest:
    """For each release and interval of the Flink operator; with another commit's controller."""
    measured = AtRest()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        plane = stack.enter_context(control_plane(folder))
        # Another commit's controller may need what this one's role does not have.
        plane.grant(CONTROLLER, [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}])
        commits: dict[str, Path | None] = {"this commit": None}
        if against:
            commits[against] = stack.enter_context(checkout(against))
        for commit, tree in commits.items():
            zygote = Zygote(tree / "operator" / "src" if tree else None)
            stack.callback(zygote.stop)
            place = folder / commit.replace(" ", "-")
            place.mkdir()
            with Arena(plane, zygote, place) as arena:
                names = [f"job-{number:05}" for number in range(count)]
                _deploy(arena, names, tree)
                rows = _rest(arena, count, seconds, rests=tree is None)
                measured.seconds += [(commit, *each) for each in rows]
                edits = _edits(arena, names)
                console.print("    edits", *edits)
                measured.edits.append((commit, *edits))
    return measured


def _deploy(arena: Arena, names: list[str], tree: Path | None) -> None:
    """With another commit's tree: without the fields and options that it may not have."""
    has_strategies = tree is None or "strategy:" in (tree / _CRD).read_text(encoding="utf-8")
    spec = BASE if has_strategies else _OLD_BASE
    crowd.create_jobs(arena, names, spec | {"state": "running"})
    options: Object = dict.fromkeys(_DEFAULTS if tree is None else _DEFAULTS_OF_ANOTHER)
    arena.start_controller(resync_seconds=300, **options)
    eventually(lambda: _deployed(arena) == len(names), "all jobs are deployed", 900)


def _rest(arena: Arena, count: int, seconds: float, *, rests: bool) -> list[tuple[str, ...]]:
    """`rests`: the controller must come to rest; another commit's is measured as it is.

    Jobs that waited for their turn are looked at again within some minutes.
    """
    rows = []
    for release, interval in _CASES:
        with LookingFlinkOperator(arena, release, interval) as flink:
            eventually(lambda: _running(arena) == count, "all jobs run", 900, at_most=1)
            eventually(
                lambda: crowd.good(arena) in (count, None), "all jobs are good", 900, at_most=1
            )
            if rests:
                eventually(lambda: _is_idle(arena), "nothing is reconciled any more", 900)
            row = (release, f"{interval:g} s", *_cost(arena, flink, seconds))
            console.print("   ", *row)
            rows.append(row)
    return rows


def _edits(arena: Arena, names: list[str]) -> tuple[str, ...]:
    """The 99th percentile beside a silent Flink operator and beside one that looks, in ms.

    Each job is edited once. Those beside one that looks come first, and prove themselves: the other
    half finds a controller at rest again.
    """
    half = len(names) // 2
    with LookingFlinkOperator(arena, "1.15", 10):
        beside = crowd.edit_latencies(arena, names[:half], half, _PAUSE_SECONDS)
        # Another commit's controller may never rest.
        with contextlib.suppress(AssertionError):
            eventually(lambda: _is_idle(arena), "all edits are good", 300)
    alone = crowd.edit_latencies(arena, names[half:], half, _PAUSE_SECONDS)
    silent, looking = (crowd.percentile(each, 0.99) for each in (alone, beside))
    return f"{silent * 1000:.0f} ms", f"{looking * 1000:.0f} ms", f"{looking / silent:.2f}"


def _cost(arena: Arena, flink: LookingFlinkOperator, seconds: float) -> tuple[str, ...]:
    before = _counts(arena, flink)
    started = time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - started
    writes, requests, looks, cpu = (
        (after - each) / took for after, each in zip(_counts(arena, flink), before, strict=True)
    )
    return f"{writes:.1f}", f"{requests:.2f}", f"{looks:.2f}", f"{100 * cpu:.1f} %"


def _counts(arena: Arena, flink: LookingFlinkOperator) -> tuple[float, ...]:
    requests = [each for each in arena.proxy.faults.requests if not each.is_watch]
    fields = Path(f"/proc/{arena.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    cpu = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return flink.written, len(requests), crowd.reconciled(arena), cpu


def _deployed(arena: Arena) -> int:
    with contextlib.suppress(OSError):  # the API server has only just been told of the kind
        return len(_deployments(arena))
    return 0


def _deployments(arena: Arena) -> list[Object]:
    found: list[Object] = arena.api.send("GET", arena.deployment_path("").rstrip("/"))["items"]
    return found


def _is_idle(arena: Arena) -> bool:
    before = crowd.reconciled(arena)
    time.sleep(_IDLE_SECONDS)
    return crowd.reconciled(arena) == before


def _running(arena: Arena) -> int:
    return crowd.ready(arena, "Running")
