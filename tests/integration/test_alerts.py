"""What Prometheus makes of the alerts and panels, on series that we write, by its own promtool."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from dev.cluster.toolchain import programs
from dev.steps import capture
from tests.monitoring import alerts, dashboards

JOB = 'namespace="n", lern_sunbird_org_job="j"'
OLD, NEW = f'{JOB}, app="j-old"', f'{JOB}, app="j-new"'
STAGE = 'operator_name="PythonCalc[2]"'
_PREFIX = "flink_taskmanager_job_task_operator_"
HOUR = 60
"""Minutes; a sample each."""
Samples = dict[str, str]


@pytest.fixture(scope="module")
def promtool() -> Path:
    programs.unpack_prometheus()
    return programs.PROMETHEUS / "usr" / "bin" / "promtool"


def revision(
    labels: str, *, lag: str, read: str, acknowledged: str | None, newest: str | None
) -> Samples:
    """What the pods of one FlinkDeployment say, minute by minute, in promtool's notation."""
    said = {
        f"{_PREFIX}pendingRecords{{{labels}}}": lag,
        f"{_PREFIX}numRecordsIn{{{labels}, {STAGE}}}": read,
        f"{_PREFIX}events_acknowledged{{{labels}}}": acknowledged,
        f"{_PREFIX}newest_record_milliseconds{{{labels}}}": newest,
    }
    return {name: values for name, values in said.items() if values is not None}


ALWAYS = f"x{2 * HOUR}"
IDLE = revision(OLD, lag=f"0{ALWAYS}", read=f"7{ALWAYS}", acknowledged=f"7{ALWAYS}", newest="0x120")
STANDS = revision(
    OLD, lag=f"9{ALWAYS}", read=f"7{ALWAYS}", acknowledged=f"7{ALWAYS}", newest=f"60000{ALWAYS}"
)
CURRENT = revision(
    NEW, lag=f"9{ALWAYS}", read=f"7{ALWAYS}", acknowledged=f"7{ALWAYS}", newest="0+60000x120"
)
BEING_WRITTEN = STANDS | {f"{_PREFIX}pendingRecords{{{OLD}}}": f"0{ALWAYS}"}
NONE_COUNTED = {
    name: values for name, values in STANDS.items() if "events_acknowledged" not in name
}
RESTARTED = revision(
    OLD,
    lag=f"9{ALWAYS}",
    read="7x10 0x110",
    acknowledged="7x10 _x110",
    newest="60000x10 _x110",
)


@pytest.mark.parametrize(
    ("said", "behind"),
    [
        (IDLE, False),
        (STANDS, True),
        (BEING_WRITTEN | {f"{_PREFIX}events_acknowledged{{{OLD}}}": f"6{ALWAYS}"}, True),
        (BEING_WRITTEN, False),
        (NONE_COUNTED, True),
        (RESTARTED, True),
        (STANDS | CURRENT, False),
        (STANDS | revision(NEW, lag="0x120", read="0x120", acknowledged=None, newest=None), False),
    ],
    ids=[
        "an idle topic",
        "events in Kafka",
        "events that are being written",
        "all is acknowledged",
        "an attempt without any",
        "after a restart without any",
        "the other revision is ahead",
        "the other revision has nothing left",
    ],
)
def test_a_table_is_behind_while_events_wait(
    promtool: Path, tmp_path: Path, said: Samples, behind: bool
) -> None:
    expected = [{"exp_labels": {"namespace": "n", "lern_sunbird_org_job": "j"}}] if behind else []
    check(promtool, tmp_path, "ProgramUserInfoTableBehind", said, expected)


def test_lag_is_that_of_the_revision_that_is_ahead(promtool: Path, tmp_path: Path) -> None:
    grows = {f"{_PREFIX}pendingRecords{{{OLD}}}": "0+1000x120"}
    expected = [{"exp_labels": {"namespace": "n", "lern_sunbird_org_job": "j"}}]
    check(promtool, tmp_path, "ProgramUserInfoLagGrows", grows, expected)
    both = grows | {f"{_PREFIX}pendingRecords{{{NEW}}}": f"5{ALWAYS}"}
    check(promtool, tmp_path, "ProgramUserInfoLagGrows", both, [])


def check(
    promtool: Path, folder: Path, name: str, said: Samples, expected: list[dict[str, Any]]
) -> None:
    """After an hour the alert fires exactly with these labels."""
    (rule,) = [each for each in alerts() if each["alert"] == name]
    rules = folder / "rules.json"
    plain = rule | {"annotations": {}}
    rules.write_text(json.dumps({"groups": [{"name": "g", "rules": [plain]}]}))
    for each in expected:
        each["exp_labels"] |= rule["labels"]
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in said.items()],
        "alert_rule_test": [{"eval_time": "1h", "alertname": name, "exp_alerts": expected}],
    }
    tests = folder / "tests.json"
    tests.write_text(json.dumps({"rule_files": [str(rules)], "tests": [case]}))
    capture([promtool, "test", "rules", tests])


def test_panels_show_a_line_for_each_job_or_revision(promtool: Path, tmp_path: Path) -> None:
    """Two revisions side by side, by the panels' own expressions."""
    board = next(each for each in dashboards() if each["uid"] == "program-user-info-job")
    cases: list[dict[str, Any]] = []
    for title, labels, value in (
        ("Lag", JOB, 9),
        ("Table behind", JOB, 0),
        ("Rows written", OLD, 2),
    ):
        (panel,) = [each for each in board["panels"] if each["title"] == title]
        expression = re.sub(r"\$\w+", ".*", panel["targets"][0]["expr"])
        samples = [{"labels": f"{{{labels}}}", "value": value}]
        cases.append({"expr": expression, "eval_time": "1h", "exp_samples": samples})
    said = STANDS | CURRENT | {f"{_PREFIX}rows_written{{{OLD}}}": "0+120x120"}
    case = {
        "interval": "1m",
        "input_series": [{"series": name, "values": values} for name, values in said.items()],
        "promql_expr_test": cases,
    }
    # A rate over one minute has one sample a minute; the real interval is 30 s.
    cases[-1]["expr"] = cases[-1]["expr"].replace("[1m]", "[2m]")
    tests = tmp_path / "tests.json"
    tests.write_text(json.dumps({"rule_files": [], "tests": [case]}))
    capture([promtool, "test", "rules", tests])
