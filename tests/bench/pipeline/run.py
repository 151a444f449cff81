"""The pipeline's half of the bench: servers up, topic filled, everything measured in turn."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from dev.cluster.demo.world import Kafka
from dev.steps import StepFailed, step
from tests.bench.checkout import checkout, install
from tests.bench.grid import show
from tests.bench.pipeline.contenders import ALONE, JOB, alone, contenders
from tests.bench.pipeline.events import Shape, fill_topic, make_events
from tests.bench.pipeline.job import TOPIC, Commit
from tests.bench.pipeline.measure import Contender, Run, World, measure
from tests.bench.pipeline.report import conditions, grids
from tests.bench.pipeline.servers import servers
from tests.bench.pipeline.summary import summaries, wrong

_LEVEL = 0.9
"""Cassandra is warm once a run takes no less of its CPU than this share of the run before."""


@dataclass(frozen=True)
class Plan:
    """What to measure, and how often."""

    shape: Shape
    runs: int
    slots: Sequence[int]
    samples: int
    against: str = ""
    """Another commit, whose job is measured too."""
    only: str = ""
    """A part of the names of what is measured; all where empty."""
    warm_ups: int = 6
    """The most runs that are not measured, until Cassandra has compiled its own code."""


def measure_pipeline(console: Console, plan: Plan) -> None:
    """Measure and print. Raises `StepFailed` if the job left another outcome than the fold."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        commits = []
        if plan.against:
            tree = stack.enter_context(checkout(plan.against))
            with step(f"install the packages of {plan.against}"):
                install(tree)
            commits.append(Commit(plan.against, tree))
        chosen = [each for each in contenders(commits, plan.slots) if plan.only in each.name]
        started = stack.enter_context(servers(folder))
        events = make_events(folder / "events", plan.shape, time.time_ns() // 1_000_000)
        fill_topic(Kafka(started.kafka_port), started.bootstrap, TOPIC, events)
        world = World(started, events, plan.samples)
        warm_up(world, plan.warm_ups)
        runs = take_turns(chosen, world, plan.runs)
    measured = summaries(runs)
    show(console, conditions(plan.shape, plan.runs), grids(measured))
    problems = wrong(measured, lambda name: name == ALONE or name.startswith(JOB))
    if problems:
        raise StepFailed("\n".join(problems))


def warm_up(world: World, at_most: int) -> None:
    """Write the events until that costs Cassandra no less than before.

    A Cassandra that has just started takes three times the CPU that it takes later, and what is
    measured first would pay for it.
    """
    before = math.inf
    for number in range(1, at_most + 1):
        with step(f"warm Cassandra up, run {number} of at most {at_most}"):
            cost = measure(alone(), world).cost
        now = cost.cpu["Cassandra"] / cost.events
        if now > _LEVEL * before:
            return
        before = now


def take_turns(chosen: Sequence[Contender], world: World, times: int) -> list[Run]:
    """Each of them this many times, never twice in a row: what changes meanwhile concerns all."""
    runs = []
    for number in range(1, times + 1):
        for each in chosen:
            with step(f"run {number} of {times}: {each.name}"):
                runs.append(measure(each, world))
    return runs
