"""Realistic events, the same for the same seed: late updates, duplicates, malformed ones."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from dev.paths import REPOSITORY

SEED_EVENTS = REPOSITORY / "tests" / "data" / "seed-events.jsonl"

_START = datetime(2023, 1, 12, 6, 30, 9, 476000, tzinfo=UTC)
_PLACES = ("AGALI", "ANANTAPUR", "GUNTUR", "KADAPA", "NELLORE", "VIZAG")
_LOCATIONS = {"state": (36, 2), "district": (700, 4), "block": (3000, 6), "cluster": (5000, 10)}
_SCHOOLS = 20_000
_FIRST_NAMES = ("Asha", "Bala", "Chandra", "Divya", "Gopal", "Indira", "Kiran", "Lakshmi")


class Generated(NamedTuple):
    """A payload, and the reason for which it must be rejected, or None."""

    payload: bytes
    reason: str | None


def demo_events(count: int, seed: int = 7) -> Iterator[Generated]:
    """Both sample events of the design documents, then `count` generated ones."""
    for line in SEED_EVENTS.read_bytes().splitlines():
        yield Generated(line, None)
    yield from generate(count, seed)


def generate(count: int, seed: int, programs: int = 20) -> Iterator[Generated]:
    """About a quarter updates, 5 % duplicates, 2 % partial and 1 % malformed events."""
    rng = random.Random(seed)
    world = _World(rng, programs, max(count // 40, 5))
    recent: list[bytes] = []
    for number in range(count):
        chance = rng.random()
        if chance < 0.05 and recent:
            yield Generated(rng.choice(recent), None)
            continue
        event = world.event(number)
        if chance < 0.07:
            _make_partial(rng, event)
        payload = json.dumps(event).encode()
        if chance > 0.99:
            yield _malformed(rng, event, payload)
            continue
        recent = [*recent[-200:], payload]
        yield Generated(payload, None)


class _World:
    """Programs, users and places that the events are drawn from."""

    def __init__(self, rng: random.Random, programs: int, users: int) -> None:
        self._rng = rng
        self._programs = [f"{rng.getrandbits(96):024x}" for _ in range(programs)]
        self._users = [str(uuid.UUID(int=rng.getrandbits(128), version=4)) for _ in range(users)]
        self._places = {
            kind: [self._place(kind, n, width) for n in range(size)]
            for kind, (size, width) in (_LOCATIONS | {"school": (_SCHOOLS, 11)}).items()
        }

    def event(self, number: int) -> dict[str, Any]:
        """One complete event; its time lies up to an hour off the order of sending."""
        rng = self._rng
        program = rng.randrange(len(self._programs))
        user = rng.choice(self._users)
        skew = timedelta(milliseconds=rng.randrange(-3_600_000, 3_600_000))
        moment = _START + timedelta(milliseconds=number * 37) + skew
        school = rng.choice(self._places["school"])
        locations = [rng.choice(self._places[kind]) for kind in _LOCATIONS] + [school]
        return {
            "_id": f"{rng.getrandbits(96):024x}",
            "deleted": False,
            "programId": self._programs[program],
            "programName": f"Program {program} for teacher capacity building",
            "programExternalId": f"PGM-EXT-{program:04d}",
            "requestForPIIConsent": rng.random() < 0.5,
            "userRoleInformation": {"role": "HM,DEO", "school": school["id"]},
            "userId": user,
            "appInformation": {"appName": "Diksha", "appVersion": "5.2"},
            "userProfile": {
                "firstName": rng.choice(_FIRST_NAMES),
                "userLocations": locations,
                "profileUserTypes": [
                    {"type": "administrator", "subType": rng.choice(["deo", "hm", "crp"])},
                    {"type": rng.choice(["teacher", "administrator"]), "subType": None},
                ],
                "rootOrg": {"id": "0126796199493140480", "orgName": "Custodian Organization"},
                "framework": {"board": ["CBSE"], "medium": ["English", "Telugu"]},
            },
            "noOfResourcesStarted": rng.randrange(9),
            "createdAt": _iso(moment - timedelta(seconds=47)),
            "updatedAt": _iso(moment),
            "__v": 0,
        }

    def _place(self, kind: str, number: int, width: int) -> dict[str, str]:
        rng = self._rng
        return {
            "code": str(rng.randrange(10 ** (width - 1), 10**width)),
            "name": f"{kind.upper()} {rng.choice(_PLACES)} {number}",
            "id": str(uuid.UUID(int=rng.getrandbits(128))),
            "type": kind,
            "parentId": str(uuid.UUID(int=rng.getrandbits(128))),
        }


def _make_partial(rng: random.Random, event: dict[str, Any]) -> None:
    for field in ("programName", "createdAt"):
        if rng.random() < 0.5:
            del event[field]
    for field in ("userLocations", "profileUserTypes", "rootOrg"):
        if rng.random() < 0.5:
            del event["userProfile"][field]
    if "userLocations" in event["userProfile"] and rng.random() < 0.5:
        event["userProfile"]["userLocations"].pop(2)


def _malformed(rng: random.Random, event: dict[str, Any], payload: bytes) -> Generated:
    kind = rng.randrange(9)
    broken = dict(event)
    match kind:
        case 0:
            return Generated(payload[: len(payload) // 2], "INVALID_JSON")
        case 1:
            return Generated(b"\xff\xfe\x00" + payload[:40], "INVALID_JSON")
        case 2:
            return Generated(b"", "INVALID_JSON")
        case 3:
            return Generated(b"[" + payload + b"]", "NOT_AN_OBJECT")
        case 4:
            broken["programId"], reason = " ", "PROGRAM_ID_MISSING"
        case 5:
            broken["userId"], reason = None, "USER_ID_MISSING"
        case 6:
            del broken["userProfile"]
            reason = "USER_PROFILE_MISSING"
        case 7:
            broken["updatedAt"], reason = "yesterday", "INVALID_FIELD"
        case _:
            broken["updatedAt"], reason = "2999-01-01T00:00:00.000Z", "TIMESTAMP_IN_FUTURE"
    return Generated(json.dumps(broken).encode(), reason)


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
