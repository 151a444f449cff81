"""A registry on this machine: the CNCF's distribution, for what `make publish` pushes.

Its address is `localhost`, for which helm, oras, docker and containerd use plain HTTP without
being told: the embedded node pulls from it as it is configured, without a certificate.
"""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import yaml

from dev.cluster import processes
from dev.cluster.toolchain import programs
from dev.paths import CACHE, STATE
from dev.steps import wait_until

_PULL = re.compile(
    r'"(?:GET|HEAD) /v2/(?P<name>\S+)/manifests/(?P<reference>\S+) \S+" 200 .*"(?P<agent>[^"]*)"$',
    re.MULTILINE,
)


@dataclass(frozen=True)
class Registry:
    """One process; both serve the same store, in the cache, where what was pushed stays."""

    name: str
    port: int

    @property
    def address(self) -> str:
        """As images name it."""
        return f"localhost:{self.port}"


OPEN = Registry("registry", 19500)
PRIVATE = Registry("registry-private", 19501)
"""Asks for a password."""


@contextmanager
def running(registry: Registry = OPEN, *, users: str | None = None) -> Iterator[str]:
    """The registry's address while it runs; `users` are lines of an htpasswd file, in bcrypt."""
    programs.build_registry()
    configuration = _write_configuration(registry, users)
    processes.stop(registry.name)
    processes.start(registry.name, [programs.REGISTRY / "registry", "serve", configuration])
    try:
        log = processes.log_of(registry.name)
        wait_until(lambda: _answers(registry), "the registry answers", timeout=30, log=log)
        yield registry.address
    finally:
        processes.stop(registry.name)


def pulled_by(agent: str, registry: Registry = OPEN) -> set[tuple[str, str]]:
    """Name and tag, or digest, of each image that a client of this name has been given."""
    text = processes.log_of(registry.name).read_text(encoding="utf-8")
    return {
        (found["name"], found["reference"])
        for found in _PULL.finditer(text)
        if agent in found["agent"]
    }


def _answers(registry: Registry) -> bool:
    processes.check(registry.name)
    try:
        with urllib.request.urlopen(f"http://{registry.address}/v2/", timeout=5):
            return True
    except urllib.error.HTTPError as error:
        with error:
            return error.code == HTTPStatus.UNAUTHORIZED
    except OSError:
        return False


def _write_configuration(registry: Registry, users: str | None) -> Path:
    document: dict[str, Any] = {
        "version": "0.1",
        # The log of accesses is what tells who has pulled what.
        "log": {"level": "warn", "accesslog": {"disabled": False}},
        "storage": {"filesystem": {"rootdirectory": str(CACHE / "registry")}},
        "http": {"addr": f"127.0.0.1:{registry.port}"},
    }
    target = STATE / f"{registry.name}.yml"
    target.parent.mkdir(parents=True, exist_ok=True)
    if users is not None:
        file = target.with_suffix(".users")
        file.write_text(users, encoding="utf-8")
        document["auth"] = {"htpasswd": {"realm": registry.name, "path": str(file)}}
    target.write_text(yaml.safe_dump(document), encoding="utf-8")
    return target
