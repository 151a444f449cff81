"""A Git repository that pods of the embedded cluster can clone, and a work tree to commit in."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.client import parse_headers
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, make_server

from dev.cluster.addresses import NODE_IP
from dev.steps import capture

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_REPOSITORY = "deployments.git"
_AUTHOR = ("-c", "user.name=platform", "-c", "user.email=platform@example.org")


class Repository:
    """A clone; each commit is pushed."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url

    def write(self, name: str, text: str) -> None:
        """Write a file of the work tree."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

    def read(self, name: str) -> str:
        """A file of the work tree."""
        return (self.folder / name).read_text(encoding="utf-8")

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a part of a file, which must be there."""
        text = self.read(name)
        assert old in text, f"{name} has no {old!r}"
        self.write(name, text.replace(old, new))

    def commit(self, message: str) -> str:
        """Commit everything and push; the commit's hash."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self._push()

    def revert(self, commit: str) -> str:
        """`git revert`, pushed; the new commit's hash."""
        self.git("revert", "--no-edit", commit)
        return self._push()

    def head(self) -> str:
        """The newest commit's hash."""
        return self.git("rev-parse", "HEAD").strip()

    def commit_of(self, message: str) -> str:
        """The hash of the commit with this subject."""
        log = self.git("log", "--format=%H %s").splitlines()
        (found,) = (commit for commit, _, said in map(_words, log) if said == message)
        return found

    def git(self, *arguments: str) -> str:
        """Run git in the work tree."""
        return capture(["git", *_AUTHOR, *arguments], cwd=self.folder)

    def _push(self) -> str:
        self.git("push", "--quiet", "origin", "HEAD:main")
        return self.head()


def _words(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


@contextmanager
def repository(folder: Path) -> Iterator[Repository]:
    """An empty repository, served over HTTP by git itself on the node's address."""
    bare, work = folder / _REPOSITORY, folder / "work"
    capture(["git", "init", "--quiet", "--bare", "--initial-branch=main", bare])
    capture(["git", "clone", "--quiet", bare, work])
    server = make_server(NODE_IP, 0, _backend(folder), handler_class=_Silent)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Repository(work, f"http://{NODE_IP}:{server.server_port}/{_REPOSITORY}")
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _backend(folder: Path) -> Callable[[WSGIEnvironment, StartResponse], Iterable[bytes]]:
    """`git http-backend`, a CGI program, as a WSGI application."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        passed = {name: str(value) for name, value in environ.items() if name.isupper()}
        content = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        done = subprocess.run(
            ["git", "http-backend"],
            input=content,
            env=os.environ | passed | {"GIT_PROJECT_ROOT": str(folder), "GIT_HTTP_EXPORT_ALL": "1"},
            capture_output=True,
            check=True,
        )
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        headers = parse_headers(BytesIO(head + b"\r\n\r\n"))
        status = headers.get("Status", "200 OK")
        del headers["Status"]
        start_response(status, list(headers.items()))
        return [body]

    return answer


class _Silent(WSGIRequestHandler):
    def log_message(self, format: str, *_: object) -> None:  # noqa: A002 - named by its base
        """Say nothing."""
