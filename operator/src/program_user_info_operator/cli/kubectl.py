"""The plugin reaches the cluster with kubectl: the user's context, credentials and proxies."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import Any

Object = dict[str, Any]

_JOBS = "programuserinfojobs.lern.sunbird.org"


class KubectlError(Exception):
    """kubectl is missing or failed; the message is its own."""


def read_job(name: str, namespace: str) -> Object:
    """The job; an empty namespace is the context's. Raises `KubectlError`."""
    found: Object = json.loads(_run("get", _JOBS, name, *_in(namespace), "--output=json"))
    return found


def patch_job(job: Object, patch: Object) -> None:
    """Merge `patch` into the job. Raises `KubectlError`."""
    metadata = job["metadata"]
    text = json.dumps(patch)
    _run("patch", _JOBS, metadata["name"], *_in(metadata["namespace"]), "--type=merge", "-p", text)


def get(kind: str, name: str, namespace: str) -> Object:
    """One object. Raises `KubectlError`."""
    found: Object = json.loads(_run("get", kind, name, *_in(namespace), "--output=json"))
    return found


def listed(kind: str, namespace: str, *options: str) -> list[Object]:
    """Objects of a namespace, chosen by kubectl's own options. Raises `KubectlError`."""
    found = json.loads(_run("get", kind, *_in(namespace), *options, "--output=json"))
    items: list[Object] = found["items"]
    return items


def create(manifest: Object) -> Object:
    """Create an object; it as the API server has it. Raises `KubectlError`."""
    text = _run("create", "--filename=-", "--output=json", stdin=json.dumps(manifest))
    created: Object = json.loads(text)
    return created


def delete(kind: str, name: str, namespace: str) -> None:
    """Delete an object with what it owns, without waiting for it. Raises `KubectlError`."""
    _run("delete", kind, name, *_in(namespace), "--ignore-not-found", "--wait=false")


def stream(*arguments: str) -> subprocess.Popen[str]:
    """Kubectl in the background; its output can be read line by line."""
    return subprocess.Popen([_path(), *arguments], stdout=subprocess.PIPE, text=True)


def attach(*arguments: str) -> subprocess.Popen[str]:
    """`kubectl attach` in the background, with this process' standard input.

    The container's output is thrown away, and kubectl's own words can be read from `stderr`.
    """
    command = [_path(), "attach", "--stdin", "--quiet", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)


def _run(*arguments: str, stdin: str | None = None) -> str:
    done = subprocess.run(
        [_path(), *arguments], capture_output=True, text=True, check=False, input=stdin
    )
    if done.returncode:
        said = done.stderr.strip().removeprefix("Error from server ").removeprefix("error: ")
        raise KubectlError(said or f"kubectl ended with status {done.returncode}")
    return done.stdout


def _path() -> str:
    # kubectl tells its plugins where it is in `_`, as shells do; else it is the one on the PATH.
    found = shutil.which("kubectl") or os.environ.get("_", "")
    if not found.endswith("kubectl"):
        raise KubectlError("kubectl is not on the PATH: install it")
    return found


def _in(namespace: str) -> list[str]:
    return [f"--namespace={namespace}"] if namespace else []
