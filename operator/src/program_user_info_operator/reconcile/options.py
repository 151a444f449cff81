"""What the operator's own configuration decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.reconcile.installation import Installation


@dataclass(frozen=True)
class Options:
    """The command's options, as far as reconciliations go by them."""

    bundle: BundledJobs
    installation: Installation
    soak: timedelta
