"""`kubectl puij job`: what is shown, what it ends with, what it leaves, against a fake kubectl."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from program_user_info_operator.api.status import JobStatus
from program_user_info_operator.cli.plugin import app
from tests.unit.operator.revisions import desired, revision, status

HASH = revision().hash
JOB = {
    "metadata": {"name": "job", "namespace": "jobs", "uid": "uid-1"},
    "spec": {"environment": "dev"},
    "status": JobStatus(revisions=[status(1, hash=HASH)], last_good_revision=1).to_json(),
}
# Each answer is a file; a second one follows the first as `NAME.2`, and so on.
KUBECTL = r"""#!/bin/sh
echo "$@" >> calls
case "$1 $2" in
  "get programuserinfojobs"*) answer=job ;;
  "get "*) answer=$2 ;;
  *) answer=$1 ;;
esac
[ "$answer" != create ] || cat > created
[ "$answer" != attach ] || cat > standard-input
count=$(($(cat "count.$answer" 2>/dev/null || echo 0) + 1))
echo "$count" > "count.$answer"
[ ! -e "$answer.$count" ] || answer="$answer.$count"
[ ! -e "$answer" ] || cat "$answer"
[ ! -e "$answer.forever" ] || exec sleep 60
"""
Answer = Callable[..., None]
Run = Callable[..., Result]


def a_pod(phase: str = "Running", reason: str | None = None, **state: Any) -> dict[str, Any]:
    """A pod whose container is in this state."""
    statuses = [{"name": "command", "state": state}] if state else []
    told = {"phase": phase, "containerStatuses": statuses} | ({"reason": reason} if reason else {})
    return {"metadata": {"name": "job-command-x-1"}, "status": told}


RUNNING = a_pod(running={})


def ended(code: int, reason: str = "Completed") -> dict[str, Any]:
    return a_pod(terminated={"exitCode": code, "reason": reason})


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake kubectl runs, and finds its answers."""
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(KUBECTL)
    kubectl.chmod(kubectl.stat().st_mode | stat.S_IEXEC)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("program_user_info_operator.cli.command_run._CHECKED_EVERY", 0.01)
    return tmp_path


@pytest.fixture
def answer(folder: Path) -> Answer:
    """Says what kubectl answers; everything is well unless told otherwise."""

    def write(**answers: Any) -> None:
        for name, found in answers.items():
            text = found if isinstance(found, str) else json.dumps(found)
            (folder / name.replace("_", ".")).write_text(text)

    write(
        job=JOB,
        configmap=desired().record,
        create={"metadata": {"name": "job-command-x", "namespace": "jobs"}},
        pods={"items": [RUNNING]},
        pod=ended(0),
        events={"items": []},
        logs="2026-01-01T00:00:00.1Z one\n2026-01-01T00:00:00.2Z two\n",
    )
    return write


@pytest.fixture
def run(answer: Answer) -> Run:
    """Runs the verb with a command's words."""

    def invoke(*words: str, stdin: str = "") -> Result:
        return CliRunner().invoke(app, ["job", "job", *words], input=stdin)

    return invoke


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def was_deleted(folder: Path) -> bool:
    wanted = "delete job job-command-x --namespace=jobs --ignore-not-found --wait=false"
    return wanted in calls(folder)


@pytest.mark.parametrize("code", [0, 1, 2, 143])
def test_output_and_exit_status_are_the_commands_own(
    run: Run, answer: Answer, folder: Path, code: int
) -> None:
    answer(pod=ended(code))
    result = run("--", "replay", "--dry-run")
    assert (result.exit_code, result.stdout, result.stderr) == (code, "one\ntwo\n", "")
    created = json.loads((folder / "created").read_text())
    (container,) = created["spec"]["template"]["spec"]["containers"]
    assert container["args"][1] == "replay"
    assert was_deleted(folder)


def test_it_waits_until_the_container_has_started(run: Run, answer: Answer, folder: Path) -> None:
    waiting = a_pod("Pending", waiting={"reason": "ContainerCreating"})
    answer(pods={"items": []}, pods_2={"items": [waiting]}, pods_3={"items": [RUNNING]})
    assert run("--", "verify").exit_code == 0
    assert sum(each.startswith("get pods") for each in calls(folder)) == 3


def test_a_broken_connection_shows_each_line_once(run: Run, answer: Answer, folder: Path) -> None:
    answer(
        logs_2="2026-01-01T00:00:00.2Z two\n2026-01-01T00:00:01.0Z three\n",
        pod=RUNNING,
        pod_2=ended(0),
    )
    assert run("--", "verify").stdout == "one\ntwo\nthree\n"
    (again,) = [each for each in calls(folder) if "--since-time" in each]
    assert again.endswith("--since-time=2026-01-01T00:00:00.2Z")


def lines(*stamped: str) -> str:
    """A log of 2026-01-01 in which each line begins with its second, or with what stands there."""
    return "".join(f"2026-01-01T00:00:{each}\n" for each in stamped)


def test_lines_of_one_stamp_are_shown(run: Run, answer: Answer) -> None:
    """CRI-O gives all lines of one read the same time."""
    answer(logs=lines("01.5+00:00 one", "01.5+00:00 two", "01.5+00:00 ", "01.5+00:00 three"))
    assert run("--", "verify").stdout == "one\ntwo\n\nthree\n"


def test_after_a_broken_connection_lines_of_one_stamp_are_shown_once(
    run: Run, answer: Answer, folder: Path
) -> None:
    """The time is sent in whole seconds, so earlier lines come again as well."""
    answer(
        logs=lines("01.5Z one", "01.7Z two", "01.7Z three"),
        logs_2=lines("01.5Z one", "01.7Z two", "01.7Z three", "01.7Z four"),
        logs_3=lines("01.5Z one", "01.7Z two", "01.7Z three", "01.7Z four", "01.75Z five"),
        pod=RUNNING,
        pod_3=ended(0),
    )
    assert run("--", "verify").stdout == "one\ntwo\nthree\nfour\nfive\n"
    again = [each.rpartition("=")[2] for each in calls(folder) if "--since-time" in each]
    assert again == ["2026-01-01T00:00:01.7Z"] * 2


def test_stamps_are_compared_as_times(run: Run, answer: Answer) -> None:
    """A runtime may leave out the zeros at the end, or change to another zone."""
    answer(
        logs=lines("01.1Z one", "01.100000001Z two"),
        logs_2=lines("01.1Z one", "01.100000001Z two", "01.12Z three", "02Z four"),
        pod=RUNNING,
        pod_2=RUNNING,
        logs_3="2026-01-01T01:00:02+01:00 four\n2026-01-01T01:00:02.1+01:00 five\n",
        pod_3=ended(0),
    )
    assert run("--", "verify").stdout == "one\ntwo\nthree\nfour\nfive\n"


@pytest.mark.parametrize(
    "said",
    [
        'failed to watch file "/var/log/pods/x/0.log": no space left on device',
        "2026-13-01T00:00:00Z is not a time",
        "2026-01-01 is not a moment",
        "",
    ],
)
def test_a_line_without_a_stamp_is_shown_and_is_no_time(
    run: Run, answer: Answer, folder: Path, said: str
) -> None:
    answer(
        logs=f"{lines('01.5Z one')}{said}\n",
        logs_2=lines("01.5Z one", "01.6Z two"),
        pod=RUNNING,
        pod_2=ended(0),
    )
    assert run("--", "verify").stdout == f"one\n{said}\ntwo\n"
    (again,) = [each for each in calls(folder) if "--since-time" in each]
    assert again.endswith("--since-time=2026-01-01T00:00:01.5Z")


def test_a_log_that_tells_only_of_a_failure_is_asked_for_again_as_a_whole(
    run: Run, answer: Answer, folder: Path
) -> None:
    answer(logs="unable to retrieve container logs\n", logs_2=lines("01Z one"), pod=RUNNING)
    answer(pod_2=ended(0))
    assert run("--", "verify").stdout == "unable to retrieve container logs\none\n"
    assert not any("--since-time" in each for each in calls(folder))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            {
                "pods": {
                    "items": [a_pod(waiting={"reason": "ImagePullBackOff", "message": "no image"})]
                }
            },
            "the pod does not start: ImagePullBackOff: no image",
        ),
        (
            {"pods": {"items": []}, "events": {"items": [{"message": "exceeded quota"}]}},
            "the pod has not started within 1 s: exceeded quota",
        ),
        ({"pod": ended(137, "OOMKilled")}, "the command ran out of memory: raise --memory"),
        ({"pod": a_pod("Failed", "Evicted")}, "the pod was stopped: Evicted"),
        (
            {"job": JOB | {"status": {}}},
            "job has no revision yet; see `kubectl puij explain job`",
        ),
        ({"configmap": {"metadata": {}, "data": {}}}, "was written by a newer release"),
    ],
)
def test_what_did_not_run_is_status_2_with_one_sentence(
    run: Run, answer: Answer, folder: Path, answers: dict[str, Any], said: str
) -> None:
    answer(**answers)
    result = run("--start-within", "1", "--", "verify")
    assert result.exit_code == 2
    assert said in result.stderr
    assert was_deleted(folder) == (folder / "created").exists()


def test_standard_input_is_handed_on(run: Run, answer: Answer, folder: Path) -> None:
    events = folder / "events"
    events.write_text('{"programId": "p"}\n')
    program = [
        sys.executable,
        "-c",
        "from program_user_info_operator.cli.plugin import main; main()",
    ]
    with events.open() as source:
        done = subprocess.run(
            [*program, "job", "job", "--stdin", "--", "produce"],
            stdin=source,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert (folder / "standard-input").read_text() == events.read_text()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interruption_leaves_nothing_behind(
    answer: Answer, folder: Path, number: signal.Signals
) -> None:
    (folder / "logs.forever").touch()
    program = [
        sys.executable,
        "-c",
        "from program_user_info_operator.cli.plugin import main; main()",
    ]
    with subprocess.Popen([*program, "job", "job", "--", "verify"], stdout=subprocess.PIPE) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"one\n"
        run.send_signal(number)
        assert run.wait(60) == 130
    assert was_deleted(folder)


def test_dead_letters_are_a_verb_of_their_own(answer: Answer, folder: Path) -> None:
    result = CliRunner().invoke(app, ["dead-letters", "job", "--peek", "3"])
    assert result.exit_code == 0, result.output
    created = json.loads((folder / "created").read_text())
    (container,) = created["spec"]["template"]["spec"]["containers"]
    assert container["args"][1:] == [
        *("dead-letters", "--config", "/etc/program-user-info-job/config.yaml"),
        "--peek=3",
    ]
