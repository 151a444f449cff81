"""The plugin's calls of kubectl, and what kubectl's failures are told as."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from program_user_info_operator.cli import kubectl
from program_user_info_operator.cli.kubectl import KubectlError

SCRIPT = """#!/bin/sh
PATH=/usr/bin:/bin
for word in "$@"; do echo "$word"; done > calls
[ "$1" != create ] || cat > given
[ ! -e answer ] || cat answer
[ ! -e said ] || cat said >&2
exit "$(cat status 2>/dev/null || echo 0)"
"""
JOBS = "programuserinfojobs.lern.sunbird.org"


def install(folder: Path, name: str = "kubectl") -> Path:
    file = folder / name
    file.write_text(SCRIPT)
    file.chmod(file.stat().st_mode | stat.S_IEXEC)
    return file


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the fake kubectl runs, and finds what to answer."""
    install(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def called(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


Call = Callable[[], Any]
JOB = {"metadata": {"name": "a", "namespace": "ns"}}


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (
            lambda: kubectl.read_job("a", "ns"),
            ["get", JOBS, "a", "--namespace=ns", "--output=json"],
        ),
        # The context's own namespace.
        (lambda: kubectl.read_job("a", ""), ["get", JOBS, "a", "--output=json"]),
        (
            lambda: kubectl.get("pod", "p", "ns"),
            ["get", "pod", "p", "--namespace=ns", "--output=json"],
        ),
        (
            lambda: kubectl.delete("job", "j", "ns"),
            ["delete", "job", "j", "--namespace=ns", "--ignore-not-found", "--wait=false"],
        ),
        (
            lambda: kubectl.patch_job(JOB, {"spec": {"state": "running"}}),
            [
                *("patch", JOBS, "a", "--namespace=ns", "--type=merge", "-p"),
                '{"spec": {"state": "running"}}',
            ],
        ),
    ],
)
def test_a_call_of_kubectl(folder: Path, call: Call, words: list[str]) -> None:
    (folder / "answer").write_text("{}")
    call()
    assert called(folder) == words


def test_objects_are_the_items_of_a_list(folder: Path) -> None:
    (folder / "answer").write_text('{"items": [{"a": 1}]}')
    assert kubectl.listed("pods", "ns", "--selector=a=b") == [{"a": 1}]
    assert called(folder) == ["get", "pods", "--namespace=ns", "--selector=a=b", "--output=json"]


def test_a_manifest_is_handed_over_on_standard_input(folder: Path) -> None:
    (folder / "answer").write_text('{"metadata": {"name": "a-x"}}')
    assert kubectl.create(JOB) == {"metadata": {"name": "a-x"}}
    assert json.loads((folder / "given").read_text()) == JOB


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("Error from server (NotFound): no such job\n", "(NotFound): no such job"),
        ("error: no context exists\n", "no context exists"),
        ("Unable to connect: refused\n", "Unable to connect: refused"),
        ("", "kubectl ended with status 3"),
    ],
)
def test_a_failure_is_told_in_kubectls_words_without_its_prefix(
    folder: Path, said: str, message: str
) -> None:
    (folder / "said").write_text(said)
    (folder / "status").write_text("3")
    with pytest.raises(KubectlError) as failed:
        kubectl.read_job("a", "ns")
    assert str(failed.value) == message


def test_output_can_be_read_while_kubectl_runs(folder: Path) -> None:
    (folder / "answer").write_text("one\ntwo\n")
    with kubectl.stream("logs", "p") as running:
        assert running.stdout is not None
        assert list(running.stdout) == ["one\n", "two\n"]
    assert called(folder) == ["logs", "p"]


def test_of_an_attachment_only_kubectls_own_words_are_kept(folder: Path) -> None:
    (folder / "answer").write_text("the container's output")
    (folder / "said").write_text("forbidden")
    with kubectl.attach("p", "--namespace=ns") as running:
        _, said = running.communicate()
    assert said == "forbidden"
    assert called(folder) == ["attach", "--stdin", "--quiet", "p", "--namespace=ns"]


def test_a_plugin_is_told_by_kubectl_where_kubectl_is(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = folder / "elsewhere"
    elsewhere.mkdir()
    (folder / "kubectl").rename(elsewhere / "kubectl")
    (folder / "answer").write_text("{}")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.setenv("_", str(elsewhere / "kubectl"))
    assert kubectl.read_job("a", "") == {}


@pytest.mark.parametrize("started_as", ["/usr/bin/python3", ""])
def test_where_there_is_no_kubectl_that_is_told(
    started_as: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("_", started_as)
    with pytest.raises(KubectlError, match="kubectl is not on the PATH: install it"):
        kubectl.read_job("a", "")
