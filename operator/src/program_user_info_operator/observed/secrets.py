"""The Secrets that a job uses: which keys they must have, and a digest of what they hold.

Values do not leave this module. A digest is made with a key that only the operator can read, so
that nobody who sees it can try passwords against it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from program_user_info_operator.api.spec import JobSpec


@dataclass(frozen=True)
class SecretFacts:
    """What is known of a live Secret: names of its keys, a digest of those that the job uses."""

    keys: frozenset[str]
    digest: str


# By the last part of the field that names the Secret: keys that must be there, and that may be.
_NEEDED = {
    "credentials": ("username", "password"),
    "tls": ("ca.crt",),
    "secureConnectBundle": ("secure-connect-bundle.zip",),
}
_OPTIONAL = {"tls": ("tls.crt", "tls.key")}
_OAUTH_CLIENT = ("clientId", "clientSecret")


def used_keys(spec: JobSpec) -> dict[str, frozenset[str]]:
    """The keys that the job reads, by the name of each Secret that its pods mount."""
    found: dict[str, frozenset[str]] = {}
    for field, reference in spec.secrets().items():
        kind = field.rpartition(".")[2]
        keys = frozenset([*_needed_keys(spec, field), *_OPTIONAL.get(kind, ())])
        found[reference.secret_name] = found.get(reference.secret_name, frozenset()) | keys
    return found


def secret_facts(secret: Mapping[str, Any], used: frozenset[str], digest_key: bytes) -> SecretFacts:
    """Of a Secret as the API server has it, as far as a job uses it.

    Other keys, labels and annotations change nothing: the same values have the same digest.
    """
    data = secret.get("data") or {}
    values = {key: data[key] for key in sorted(used & data.keys())}
    text = json.dumps({"name": secret["metadata"]["name"], "values": values})
    digest = hmac.new(digest_key, text.encode(), hashlib.sha256).hexdigest()
    return SecretFacts(frozenset(data), digest)


def missing_secrets(spec: JobSpec, found: Mapping[str, SecretFacts | None]) -> list[str]:
    """A message for each Secret, or key of one, that is missing."""
    problems = []
    for field, reference in spec.secrets().items():
        name, kind = reference.secret_name, field.rpartition(".")[2]
        keys, facts = _needed_keys(spec, field), found.get(name)
        if facts is None:
            wanted = f"key{'s' * (len(keys) > 1)} {' and '.join(keys)}"
            problems.append(f"{field}: there is no Secret {name}; create it with {wanted}")
            continue
        absent = [key for key in keys if key not in facts.keys]
        # The two halves of a client certificate belong together.
        if kind == "tls" and ("tls.crt" in facts.keys) != ("tls.key" in facts.keys):
            absent.append("tls.key" if "tls.crt" in facts.keys else "tls.crt")
        if absent:
            problems.append(f"{field}: Secret {name} lacks {', '.join(absent)}; add it")
    return problems


def _needed_keys(spec: JobSpec, field: str) -> tuple[str, ...]:
    oauth = spec.kafka.security.sasl_mechanism == "OAUTHBEARER"
    if oauth and field == "kafka.security.credentials":
        return _OAUTH_CLIENT
    return _NEEDED[field.rpartition(".")[2]]


def secrets_digest(found: Mapping[str, SecretFacts | None], digest_key: bytes) -> str | None:
    """One digest of all of a job's Secrets; None for a job without any."""
    digests = [f"{name} {facts.digest}" for name, facts in sorted(found.items()) if facts]
    if not digests:
        return None
    return hmac.new(digest_key, "\n".join(digests).encode(), hashlib.sha256).hexdigest()[:16]


def read_digest_key(secret: Mapping[str, Any]) -> bytes | None:
    """The key in the operator's own Secret."""
    text = (secret.get("data") or {}).get(DIGEST_KEY)
    return base64.b64decode(text) if text else None


DIGEST_KEY = "key"
