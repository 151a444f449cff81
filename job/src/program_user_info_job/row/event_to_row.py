"""The mapping: an event, decoded, becomes the row of its program and user."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import msgspec

from program_user_info_job.event.decode import ABSENT, Event, Profile
from program_user_info_job.event.rejection import Reason, Rejected
from program_user_info_job.row import profile as profile_columns
from program_user_info_job.row.layout import FLAT, Layout
from program_user_info_job.row.values import (
    MILLISECOND,
    read_consent,
    read_id,
    read_text,
    read_timestamp,
)


class Row(msgspec.Struct, frozen=True, gc=False):
    """What one event says about one program and user.

    `cells` holds only columns that the event has (None clears a column, an absent one stays
    untouched). `write_timestamp` is in microseconds since the epoch. A deletion has no cells but
    the key.
    """

    program_id: str
    user_id: str
    cells: dict[str, Any]
    write_timestamp: int
    deletion: bool = False


@dataclass(frozen=True)
class Rules:
    """The settings of the mapping; docs/mapping.md says what each does."""

    layout: Layout = FLAT
    apply_deletes: bool = False
    write_without_profile: bool = False
    future_bound: timedelta = timedelta(days=1)


class Origin(msgspec.Struct, frozen=True, gc=False):
    """Where a record stands in its topic; `timestamp` is Kafka's, in milliseconds."""

    offset: int
    timestamp: int


def to_row(event: Event, origin: Origin, rules: Rules, now: int) -> Row:
    """Map one event; `now` is the clock, in milliseconds. Raises `Rejected`."""
    program_id = _read_key(event.programId, "programId", Reason.PROGRAM_ID_MISSING)
    user_id = _read_key(event.userId, "userId", Reason.USER_ID_MISSING)
    if event.deleted is True and rules.apply_deletes:
        updated_at = _read_optional_timestamp(event.updatedAt, "updatedAt")
        stamp = write_timestamp(updated_at, origin, rules.future_bound, now)
        return Row(program_id, user_id, {}, stamp, deletion=True)
    cells = _profile_cells(event.userProfile, rules)
    if event.programExternalId is not ABSENT:
        cells["program_externalid"] = read_text(event.programExternalId, "programExternalId")
    if event.programName is not ABSENT:
        cells["program_name"] = read_text(event.programName, "programName")
    consent = event.requestForPIIConsent
    cells["pii_consent_required"] = (
        False if consent is ABSENT else read_consent(consent, "requestForPIIConsent")
    )
    if event.createdAt is not ABSENT:
        cells["created_at"] = read_timestamp(event.createdAt, "createdAt")
    updated_at = _read_optional_timestamp(event.updatedAt, "updatedAt")
    if event.updatedAt is not ABSENT:
        cells["updated_at"] = updated_at
    stamp = write_timestamp(updated_at, origin, rules.future_bound, now)
    return Row(program_id, user_id, cells, stamp)


def write_timestamp(
    updated_at: int | None, origin: Origin, future_bound: timedelta, now: int
) -> int:
    """`updatedAt` (else the record's own time) in microseconds, plus its offset modulo 1000.

    The offset keeps two events of one millisecond from mixing cell by cell.
    Raises `Rejected` TIMESTAMP_IN_FUTURE where it would block the row for longer than the bound.
    """
    source = "updatedAt" if updated_at is not None else "record timestamp"
    millis = updated_at if updated_at is not None else origin.timestamp
    if millis - now > future_bound // MILLISECOND:
        raise Rejected(
            Reason.TIMESTAMP_IN_FUTURE, f"{source}: more than {future_bound} ahead of the clock"
        )
    return millis * 1000 + origin.offset % 1000


def _read_key(value: Any, path: str, missing: Reason) -> str:
    text = None if value is ABSENT else read_id(value, path)
    if text is None:
        found = "absent" if value is ABSENT else "null" if value is None else "blank"
        raise Rejected(missing, f"{path}: {found}, a non-blank text expected")
    return text


def _read_optional_timestamp(value: Any, path: str) -> int | None:
    return None if value is ABSENT else read_timestamp(value, path)


def _profile_cells(profile: Any, rules: Rules) -> dict[str, Any]:
    if not isinstance(profile, Profile):
        missing = profile is ABSENT or profile is None
        if missing and rules.write_without_profile:
            return {}
        found = "absent" if profile is ABSENT else "null" if profile is None else "not an object"
        raise Rejected(Reason.USER_PROFILE_MISSING, f"userProfile: {found}, an object expected")
    cells: dict[str, Any] = {}
    if profile.userLocations is not ABSENT:
        flat = rules.layout is FLAT
        read_locations = profile_columns.flat_locations if flat else profile_columns.map_locations
        cells = read_locations(profile.userLocations)
    cells |= profile_columns.organisation(profile)
    if profile.profileUserTypes is not ABSENT:
        cells |= profile_columns.user_types(profile.profileUserTypes)
    return cells
