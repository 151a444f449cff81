"""The prose linter: what it finds, what it lets pass, and that this repository passes it."""

from __future__ import annotations

import pytest

from dev.documentation.prose import WORDS, check, checked_files, findings


@pytest.mark.parametrize(
    ("text", "instead"),
    [
        ("It deploys anew.", "again"),
        ("the cause is mended", "fix"),
        ("others' changes are put right", "fix"),
        ("`helm upgrade` puts both right", "fix"),
        ("spoilt rows", "corrupt, corrupted"),
        ("Seconds between two looks", "interval, check"),
        ("The operator must be there already.", "requires"),
        ("the offsets are left alone", "is not changed"),
        ("You shall not", "must, do not"),
        ("the present generation", "current"),
        ("an event is judged by this", "run … to see"),
        ("it waits, for it is slow", "because"),
        ("jobs heal by and by", "recovers"),
        ("design contract", "the page that states the rule"),
        ("The order is sent once more.", "again"),
        ("`--watch` goes on", "continues"),
        ("at each of its looks", "check, check interval"),
        ("a column that the event does not speak of", "is about, has"),
        ("the server validates in earnest", "really"),
        ("memory grows bit by bit", "gradually"),
        ("which would else look wrong", "would otherwise"),
        ("It leaves that state by the next change.", "with the next change"),
        ("fixed, not mourned", "plain words"),
        ("jobs that take up a release", "get, pick up"),
        ("the Flink operator has not taken it up", "get, pick up"),
        ("The jobs run on; edits wait.", "keep running"),
        ("while Cassandra is away", "is down, is unavailable"),
        ("2026-13-01 is no time", "is not a"),
        ("it names field and remedy", "fix, what to do"),
        ("with blanks between them", "spaces"),
        ("a cluster of yours", "your own"),
        ("after so many seconds", "this many, N"),
        ("the API server stood in the way", "prevents, refuses"),
        ("whoever may edit the namespace", "anyone who, people who"),
        ("that does no harm", "is harmless"),
        ("each line as it stands", "unchanged"),
        ("a wrong row, for good", "permanently"),
        ("the job goes back by itself", "automatically, on its own, alone"),
        ("it stumbles over a status", "fails at"),
        ("it leaves the Scala job's offsets alone", "is not changed"),
    ],
)
def test_a_word_is_found_with_what_to_write_instead(text: str, instead: str) -> None:
    assert {each.word.instead for each in findings("a.md", text)} == {instead}


@pytest.mark.parametrize(
    "text",
    [
        "recommended, amend, marshall, sparkles",
        "what goes on in the pod",
        "again once more has been read",
        "a look at the log",
        "something else would be deployed",
        "for it to work, set the field",
        "present in the table",
        "`kubectl apply`, for example",
        "it takes up to ten minutes",
        "the cluster that its jobs run on",
        "there is no release yet, and it is no longer needed",
    ],
)
def test_what_is_plain_passes(text: str) -> None:
    assert findings("a.md", text) == []


def test_the_line_is_told() -> None:
    (found,) = findings("a.md", "one\ntwo\nspoilt\n")
    assert str(found) == "a.md:3: 'spoilt': write corrupt, corrupted"


def test_the_repository_passes() -> None:
    files = list(checked_files())
    folders = {file.partition("/")[0] for file in files}
    assert {"README.md", "docs", "charts", "gitops", "crds", "dev", "tests"} <= folders
    assert {"operator", "job", ".github"} <= folders
    assert [str(each) for each in check()] == []


def test_no_two_words_say_the_same() -> None:
    assert len({word.pattern for word in WORDS}) == len(WORDS)
