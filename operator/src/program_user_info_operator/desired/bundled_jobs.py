"""The jobs that come with a release of the operator: their images, by line of Flink."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from program_user_info_operator.desired.flink_line import newest_first, tag_suffix


@dataclass(frozen=True)
class BundledJobs:
    """The jobs that this release of the controller brings, and how their pods run."""

    images: Mapping[str, str]
    """Image reference, tag or digest included, by line of Flink."""
    service_account: str = "program-user-info-job"

    @property
    def lines(self) -> list[str]:
        """The lines of Flink that there is a job for, newest first."""
        return newest_first(self.images)

    @property
    def words(self) -> set[str]:
        """LINE=IMAGE for each, as the chart and the command line have them."""
        return {f"{line}={image}" for line, image in self.images.items()}

    def brought(self, image: str, line: str) -> bool:
        """Whether an image is the bundled job of this or another release, for this line."""
        return _repository(image) == _repository(self.images.get(line, ""))

    @property
    def release(self) -> str:
        """What to call all of it: its version where the tags agree on one, else the tags."""
        tags = {self._version(line, image) for line, image in self.images.items()}
        return ", ".join(sorted(tags))

    def image(self, line: str, version: str | None = None) -> str:
        """The image for a line, at a pinned version or at the release's own."""
        if version is None:
            return self.images[line]
        return f"{_repository(self.images[line])}:{version}{tag_suffix(line)}"

    def sibling(self, image: str, of: str, line: str) -> str:
        """The image for `line` of the release that brought `image` for the line `of`."""
        if image == self.images.get(of) or not _tag(image).endswith(tag_suffix(of)):
            return self.images[line]
        return self.image(line, self._version(of, image))

    def _version(self, line: str, image: str) -> str:
        return _tag(image).removesuffix(tag_suffix(line))


def _repository(image: str) -> str:
    name = image.partition("@")[0]
    return name.removesuffix(f":{_tag(image)}")


def _tag(image: str) -> str:
    """`1.2` of `registry:5000/name:1.2@sha256:…`."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[2]
