"""A small prose linter: words that read translated or old, each with the one to write instead.

`docs/style.md` is generated from the list, so that the page and the check agree.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from dev.paths import REPOSITORY


class Word(NamedTuple):
    """What to write instead of what `pattern` matches; `shown` is how the style page puts it."""

    shown: str
    pattern: str
    instead: str


@dataclass(frozen=True)
class Finding:
    """A word that is not to be used, and where it stands."""

    file: str
    line: int
    found: str
    word: Word

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.found!r}: write {self.word.instead}"


WORDS = (
    Word("anew, once more", r"anew|once\s+more(?!\s+(?:has|have|is|are)\b)", "again"),
    Word("mend, put right", r"mend(?:s|ed|ing)?|put(?:s|ting)?\s+(?:\w+\s+)?right", "fix"),
    Word("spoil, spoilt", r"(?<!\.)spoil(?:s|t|ed|ing)?", "corrupt, corrupted"),
    Word("two looks, each look", r"two\s+looks|each\s+look\b", "interval, check"),
    Word("must be there already", r"must\s+be\s+there\s+already", "requires"),
    Word(
        "is left alone",
        r"left\s+alone|leav(?:es?|ing)\s+(?:[\w']+\s+){0,4}alone",
        "is not changed",
    ),
    Word("shall", r"shall", "must, do not"),
    Word(
        "the present release",
        r"present\s+(?:one|release|generation|spec|version|deployment|value)",
        "current",
    ),
    Word("is judged by", r"judged\s+by", "run … to see"),
    Word(
        "…, for it is (conjunction)",
        r"(?<=[a-z`)],\s)for\s+(?:it|they|there|nobody|he|she|you)(?=\s)",
        "because",
    ),
    Word("heals by itself", r"heals?(?:ed)?\s+by", "recovers"),
    Word("more than a job", r"more\s+than\s+a\s+(?:job|pod|row)", "several, more than one"),
    Word("goes on", r"(?:goes|go|going|went)\s+on(?!\s+in\b)", "continues"),
    Word(
        "a look (noun)",
        r"(?:a|no|one|next|last|every|its|their)\s+looks?\b(?!\s+(?:at|like))",
        "check, check interval",
    ),
    Word("speaks of", r"sp(?:eaks?|oke|oken|eaking)\s+of", "is about, has"),
    Word("in earnest", r"in\s+earnest|for\s+good\s+and\s+all", "really"),
    Word("bit by bit", r"bit\s+by\s+bit|little\s+by\s+little", "gradually"),
    Word("would else", r"would\s+else", "would otherwise"),
    Word(
        "by the next change", r"by\s+the\s+next\s+(?:change|edit|release)", "with the next change"
    ),
    Word("mourn, bent", r"mourn(?:s|ed)?|bent", "plain words"),
    Word("design contract", r"(?:design\s+)?contract", "the page that states the rule"),
    Word("hitherto, thereof, whilst", r"hitherto|thereof|whilst|wherefore|lest", "plain words"),
    Word(
        "take up (a release)",
        r"(?:takes?|took|taken|taking)\s+(?:\w+\s+){0,2}up\b(?!\s+to)",
        "get, pick up",
    ),
    Word(
        "the jobs run on",
        r"(?:jobs?|pods?|they|revisions|connections)\s+(?:runs?|works?)\s+on(?=[.,;:|]|\s+and\b)",
        "keep running",
    ),
    Word("is away", r"(?:is|are|was|were|be)\s+away", "is down, is unavailable"),
    Word("is no time (noun)", r"(?<!there\s)(?:is|are)\s+no\s+(?!longer\b|more\b)", "is not a"),
    Word("remedy", r"remed(?:y|ies)", "fix, what to do"),
    Word("blanks", r"blanks", "spaces"),
    Word("of yours", r"of\s+yours", "your own"),
    Word("so many", r"so\s+many", "this many, N"),
    Word("stands in the way", r"st(?:ands?|ood)\s+in\s+the\s+way", "prevents, refuses"),
    Word("whoever", r"whoever", "anyone who, people who"),
    Word("does no harm", r"do(?:es)?\s+no\s+harm", "is harmless"),
    Word("as it stands", r"as\s+(?:it\s+stands|they\s+stand)", "unchanged"),
    Word("for good", r"for\s+good(?!\s+nor)", "permanently"),
    Word("by itself", r"by\s+(?:itself|themselves)", "automatically, on its own, alone"),
    Word("stumbles over", r"stumbl\w+", "fails at"),
)

# The licence is a legal text, others' statuses and schemas are data, and this file and its page
# hold the words themselves. All else is read: pages, comments, messages, help texts, logs.
_EXEMPT = re.compile(
    r"LICENSE|uv\.lock|.*\.(?:sum|png|svg|xml|tsv|jsonl|cast)|docs/style\.md"
    r"|dev/documentation/prose\.py|dev/cluster/toolchain/(?:go|flink-crds)/.*"
    r"|tests/unit/(?:dev/test_prose|test_docs)\.py|tests/data/.*"
)
_STYLE = REPOSITORY / "docs" / "style.md"
_LIST_HEADING = "## Words\n"


def findings(file: str, text: str) -> list[Finding]:
    """All words in the text that are not to be used."""
    return [
        Finding(file, text.count("\n", 0, match.start()) + 1, match[0], word)
        for word in WORDS
        for match in re.finditer(rf"\b(?:{word.pattern})\b", text, re.IGNORECASE)
    ]


def check() -> list[Finding]:
    """The findings in every file of the repository that is checked."""
    return [each for file in checked_files() for each in findings(file, _read(file))]


def checked_files() -> Iterable[str]:
    """Paths inside of the repository."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.splitlines()
    return [
        file for file in listed if not _EXEMPT.fullmatch(file) and (REPOSITORY / file).is_file()
    ]


def style_page() -> str:
    """`docs/style.md`: what a person wrote, then the list of words."""
    written = _STYLE.read_text(encoding="utf-8").partition(_LIST_HEADING)[0]
    rows = [f"| {word.instead} | {word.shown} |" for word in WORDS]
    return (
        "\n".join([f"{written}{_LIST_HEADING}", "| write | not |", "| --- | --- |", *rows]) + "\n"
    )


def _read(file: str) -> str:
    return Path(REPOSITORY / file).read_text(encoding="utf-8", errors="replace")
