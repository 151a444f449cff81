"""What the desired objects depend on besides the resolved spec."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Owner:
    """The ProgramUserInfoJob that the objects belong to; `uid` is None where none exists yet."""

    name: str
    namespace: str
    uid: str | None


@dataclass(frozen=True)
class Bundle:
    """The job that this release of the controller brings, and how its pods run."""

    image_repository: str
    version: str
    service_account: str = "flink"

    def image(self, version: str | None) -> str:
        """The bundled image at a pinned version, or at the release's own."""
        return f"{self.image_repository}:{version or self.version}"
