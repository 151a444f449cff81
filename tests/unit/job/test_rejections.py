"""What operators read in dead letters, whole: tests/golden/rejections.txt is for a reviewer."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from program_user_info_job.event.rejection import Rejection
from program_user_info_job.row.event_to_row import Row
from tests.unit.job.events import NOW, convert, event

PROFILES: tuple[Any, ...] = (
    None,
    5,
    {"userLocations": 5},
    {"userLocations": [{"type": 5}]},
    {"userLocations": [{"type": "state", "code": [], "id": "i", "name": "n"}]},
    {"userLocations": [{"type": "state", "code": "c", "id": {}, "name": "n"}]},
    {"userLocations": [{"type": "state", "code": "c", "id": "i", "name": True}]},
    {"rootOrg": 5},
    {"rootOrg": {"id": 1.5}},
    {"rootOrg": {"orgName": []}},
    {"organisations": "o"},
    {"organisations": [{"organisationId": False}]},
    {"organisations": [{"orgName": {}}]},
    {"profileUserTypes": 5},
    {"profileUserTypes": [{"type": 1.5}]},
    {"profileUserTypes": [{"subType": {}}]},
)
DOCUMENTS: tuple[Any, ...] = (
    b"",
    None,
    b"{",
    b"\xff",
    b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    b"null",
    b"true",
    b"5",
    b"1.5",
    b'"t"',
    b"[]",
    {"userId": "u", "userProfile": {}},
    {"programId": "p", "userProfile": {}},
    event(programId=None),
    event(programId=" "),
    event(programId=[]),
    event(userId=""),
    event(userId={"a": 1}),
    {"programId": "p", "userId": "u"},
    *(event(userProfile=profile) for profile in PROFILES),
    event(programName={}),
    event(programExternalId=1.5),
    event(requestForPIIConsent="yes"),
    event(createdAt="yesterday"),
    event(updatedAt=[]),
    event(updatedAt={"$date": {"$numberLong": "x"}}),
    event(updatedAt=NOW + 2 * 86_400_000),
    event(programName="x" * (1 << 21)),
    event(programId="x" * 70_000),
)


def shown(document: Any) -> str:
    text = repr(document) if isinstance(document, bytes | None) else json.dumps(document)
    return text if len(text) < 100 else f"{text[:40]} … {text[-20:]}"


def test_every_rejection_is_as_it_was_reviewed(golden: Callable[[str, str], None]) -> None:
    lines = []
    for document in DOCUMENTS:
        found = convert(document)
        told = f"{found.reason}: {found.detail}" if isinstance(found, Rejection) else "a row"
        lines += [shown(document), f"  {told}"]
    golden("rejections.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize(
    "profile",
    [
        {},
        {"userLocations": [{"type": "state", "code": "c", "id": "i", "name": "n"}]},
        {"rootOrg": {"id": "o", "orgName": "name"}},
        {"organisations": [{"organisationId": "o", "orgName": "name", "isSchool": False}]},
        {"profileUserTypes": [{"type": "teacher", "subType": "deo"}]},
    ],
)
@pytest.mark.parametrize("left_out", ["programName", "programExternalId", "createdAt"])
def test_a_document_of_the_shell_is_the_same_row(profile: dict[str, Any], left_out: str) -> None:
    """What it does not have is absent from it, and not cleared."""
    fields = {"programName": "n", "programExternalId": "e", "createdAt": NOW, "deleted": False}
    kept = {name: value for name, value in fields.items() if name != left_out}
    moment = "2023-01-12T06:30:56.829Z"
    document = event(userProfile=profile, updatedAt=moment, **kept)
    strict = json.dumps(document).encode()
    shell = strict.replace(f'"{moment}"'.encode(), f'ISODate("{moment}")'.encode())
    assert shell != strict
    row = convert(strict)
    assert isinstance(row, Row)
    assert convert(shell) == row
