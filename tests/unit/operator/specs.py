"""Specs of jobs, and what they resolve to."""

from __future__ import annotations

from typing import Any

from program_user_info_operator.environments.resolve import Resolved, Unresolved, resolve

CR: dict[str, Any] = {
    "environment": "dev",
    "kafka": {"bootstrapServers": ["kafka:9092"]},
    "cassandra": {"contactPoints": ["cassandra:9042"]},
}


def with_fields(**fields: Any) -> dict[str, Any]:
    merged = dict(CR)
    for name, value in fields.items():
        old = merged.get(name)
        merged[name] = old | value if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def resolved(cr: dict[str, Any], profile: dict[str, Any] | None = None) -> Resolved:
    outcome = resolve(cr, profile)
    assert isinstance(outcome, Resolved), outcome
    return outcome


def unresolved(cr: dict[str, Any], profile: dict[str, Any] | None = None) -> Unresolved:
    outcome = resolve(cr, profile)
    assert isinstance(outcome, Unresolved), outcome
    return outcome
