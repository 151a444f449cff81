"""What a job might run next: all that is asked for, or its user's part of it alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from program_user_info_operator.api.refusal import Refusal
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.environments.resolve import Resolved, defaults, resolve
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Inputs, Revision, own_inputs
from program_user_info_operator.revisions.runtime_choice import Offer, choose_runtime, needs_release

Object = Mapping[str, Any]


@dataclass(frozen=True)
class Asked:
    """What is asked for now: by the job's own spec, its profile, its Secrets and this release.

    `resolved` is what spec and profile add up to with this release's defaults.
    """

    resolved: Resolved
    spec: Object
    profile: Object | None
    secrets: str | None
    release: str

    @cached_property
    def inputs(self) -> Inputs:
        """The inputs of a revision that has all of it."""
        return Inputs(own_inputs(self.spec), self.profile, defaults(), self.secrets, self.release)


@dataclass(frozen=True)
class Candidates:
    """`current` is the revision that is deployed, if one is."""

    renderer: Renderer
    offer: Offer
    asked: Asked
    current: Revision | None

    @cached_property
    def latest(self) -> Revision | Refusal:
        """All that is asked for, as this release renders it."""
        inputs, current = self.asked.inputs, self.current
        if current is not None and current.inputs == inputs and self._keeps(current):
            return current
        runtime = self._runtime(self.asked.resolved, current, release=True)
        if isinstance(runtime, Refusal):
            return runtime
        return self.renderer.revision(self.asked.resolved.spec, runtime, inputs)

    @cached_property
    def edited(self) -> Revision | Refusal | None:
        """What runs, with its user's edit of the job and nothing of the platform's.

        The pods that an edit starts mount the Secrets as they are, so it has those as well. None
        where the edit needs something of the platform's, such as a field of the new profile, or
        the bundled image once the job's own is named no more.
        """
        if self.current is None or self.current.inputs is None:
            return self._edited_without_inputs
        asked, held = self.asked.inputs, self.current.inputs
        if asked.spec == held.spec:
            return self.current
        return self._carried(replace(held, spec=asked.spec, secrets=asked.secrets))

    @cached_property
    def with_secrets(self) -> Revision | Refusal | None:
        """The edit, and the Secrets as they are."""
        edited = self.edited
        if not isinstance(edited, Revision) or edited.inputs is None:
            return edited
        return self._carried(replace(edited.inputs, secrets=self.asked.secrets))

    @cached_property
    def pinned(self) -> Revision | Refusal | None:
        """All that is asked for, but for the release: that stays the one which rendered it."""
        if self.current is None or self.current.inputs is None or self._needs_release:
            return self.latest
        return self._carried(replace(self.asked.inputs, **_of_the_release(self.current.inputs)))

    def _carried(self, inputs: Inputs) -> Revision | Refusal | None:
        """The current revision, made of other inputs by the release that rendered it."""
        current = self.current
        if current is None or current.inputs is None:
            return None
        before = _resolved(current.inputs, self._environment)
        after = _resolved(inputs, self._environment)
        if before is None or after is None:
            return None
        if self._needs_release and inputs.release != self.asked.release:
            return None
        runtime = self._runtime(after, current, release=False)
        if isinstance(runtime, Refusal):
            return runtime
        return self.renderer.carry(
            current,
            (before.spec, current.runtime, current.inputs),
            (after.spec, runtime, inputs),
        )

    @cached_property
    def _edited_without_inputs(self) -> Revision | Refusal | None:
        """Of a revision that a release recorded which kept no inputs: rendered again."""
        if self.current is None:
            return None
        runtime = self._runtime(self.asked.resolved, self.current, release=False)
        if isinstance(runtime, Refusal):
            return runtime
        return self.renderer.revision(self.asked.resolved.spec, runtime, self.asked.inputs)

    @property
    def _needs_release(self) -> bool:
        current = self.current
        spec = self.asked.resolved.spec
        return current is not None and needs_release(spec, self.offer, current.runtime)

    @property
    def _environment(self) -> Object:
        return {"environment": self.asked.spec.get("environment")}

    def _runtime(
        self, resolved: Resolved, earlier: Revision | None, *, release: bool
    ) -> Runtime | Refusal:
        before = earlier.runtime if earlier is not None else None
        return choose_runtime(resolved.spec, self.offer, before, release=release)

    def _keeps(self, current: Revision) -> bool:
        """Whether the same inputs would still have the same Flink."""
        runtime = self._runtime(self.asked.resolved, current, release=True)
        return runtime == current.runtime


def _of_the_release(inputs: Inputs) -> dict[str, Any]:
    return {"release": inputs.release, "defaults": inputs.defaults}


def _resolved(inputs: Inputs, environment: Object) -> Resolved | None:
    found = resolve({**environment, **inputs.spec}, inputs.profile, inputs.defaults)
    return found if isinstance(found, Resolved) else None
