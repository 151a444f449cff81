"""The revisions that a job might have: rendered now, or the current one with changes carried over.

A job that is pinned, or whose turn has not come, keeps what its own release rendered, word for
word, with its user's changes in it and nothing else. This release cannot render as another one
did. But it can tell what a change of the inputs changes in its own rendering, and make the same
change in what was recorded: a three-way merge. A field that only this release knows, and a default
that it has changed, are the same before and after the user's change, so they stay out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.flink_deployment_spec import (
    deployment_spec,
    with_configuration,
)
from program_user_info_operator.desired.job_config import (
    configuration_name,
    configuration_text,
    job_config,
    read_configuration,
)
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.revisions.merge import carried_over
from program_user_info_operator.revisions.revision import Inputs, Revision

Object = dict[str, Any]


@dataclass(frozen=True)
class Renderer:
    """Renders for one job as this release does."""

    owner: Owner
    service_account: str

    def revision(self, spec: JobSpec, runtime: Runtime, inputs: Inputs) -> Revision:
        """What this release makes of a complete spec, which `inputs` add up to."""
        text = configuration_text(job_config(spec))
        deployment = deployment_spec(
            spec, self.owner, runtime, self.service_account, inputs.secrets
        )
        return self._revision(text, deployment, runtime, inputs)

    def carry(
        self,
        recorded: Revision,
        before: tuple[JobSpec, Runtime, Inputs],
        after: tuple[JobSpec, Runtime, Inputs],
    ) -> Revision:
        """The recorded revision, changed as this release's rendering changes.

        `before` is what the recorded revision was made of, `after` what it is to be made of now.
        """
        old, new = self.revision(*before), self.revision(*after)
        runtime, inputs = after[1:]
        if old.deployment == new.deployment and old.config == new.config:
            return replace(recorded, runtime=runtime, inputs=inputs)
        text = recorded.config
        if old.config != new.config:
            documents = (read_configuration(each.config) for each in (old, recorded, new))
            text = configuration_text(carried_over(*documents))
        specs = (with_configuration(each.deployment, "") for each in (old, recorded, new))
        return self._revision(text, carried_over(*specs), runtime, inputs)

    def _revision(
        self, text: str, deployment: Mapping[str, Any], runtime: Runtime, inputs: Inputs
    ) -> Revision:
        name = configuration_name(self.owner.name, text)
        mounted = with_configuration(deployment, name)
        return Revision(inputs, runtime, name, text, mounted)
