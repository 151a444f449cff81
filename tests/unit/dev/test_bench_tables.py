"""The parts of the bench that decide what its tables say."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from dev.cluster.demo.fold import fold
from dev.cluster.demo.world import DeadLetter
from dev.steps import capture
from tests.bench.grid import grid
from tests.bench.incumbents.start import plain_jvm
from tests.bench.pipeline.contenders import JOB
from tests.bench.pipeline.events import Events, Shape, digest, make_events
from tests.bench.pipeline.job import Settings, read, resource
from tests.bench.pipeline.machine import machine_nanoseconds
from tests.bench.pipeline.measure import Cost, Run
from tests.bench.pipeline.outcome import Outcome, wrong_letters, wrong_rows
from tests.bench.pipeline.progress import pause
from tests.bench.pipeline.report import grids
from tests.bench.pipeline.servers import Servers
from tests.bench.pipeline.summary import Summary, ratios, spread, summaries, wrong

NOW = 1_700_000_000_000
RIGHT = Outcome(0, 0)


def a_run(name: str, *, outcome: Outcome = RIGHT, **cost: Any) -> Run:
    """1,000 events in a second; a millisecond of each kind of CPU, so a µs an event."""
    each = Counter(dict.fromkeys(("Python", "JVM", "Cassandra", "Kafka"), 10**6))
    defaults: dict[str, Any] = {
        "events": 1000,
        "seconds": 1.0,
        "cpu": each | Counter(machine=5 * 10**6),
        "threads": Counter({"compiles": 2 * 10**5}),
        "memory": Counter({"Python": 600, "JVM": 1000, "Kafka": 700}),
        "start_seconds": 20.0,
        "start_cpu": Counter({"Python": 10**10, "JVM": 2 * 10**10}),
    }
    return Run(name, Cost(**(defaults | cost)), outcome, (0.5, 1.0))


def test_a_spread_is_the_median_between_the_least_and_the_most() -> None:
    assert spread([3, 1, 8]).text(".0f") == "3 (1 to 8)"
    assert spread([2.04, 2.0]).text(".1f") == "2.0"


def test_a_row_has_medians_of_all_runs() -> None:
    runs = [a_run("job", seconds=seconds) for seconds in (1.0, 4.0, 2.0)]
    (row,) = summaries(runs)
    assert row.rate().text(".0f") == "500 (250 to 1000)"
    assert row.micros("Python").median == 1
    assert row.known().median == 4
    assert row.own().median == 2
    assert row.machine().median == 5
    assert row.thread_micros("compiles").text(".1f") == "0.2"
    assert row.other_threads().text(".1f") == "0.8"
    assert row.memory().median == 1600
    assert row.start_cpu("JVM").median == 20
    assert row.latency() == spread([0.5, 1.0] * 3)


def test_runs_in_turn_become_rows_in_the_order_of_their_first() -> None:
    rows = summaries([a_run("a"), a_run("b"), a_run("a"), a_run("b")])
    assert [(row.name, len(row.runs)) for row in rows] == [("a", 2), ("b", 2)]


def test_a_ratio_needs_both() -> None:
    slow = a_run("spark", seconds=2.5, cpu=Counter({"JVM": 9 * 10**6}))
    rows = summaries([a_run("job"), slow])
    assert ratios(rows, "job", "spark") == ("2.5", "4.5")
    assert ratios(rows, "job", "sink") is None
    assert ratios(rows, "sink", "job") is None


@pytest.mark.parametrize(
    ("done", "elapsed", "seconds"),
    [(0, 1.0, 2.0), (100, 10.0, 10.0), (500, 25.0, 5.0), (990, 25.0, 0.5), (1000, 25.0, 0.5)],
)
def test_checks_are_rare_until_the_end(done: int, elapsed: float, seconds: float) -> None:
    assert pause(done, 1000, elapsed) == pytest.approx(seconds)


def test_a_table_is_markdown_for_the_documentation() -> None:
    table = grid("The job", ("what", "events/s"), [("a", "1"), ["b", "2"]])
    assert table.markdown() == (
        "The job:\n\n| what | events/s |\n| --- | --- |\n| a | 1 |\n| b | 2 |\n"
    )


def test_the_tables_have_a_cell_for_each_column() -> None:
    rows = summaries([a_run(f"{JOB} 1"), a_run("spark", seconds=2.0)])
    tables = grids(rows)
    assert [len(table.columns) for table in tables for _ in table.rows] == [
        len(row) for table in tables for row in table.rows
    ]
    assert ("beside spark", "2.0", "1.0", "all rows, all dead letters") in tables[1].rows


def test_only_who_promises_the_folds_outcome_is_held_to_it() -> None:
    bad = Outcome(3, None)
    rows = [Summary((a_run("job"), a_run("job", outcome=Outcome(1, 0)))), *summaries([])]
    rows += summaries([a_run("spark", outcome=bad)])
    assert wrong(rows, lambda name: name == "job") == ["job: 1 rows wrong, all dead letters"]
    assert rows[1].outcomes() == "3 rows wrong, keeps no dead letters"


def test_rows_that_are_missing_different_or_too_many_are_wrong() -> None:
    expected = {1: 10, 2: 20, 3: 30}
    assert wrong_rows(expected, [(1, 10), (2, 20), (3, 30)]) == 0
    assert wrong_rows(expected, [(1, 10), (2, 21), (4, 40)]) == 3


def letter(offset: int, reason: str) -> DeadLetter:
    place = {"source-partition": "0", "source-offset": str(offset)}
    return DeadLetter(b"{", place | {"reason": reason})


def test_dead_letters_may_be_there_twice_but_not_be_missing_or_others() -> None:
    expected = {(0, 1): "INVALID_JSON", (0, 2): "INVALID_FIELD"}
    both = [letter(1, "INVALID_JSON"), letter(2, "INVALID_FIELD")]
    assert wrong_letters(expected, both) == 0
    assert wrong_letters(expected, [*both, both[0]]) == 0
    assert wrong_letters(expected, both[:1]) == 1
    assert wrong_letters(expected, [*both, letter(3, "INVALID_JSON")]) == 1
    assert wrong_letters(expected, [both[0], letter(2, "TOO_LARGE")]) == 2


def test_the_machines_time_is_all_but_idle_waiting_and_stolen() -> None:
    stat = "cpu  1 2 4 1000 2000 8 16 4000 0 0\ncpu0 1 1 1 1 1 1 1 1 0 0\n"
    assert machine_nanoseconds(stat) == 31 * machine_nanoseconds("cpu 1 0 0 0 0 0 0 0")


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Events:
    return make_events(tmp_path_factory.mktemp("events") / "file", Shape(3000), NOW)


def test_the_events_are_distinct_and_few_are_malformed(events: Events) -> None:
    records = list(events.records())
    assert len({record.payload for record in records}) == len(records) == 3000
    assert 0 < len(events.rejected) < 20
    places = {(record.partition, record.offset) for record in records}
    assert len(places) == 3000
    assert events.rejected.keys() <= places


def test_the_rows_are_the_fold_of_all_events_but_the_malformed(events: Events) -> None:
    good = [
        record
        for record in events.records()
        if (record.partition, record.offset) not in events.rejected
    ]
    assert events.rows == dict(digest(key, row) for key, row in fold(good).items())


def test_keyed_events_of_a_program_are_in_one_partition_and_as_large_as_asked(
    tmp_path: Path,
) -> None:
    events = make_events(tmp_path / "file", Shape(500, size=4000, keyed=True), NOW)
    partitions: dict[str, set[int]] = {}
    for record in events.records():
        if (record.partition, record.offset) not in events.rejected:
            assert len(record.payload or b"") >= 4000
            program = msgspec.json.decode(record.payload or b"")["programId"]
            partitions.setdefault(program, set()).add(record.partition)
    assert {len(some) for some in partitions.values()} == {1}
    assert len(set.union(*partitions.values())) == 4


def test_an_incumbents_jvm_has_nothing_of_our_choices() -> None:
    ours = {"a": "b", "env.java.opts.all": "--add-opens=x=Y -XX:TieredStopAtLevel=1 -XX:Z=1"}
    assert plain_jvm(ours) == {"a": "b", "env.java.opts.all": "--add-opens=x=Y"}


def test_the_job_runs_as_the_controller_renders_it(tmp_path: Path) -> None:
    file = tmp_path / "job.yaml"
    settings = Settings(parallelism=2, flink={"a.b": "c"}, writes={"arrowBatch": 5000})
    file.write_text(yaml.safe_dump(resource(Servers(1, 2, 0, 0), settings)), encoding="utf-8")
    command = Path(sys.executable).with_name("program-user-info-operator")
    documents = list(yaml.safe_load_all(capture([command, "render", "-f", file])))
    job = read(documents)
    rendered = documents[0]["spec"]["flinkConfiguration"]
    assert job.parallelism == 2
    assert job.options["a.b"] == "c"
    assert job.options["taskmanager.memory.process.size"] == "2048m"
    assert str(job.options["env.java.opts.all"]).startswith(rendered["env.java.opts.all"])
    assert not [name for name in job.options if name.startswith("kubernetes.")]
    assert yaml.safe_load(job.config)["flink"]["arrowBatch"] == 5000
    assert "rootLogger" in job.logging
