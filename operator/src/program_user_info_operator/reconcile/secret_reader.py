"""Secrets by name: read when a job first needs one, then once an interval for all of its jobs.

They are not watched, because a watch may read all of them. What is kept of a Secret is the names of
its keys and a digest; values are dropped as soon as the answer is read.
"""

from __future__ import annotations

import secrets
import threading
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, NamedTuple

import structlog

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.cluster.api_server import SECRET, ApiError, ApiServer
from program_user_info_operator.observed.secrets import (
    DIGEST_KEY,
    SecretFacts,
    missing_secrets,
    read_digest_key,
    secret_facts,
    secrets_digest,
    used_keys,
)
from program_user_info_operator.reconcile.installation import Installation, Key

Object = dict[str, Any]
log = structlog.get_logger(__name__)

_RECHECK = timedelta(seconds=10)


class SecretUse(NamedTuple):
    """A Secret, and the keys of it that somebody reads."""

    namespace: str
    name: str
    keys: frozenset[str]


@dataclass
class _Known:
    facts: SecretFacts
    key: bytes
    """The key of the digest in the facts; empty while there is none."""
    users: set[Key] = field(default_factory=set)


class SecretReader:
    """Safe to use from several threads."""

    def __init__(self, api: ApiServer, installation: Installation, *, may_make_key: bool) -> None:
        """`may_make_key` is for the controller: others use its key, or compare no Secrets."""
        self._api = api
        self._installation = installation
        self._may_make_key = may_make_key
        self._digest_key: bytes | None = None
        self._key_lock = threading.Lock()
        self._lock = threading.Lock()
        self._known: dict[SecretUse, _Known] = {}

    def digest(self, user: Key, spec: JobSpec, before: str | None) -> str | Refusal | None:
        """Of what the job's Secrets hold; refused where a Secret or a key of one is missing.

        `before` is the digest of what runs: the answer where nothing can be compared. Raises
        `ApiError` if the API server refuses or does not answer now.
        """
        wanted = used_keys(spec)
        self._forget(user, keep={SecretUse(user.namespace, *each) for each in wanted.items()})
        if not wanted:
            return None
        key = self._key()
        found: dict[str, SecretFacts | None] = {}
        for name, used in wanted.items():
            facts = self._facts(SecretUse(user.namespace, name, used), user, key or b"")
            if isinstance(facts, Refusal):
                return facts
            found[name] = facts
        missing = missing_secrets(spec, found)
        if missing:
            return Refusal("SecretMissing", "; ".join(missing), recheck=_RECHECK)
        return secrets_digest(found, key) if key is not None else before

    def forget(self, user: Key) -> None:
        """The job is gone."""
        self._forget(user, keep=set())

    def in_use(self) -> list[SecretUse]:
        """The Secrets to check at the interval."""
        with self._lock:
            return list(self._known)

    def refresh(self, use: SecretUse) -> set[Key]:
        """Read a Secret again; the jobs that have to be looked at, because it has changed.

        Raises `ApiError` if the API server refuses or does not answer now.
        """
        key = self._key() or b""
        found = self._read(use, key)
        with self._lock:
            known = self._known.get(use)
            if known is None or found == known.facts:
                return set()
            if isinstance(found, SecretFacts):
                is_comparable = known.key == key
                known.facts, known.key = found, key
                return set(known.users) if is_comparable else set()
            del self._known[use]
            return set(known.users)

    def _facts(self, use: SecretUse, user: Key, key: bytes) -> SecretFacts | Refusal | None:
        with self._lock:
            known = self._known.get(use)
            if known is not None and known.key == key:
                known.users.add(user)
                return known.facts
        found = self._read(use, key)
        if not isinstance(found, SecretFacts):
            return found
        with self._lock:
            known = self._known.setdefault(use, _Known(found, key))
            if known.key != key:
                # A digest without the key differs from the first one with it.
                known.facts, known.key = found, key
            known.users.add(user)
            return known.facts

    def _read(self, use: SecretUse, key: bytes) -> SecretFacts | Refusal | None:
        try:
            secret = self._api.get(SECRET, use.namespace, use.name)
        except ApiError as error:
            if error.status != 403:
                raise
            return Refusal(
                "SecretForbidden",
                f"the operator is not allowed to read Secret {use.name}: add it to secrets.allowed"
                " in the operator's chart",
                recheck=_RECHECK,
            )
        return secret_facts(secret, use.keys, key) if secret is not None else None

    def _forget(self, user: Key, keep: set[SecretUse]) -> None:
        with self._lock:
            for use, known in list(self._known.items()):
                if use not in keep and user in known.users:
                    known.users.discard(user)
                    if not known.users:
                        del self._known[use]

    def _key(self) -> bytes | None:
        """The key of the digests, made at its first use."""
        with self._key_lock:
            if self._digest_key is None:
                self._digest_key, problem = self._find_key()
                if problem:
                    log.warning("changes of Secrets are not noticed", error=problem)
            return self._digest_key

    def _find_key(self) -> tuple[bytes | None, str]:
        """The key, or else what is wrong if there should be one."""
        name = self._installation.digest_key
        try:
            key = self._read_key()
            if key is None and self._may_make_key:
                self._make_key()
                key = self._read_key()
        except ApiError as error:
            # A policy may refuse the Secret.
            if error.status != 403 and not error.is_refusal and not error.is_of_webhook:
                raise
            return None, str(error)
        if key is None and self._may_make_key:
            return None, f"Secret {name} has no key {DIGEST_KEY}: delete it, and it is made again"
        return key, ""

    def _read_key(self) -> bytes | None:
        place = self._installation.namespace, self._installation.digest_key
        secret: Mapping[str, Any] | None = self._api.get(SECRET, *place)
        return read_digest_key(secret) if secret is not None else None

    def _make_key(self) -> None:
        """Another process may be faster: then its key is the one."""
        text = b64encode(secrets.token_bytes(32)).decode()
        body: Object = {
            "apiVersion": SECRET.api_version,
            "kind": SECRET.name,
            "metadata": {"name": self._installation.digest_key},
            "data": {DIGEST_KEY: text},
        }
        try:
            self._api.create(SECRET, self._installation.namespace, body)
        except ApiError as error:
            if error.status != 409:
                raise
