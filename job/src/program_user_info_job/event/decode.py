"""Bytes -> `Event`: the top-level fields that the row needs, everything else skipped unread."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UnsetType

from program_user_info_job.event.mongo_shell import to_json
from program_user_info_job.event.rejection import Reason, Rejected, kind_of

ABSENT = msgspec.UNSET
"""Stands for a field that the event lacks; None is one that is there and null."""


class Location(msgspec.Struct, gc=False):
    """An entry of `userProfile.userLocations`."""

    type: Any = ABSENT
    code: Any = ABSENT
    id: Any = ABSENT
    name: Any = ABSENT


class Organisation(msgspec.Struct, gc=False):
    """`userProfile.rootOrg`, or an entry of `userProfile.organisations`."""

    id: Any = ABSENT
    organisationId: Any = ABSENT
    orgName: Any = ABSENT
    isSchool: Any = ABSENT


class UserType(msgspec.Struct, gc=False):
    """An entry of `userProfile.profileUserTypes`."""

    type: Any = ABSENT
    subType: Any = ABSENT


class Profile(msgspec.Struct, gc=False):
    """What the row needs of `userProfile`; the rest, most of an event, is skipped unread.

    Entries of the arrays that are not objects are left out.
    """

    userLocations: Any = ABSENT
    rootOrg: Any = ABSENT
    organisations: Any = ABSENT
    profileUserTypes: Any = ABSENT


class Event(msgspec.Struct, gc=False):
    """An event as it was sent: values of any kind, which the mapping checks field by field.

    A `userProfile` that is an object is a `Profile`.
    """

    programId: Any = ABSENT
    programName: Any = ABSENT
    programExternalId: Any = ABSENT
    requestForPIIConsent: Any = ABSENT
    userId: Any = ABSENT
    userProfile: Any = ABSENT
    createdAt: Any = ABSENT
    updatedAt: Any = ABSENT
    deleted: Any = ABSENT


class _UsualProfile(Profile, gc=False):
    userLocations: list[Location] | UnsetType | None = ABSENT
    rootOrg: Organisation | UnsetType | None = ABSENT
    organisations: list[Organisation] | UnsetType | None = ABSENT
    profileUserTypes: list[UserType] | UnsetType | None = ABSENT


class _UsualEvent(Event, gc=False):
    userProfile: _UsualProfile | UnsetType | None = ABSENT


_decode_usual = msgspec.json.Decoder(_UsualEvent).decode
_decode_any = msgspec.json.Decoder(Event).decode


def decode_event(payload: bytes | None) -> Event:
    """Decode one Kafka payload.

    Strict JSON first; only where that fails is the payload read as a Mongo-shell document, so the
    strict path pays nothing for it.

    Raises `Rejected`: INVALID_JSON (no UTF-8, not JSON, empty, a tombstone) or NOT_AN_OBJECT.
    """
    if not payload:
        found = "tombstone (null payload)" if payload is None else "empty payload"
        raise Rejected(Reason.INVALID_JSON, found)
    # msgspec leaves the text of skipped fields unchecked; an event must be UTF-8 as a whole.
    if not payload.isascii():
        try:
            payload.decode()
        except UnicodeDecodeError as error:
            raise Rejected(Reason.INVALID_JSON, f"not UTF-8 at byte {error.start}") from None
    try:
        return _decode_usual(payload)
    except (msgspec.MsgspecError, RecursionError) as error:
        return _decode_leniently(payload, error)


def _decode_leniently(payload: bytes, strict: Exception) -> Event:
    """A Mongo-shell document, a profile with an unusual part, or no event at all."""
    try:
        return _with_profile(_decode_any(to_json(payload) or payload))
    except msgspec.ValidationError:
        pass
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Rejected(Reason.INVALID_JSON, _describe(error)) from None
    try:
        value = msgspec.json.decode(payload)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise Rejected(Reason.INVALID_JSON, _describe(error)) from None
    if isinstance(value, dict):
        raise Rejected(Reason.INVALID_JSON, _describe(strict))
    raise Rejected(Reason.NOT_AN_OBJECT, f"{kind_of(value)} found, an object expected")


def _with_profile(event: Event) -> Event:
    if isinstance(event.userProfile, dict):
        profile = msgspec.convert(event.userProfile, Profile)
        profile.userLocations = _typed(profile.userLocations, Location)
        profile.rootOrg = _typed(profile.rootOrg, Organisation)
        profile.organisations = _typed(profile.organisations, Organisation)
        profile.profileUserTypes = _typed(profile.profileUserTypes, UserType)
        event.userProfile = profile
    return event


def _typed(value: Any, kind: type[msgspec.Struct]) -> Any:
    """Objects as `kind`, the objects of an array likewise; what is neither as it came."""
    if isinstance(value, dict):
        return msgspec.convert(value, kind)
    if isinstance(value, list):
        return [msgspec.convert(entry, kind) for entry in value if isinstance(entry, dict)]
    return value


def _describe(error: Exception) -> str:
    """One sentence without the payload: msgspec names positions and kinds only."""
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)
