"""Which Flink a job runs, and in which image: every decision as a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.flink_line import newest_first
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.observed.flink_operator import FlinkOperator
from program_user_info_operator.policy.compatibility import refuse_other_flink
from program_user_info_operator.revisions.runtime_choice import (
    FLINK_OPERATOR_RECHECK,
    Offer,
    choose_runtime,
)
from tests.unit.operator.specs import resolved, with_fields

Spec = dict[str, Any]

BUNDLE = BundledJobs(
    {"v1_20": "r:5000/job:2.0-flink1.20", "v2_2": "r:5000/job:2.0-flink2.2@sha256:ab"}
)
OLD_1_20, OLD_2_2 = "r:5000/job:1.0-flink1.20", "r:5000/job:1.0-flink2.2"
NEW_1_20, NEW_2_2 = BUNDLE.images["v1_20"], BUNDLE.images["v2_2"]
# As the CRDs of these releases of the Flink operator list them, and one that lists none.
KNOWN = {
    "1.7": ("v1_17", "v1_18", "v1_19"),
    "1.10": ("v1_18", "v1_19", "v1_20"),
    "1.15": ("v1_18", "v1_19", "v1_20", "v2_0", "v2_1", "v2_2"),
    "any": (),
}
PINNED = {"flink": {"version": "v1_20"}}
STATEFUL = {"upgrade": {"mode": "savepoint"}, "checkpoints": {"storage": "s3://b"}}


def choose(
    operator: str, spec: Spec, earlier: Runtime | None = None, *, release: bool = True
) -> Runtime | Refusal:
    offer = Offer(BUNDLE, FlinkOperator(KNOWN[operator]))
    return choose_runtime(resolved(with_fields(**spec)).spec, offer, earlier, release=release)


def runs(
    image: str,
    line: str,
    flink_version: str | None = None,
    *,
    is_bundled: bool = True,
    is_line_chosen: bool = True,
) -> Runtime:
    """What a job runs that leaves everything to the operator, unless told otherwise."""
    return Runtime(image, line, flink_version or line, is_bundled, is_line_chosen)


@pytest.mark.parametrize(
    ("operator", "spec", "image", "line", "told"),
    [
        ("1.15", {}, NEW_2_2, "v2_2", "v2_2"),
        ("1.10", {}, NEW_1_20, "v1_20", "v1_20"),
        ("1.7", {}, NEW_1_20, "v1_20", "v1_18"),
        ("any", {}, NEW_2_2, "v2_2", "v2_2"),
        ("1.15", PINNED, NEW_1_20, "v1_20", "v1_20"),
        ("1.15", {"version": "0.9"}, "r:5000/job:0.9-flink2.2", "v2_2", "v2_2"),
        ("1.15", {"version": "0.9", **PINNED}, "r:5000/job:0.9-flink1.20", "v1_20", "v1_20"),
        ("1.7", {"version": "0.9"}, "r:5000/job:0.9-flink1.20", "v1_20", "v1_18"),
        ("1.15", {"image": "mine"}, "mine", "v2_2", "v2_2"),
        ("1.15", {"image": "mine", "flink": {"version": "v2_1"}}, "mine", "v2_1", "v2_1"),
        ("1.7", {"image": "mine", "flink": {"version": "v1_19"}}, "mine", "v1_19", "v1_19"),
    ],
)
def test_a_new_job(operator: str, spec: Spec, image: str, line: str, told: str) -> None:
    is_pinned = bool(spec.keys() & {"version", "image"})
    chosen = runs(image, line, told, is_bundled=not is_pinned, is_line_chosen="flink" not in spec)
    assert choose(operator, spec) == chosen


ON_1_7 = runs(OLD_1_20, "v1_20", "v1_18")
ON_1_10 = runs(OLD_1_20, "v1_20")


@pytest.mark.parametrize(
    ("operator", "spec", "earlier", "release", "chosen"),
    [
        # The Flink operator was upgraded: nothing of ours has changed.
        ("1.15", {}, runs(NEW_1_20, "v1_20", "v1_18"), True, runs(NEW_1_20, "v1_20", "v1_18")),
        # A user's edit: the release that brought the image, and its Flink, stay.
        ("1.15", {"parallelism": 2}, ON_1_7, False, ON_1_7),
        ("1.15", PINNED, ON_1_10, False, replace(ON_1_10, is_line_chosen=False)),
        # Another line in that edit: of the same release, not of the one that waits.
        (
            "1.15",
            {"flink": {"version": "v2_2"}},
            ON_1_10,
            False,
            runs(OLD_2_2, "v2_2", is_line_chosen=False),
        ),
        # A release of ours.
        ("1.15", {}, ON_1_7, True, runs(NEW_2_2, "v2_2")),
        ("1.10", {}, ON_1_7, True, runs(NEW_1_20, "v1_20")),
        ("1.15", STATEFUL, ON_1_7, True, runs(NEW_1_20, "v1_20", "v1_18")),
        # flink.version is removed: what it would be for a new job.
        ("1.15", {}, replace(ON_1_10, is_line_chosen=False), False, runs(OLD_2_2, "v2_2")),
        # The Flink operator went back, and knows the job's Flink no more.
        ("1.7", {}, runs(NEW_2_2, "v2_2"), True, runs(NEW_1_20, "v1_20", "v1_18")),
        # A release does not change an image of the user's own, or a pinned version.
        (
            "1.15",
            {"image": "mine"},
            runs("mine", "v1_20", is_bundled=False),
            True,
            runs("mine", "v1_20", is_bundled=False),
        ),
        (
            "1.15",
            {"version": "0.9"},
            runs("r:5000/job:0.9-flink1.20", "v1_20", is_bundled=False),
            True,
            runs("r:5000/job:0.9-flink1.20", "v1_20", is_bundled=False),
        ),
    ],
)
def test_a_job_that_runs(
    operator: str, spec: Spec, earlier: Runtime, release: bool, chosen: Runtime
) -> None:
    assert choose(operator, spec, earlier, release=release) == chosen
    # Decided once: asked again, the answer is the same.
    assert choose(operator, spec, chosen, release=release) == chosen


@pytest.mark.parametrize(
    ("operator", "bundle", "spec", "reason", "sentence"),
    [
        (
            "1.15",
            BUNDLE,
            {"flink": {"version": "v1_19"}},
            "FlinkVersionNotBundled",
            (
                "flink.version: there is no bundled job for v1_19, only for v2_2 and v1_20; set one"
                " of them, or remove the field, or set image to a job on that version of Flink"
            ),
        ),
        (
            "1.10",
            BUNDLE,
            {"flink": {"version": "v2_2"}},
            "FlinkVersionUnsupported",
            (
                "flink.version: the installed Flink operator does not support v2_2 (its newest is"
                " v1_20); upgrade that operator, or remove flink.version, or set it and image to"
                " a version that it supports"
            ),
        ),
        (
            "1.7",
            BundledJobs({"v2_2": "job"}),
            {},
            "FlinkVersionUnsupported",
            (
                "the installed Flink operator supports none of v2_2, for which there are bundled"
                " jobs (its newest is v1_19); upgrade that operator, or set image and flink.version"
                " to a job on a Flink version that it supports"
            ),
        ),
    ],
)
def test_what_cannot_run_is_refused_with_the_way_out(
    operator: str, bundle: BundledJobs, spec: Spec, reason: str, sentence: str
) -> None:
    offer = Offer(bundle, FlinkOperator(KNOWN[operator]))
    refusal = choose_runtime(resolved(with_fields(**spec)).spec, offer, None, release=True)
    recheck = FLINK_OPERATOR_RECHECK if reason == "FlinkVersionUnsupported" else None
    assert refusal == Refusal(reason, sentence, recheck)


@pytest.mark.parametrize(
    ("old", "new", "mode", "is_refused"),
    [
        ("v1_20", "v2_2", "stateless", False),
        ("v1_20", "v2_2", "savepoint", True),
        ("v2_2", "v1_20", "last-state", True),
        ("v1_18", "v1_20", "savepoint", False),
        ("v2_0", "v2_2", "last-state", False),
    ],
)
def test_state_does_not_pass_between_generations(
    old: str, new: str, mode: str, is_refused: bool
) -> None:
    refusal = refuse_other_flink(old, new, mode)
    assert (refusal is not None) is is_refused
    if refusal:
        assert refusal.reason == "IncompatibleState"
        assert "set upgrade.mode to stateless together with flink.version" in refusal.message


def test_an_own_image_stays_on_its_line_though_no_job_is_bundled_for_it() -> None:
    earlier = runs("mine", "v1_19", is_bundled=False)
    for release in (True, False):
        assert choose("1.15", {"image": "mine"}, earlier, release=release) == earlier


def test_newer_lines_come_first() -> None:
    assert newest_first(["v1_9", "v2_0", "v1_20", "v2_10", "v2_2"]) == [
        *("v2_10", "v2_2", "v2_0", "v1_20", "v1_9")
    ]


@pytest.mark.parametrize(
    ("images", "release"),
    [
        (BUNDLE.images, "2.0"),
        ({"v1_20": "job:a", "v2_2": "r:5000/job:b"}, "a, b"),
        ({"v1_20": "job:2.0"}, "2.0"),
    ],
)
def test_a_release_is_called_by_its_version(images: dict[str, str], release: str) -> None:
    assert BundledJobs(images).release == release


@pytest.mark.parametrize(
    ("image", "sibling"),
    [(OLD_1_20, OLD_2_2), (NEW_1_20, NEW_2_2), ("job:of-another-making", NEW_2_2)],
)
def test_the_image_of_the_same_release_for_another_line(image: str, sibling: str) -> None:
    assert BUNDLE.sibling(image, "v1_20", "v2_2") == sibling
