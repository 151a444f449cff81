"""Which Flink a job runs, and in which image: what its spec says, else what it already runs.

A job that names no `flink.version` gets the newest line that a job is bundled for and that the
installed Flink operator knows. That is decided when the job is created and when a release brings
another image, never because the Flink operator alone was upgraded.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.observed.flink_operator import FlinkOperator

# Flink 1.20 is deployed and reached as 1.18 is, so a Flink operator before 1.10 runs it under that
# name.
_STAND_INS = {"v1_20": "v1_18"}
FLINK_OPERATOR_RECHECK = timedelta(seconds=30)
"""Nothing watches the Flink operator's CRD."""


@dataclass(frozen=True)
class Offer:
    """What there is to choose from: the bundled jobs, and what the Flink operator knows."""

    bundle: BundledJobs
    flink_operator: FlinkOperator


def choose_runtime(
    spec: JobSpec, offer: Offer, earlier: Runtime | None, *, release: bool
) -> Runtime | Refusal:
    """Decide. `earlier` is what the job runs now, if it exists.

    With `release`, a bundled job gets what the current release brings; without, it stays with the
    release that brought its image.
    """
    line = _line(spec, offer, earlier, release=release)
    if isinstance(line, Refusal):
        return line
    name, flink_version = line
    image = spec.image
    if image is None and spec.version is not None:
        image = offer.bundle.image(name, spec.version)
    if image is None and earlier is not None and not release and _stays(earlier, offer.bundle):
        kept = earlier.line == name
        image = earlier.image if kept else offer.bundle.sibling(earlier.image, earlier.line, name)
    return Runtime(
        image=image or offer.bundle.image(name),
        line=name,
        flink_version=flink_version,
        is_bundled=spec.image is None and spec.version is None,
        is_line_chosen=spec.flink.version is None,
    )


def needs_release(spec: JobSpec, offer: Offer, earlier: Runtime) -> bool:
    """Whether the image is the current release's to give: the job's own one is named no more."""
    is_named = spec.image is not None or spec.version is not None
    return not is_named and not _stays(earlier, offer.bundle)


def _line(
    spec: JobSpec, offer: Offer, earlier: Runtime | None, *, release: bool
) -> tuple[str, str] | Refusal:
    """The line in the image, and what the Flink operator is told of it."""
    bundle, flink_operator = offer.bundle, offer.flink_operator
    asked = spec.flink.version
    if asked is not None:
        if spec.image is None and asked not in bundle.images:
            return _not_bundled(asked, bundle)
        unknown = flink_operator.refusal(asked)
        return _unsupported(unknown) if unknown else (asked, asked)
    if earlier is not None and _keeps_line(spec, offer, earlier, release=release):
        return earlier.line, earlier.flink_version
    for line in bundle.lines:
        if flink_operator.knows(line):
            return line, line
    for line, stand_in in _STAND_INS.items():
        if line in bundle.images and flink_operator.knows(stand_in):
            return line, stand_in
    return _unsupported(
        f"the installed Flink operator supports none of {', '.join(bundle.lines)}, for which there"
        f" are bundled jobs (its newest is {flink_operator.newest}); upgrade that operator, or set"
        " image and flink.version to a job on a Flink version that it supports"
    )


def _keeps_line(spec: JobSpec, offer: Offer, earlier: Runtime, *, release: bool) -> bool:
    if not earlier.is_line_chosen or not offer.flink_operator.knows(earlier.flink_version):
        return False
    if spec.image is None and earlier.line not in offer.bundle.images:
        return False
    is_another_release = (
        release and earlier.is_bundled and earlier.image not in offer.bundle.images.values()
    )
    # A job with state stays where its state can be read.
    return not is_another_release or spec.upgrade.mode != "stateless"


def _stays(earlier: Runtime, bundle: BundledJobs) -> bool:
    """Whether its image is one of the bundled ones, which only a release replaces."""
    return earlier.is_bundled or bundle.brought(earlier.image, earlier.line)


def _not_bundled(asked: str, bundle: BundledJobs) -> Refusal:
    return Refusal(
        "FlinkVersionNotBundled",
        f"flink.version: there is no bundled job for {asked}, only for"
        f" {' and '.join(bundle.lines)}; set one of them, or remove the field, or set image to a"
        " job on that version of Flink",
    )


def _unsupported(message: str) -> Refusal:
    return Refusal("FlinkVersionUnsupported", message, recheck=FLINK_OPERATOR_RECHECK)
