"""Which images there are. Their tags follow their inputs: a changed input is another image."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dev import versions
from dev.cluster.toolchain import programs
from dev.cluster.toolchain.flink_operator import FlinkOperatorRelease
from dev.cluster.toolchain.jars import fetch_jars
from dev.paths import DEV, REPOSITORY
from dev.release.images import platforms
from dev.release.images.builder import Builder
from dev.steps import step

_SERVERS = DEV / "release" / "images"
PAUSE = "localhost/pause:1"
FLUX_CONTROLLERS = ("source-controller", "kustomize-controller")


@dataclass(frozen=True)
class Image:
    """A reference and how to build it."""

    name: str
    tag: str
    build: Callable[[Builder], None]

    @property
    def reference(self) -> str:
        """As pods name it."""
        return f"localhost/{self.name}:{self.tag}"


def product_images() -> dict[str, Image]:
    """The images that users get: the controller's, and the job's for each line of Flink."""
    return {name: product.image() for name, product in _PRODUCTS.items()}


def job_images() -> dict[str, Image]:
    """The job's images alone, by line of Flink, such as 1.20."""
    return {each.flink: each.image() for each in _PRODUCTS.values() if each.flink}


def server_images() -> dict[str, Image]:
    """Kafka and Cassandra, from Maven Central's jars."""
    return {name: _server(name) for name in ("kafka", "cassandra")}


def flink_operator_image(release: FlinkOperatorRelease) -> Image:
    """The Flink operator of a release."""
    folder = _SERVERS / "flink-operator"
    tag = f"{release.version}-{_digest(folder.rglob('*'))}-{release.key()}"
    return _java_server("flink-operator", tag, folder, release.jars)


def build_all(images: Iterable[Image], builder: Builder) -> None:
    """Build what the builder does not have yet."""
    for image in images:
        if not builder.has(image.reference):
            image.build(builder)


def built_twice(name: str, builder: Builder) -> tuple[list[str], list[str]]:
    """The layers of a product's image, and of the same image built again from nothing."""
    product = _PRODUCTS[name]
    image = product.image()
    build_all([image], builder)
    again = f"localhost/{image.name}:again"
    with step(f"build the image of the {name} again, from nothing"):
        product.build([again], builder, from_scratch=True)
    layers = builder.layers(image.reference), builder.layers(again)
    builder.remove(again)
    return layers


def build_for(name: str, platform: str, builder: Builder) -> str:
    """Build a product's image for a platform, if the builder lacks it; its local reference."""
    product = _PRODUCTS[name]
    image = product.image()
    reference = f"{image.reference}{platforms.suffix(platform)}"
    if platform == platforms.native():
        build_all([image], builder)
    elif not builder.has(reference):
        with step(f"build the image of the {name} for {platform}"):
            product.build([reference], builder, platform=platform)
    return reference


def pause_image() -> Image:
    """The pods' infrastructure container."""

    def build(builder: Builder) -> None:
        builder.from_tree(PAUSE, programs.PAUSE / "pause", command="/pause")

    return Image("pause", "1", build)


def flux_image(controller: str) -> Image:
    """One of Flux's controllers: its program and nothing else."""

    def build(builder: Builder) -> None:
        programs.build_flux()
        with step(f"build the image of {controller}"):
            reference = f"localhost/{controller}:{versions.FLUX}"
            builder.from_tree(reference, programs.FLUX / controller, command=f"/{controller}")

    return Image(controller, versions.FLUX, build)


@dataclass(frozen=True)
class _Product:
    """What a folder's Dockerfile builds; the job's, for one line of Flink."""

    folder: str
    flink: str | None = None

    def image(self) -> Image:
        """With a tag that follows the inputs, and says the line of Flink."""
        name = f"program-user-info-{self.folder}"
        inputs = [REPOSITORY / "pyproject.toml", REPOSITORY / "uv.lock"]
        inputs += [path for path in (REPOSITORY / self.folder).rglob("*") if _is_source(path)]
        line = f"-flink{self.flink}" if self.flink else ""
        tag = f"{versions.PRODUCT}-{_digest(inputs)}{line}"

        def build(builder: Builder) -> None:
            tags = [f"localhost/{name}:{tag}", f"localhost/{name}:{versions.PRODUCT}{line}"]
            with step(f"build the image {name}:{versions.PRODUCT}{line}"):
                self.build(tags, builder)

        return Image(name, tag, build)

    def build(
        self,
        tags: list[str],
        builder: Builder,
        *,
        from_scratch: bool = False,
        platform: str | None = None,
    ) -> None:
        """Build it under these tags."""
        arguments = {"BASE": builder.base(platform), "VERSION": versions.PRODUCT}
        if self.flink:
            arguments["FLINK"] = self.flink
        dockerfile = REPOSITORY / self.folder / "Dockerfile"
        builder.build(
            tags,
            dockerfile,
            REPOSITORY,
            arguments,
            from_scratch=from_scratch,
            platform=platform,
        )


_PRODUCTS = {
    "operator": _Product("operator"),
    **{f"job-flink{line}": _Product("job", line) for line in versions.FLINK_LINES},
}


def _server(name: str) -> Image:
    folder = _SERVERS / name
    tag = _digest([_SERVERS / "java.Dockerfile", *folder.rglob("*")])

    def jars() -> list[Path]:
        return sorted(fetch_jars(name, folder / "pom.xml").glob("*.jar"))

    return _java_server(name, tag, folder, jars)


def _java_server(name: str, tag: str, folder: Path, jars: Callable[[], list[Path]]) -> Image:
    def build(builder: Builder) -> None:
        base = _java_base(builder)
        found = jars()
        with step(f"build the image of {name}"), tempfile.TemporaryDirectory() as context:
            shutil.copytree(folder, context, dirs_exist_ok=True)
            (Path(context) / "jars").mkdir()
            for jar in found:
                shutil.copy(jar, Path(context) / "jars")
            dockerfile = folder / "Dockerfile"
            builder.build([f"localhost/{name}:{tag}"], dockerfile, Path(context), {"BASE": base})

    return Image(name, tag, build)


def _java_base(builder: Builder) -> str:
    dockerfile = _SERVERS / "java.Dockerfile"
    reference = f"localhost/java:{_digest([dockerfile])}"
    if not builder.has(reference):
        base = builder.base()
        with step("build the base image of the Java servers"):
            builder.build([reference], dockerfile, _SERVERS, {"BASE": base})
    return reference


def _is_source(path: Path) -> bool:
    """Whether it is more than what Python and `make setup` leave beside the sources."""
    made = "__pycache__" in path.parts or any(part.endswith(".egg-info") for part in path.parts)
    return not made and path.suffix != ".so"


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(REPOSITORY)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
