"""The Secrets that a job uses: which keys they must have, and their versions. Values stay out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.hashing import short_hash


@dataclass(frozen=True)
class SecretFacts:
    """What is known of a live Secret: names of its keys and its version, none of its values."""

    keys: frozenset[str]
    version: str


# By the last part of the field that names the Secret.
_KEYS = {"credentials": ("username", "password"), "tls": ("ca.crt",)}


def secret_names(spec: JobSpec) -> list[str]:
    """Names of all Secrets that the job's pods mount."""
    return sorted({each.secret_name for each in spec.secrets().values()})


def missing_secrets(spec: JobSpec, found: Mapping[str, SecretFacts | None]) -> list[str]:
    """A sentence for each Secret, or key of one, that is not there."""
    problems = []
    for field, reference in spec.secrets().items():
        name, kind = reference.secret_name, field.rpartition(".")[2]
        keys, facts = _KEYS[kind], found.get(name)
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


def secrets_version(spec: JobSpec, found: Mapping[str, SecretFacts | None]) -> str | None:
    """Changes whenever one of the job's Secrets does; None for a job without any."""
    versions = {name: facts.version for name in secret_names(spec) if (facts := found.get(name))}
    return short_hash(versions) if versions else None
