"""Places in the cluster."""

from __future__ import annotations

from dataclasses import dataclass

from program_user_info_operator.rollout.standings import Key

__all__ = ["Installation", "Key", "ProfilesRef"]


@dataclass(frozen=True)
class ProfilesRef:
    """The ConfigMap with the environments' profiles."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Installation:
    """One controller, however many replicas it has: where its Lease is, and its profiles."""

    namespace: str
    name: str
    profiles: ProfilesRef

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}"

    @property
    def digest_key(self) -> str:
        """Name of the Secret with the key that digests of Secrets are made with."""
        return f"{self.name}-digest-key"
