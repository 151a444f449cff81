"""Which images there are. Their tags follow their inputs: a changed input is another image."""

from __future__ import annotations

import hashlib
import shutil
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from dev import versions
from dev.images.builder import Builder
from dev.paths import DEV, REPOSITORY
from dev.steps import step
from dev.toolchain import programs
from dev.toolchain.jars import fetch_jars

_SERVERS = DEV / "images"
PAUSE = "localhost/pause:1"


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
    """The images that users get: the controller's and the job's."""
    return {name: _product(name) for name in ("operator", "job")}


def server_images() -> dict[str, Image]:
    """Kafka, Cassandra and the Flink operator, from Maven Central's jars."""
    return {name: _server(name) for name in ("kafka", "cassandra", "flink-operator")}


def build_all(images: Iterable[Image], builder: Builder) -> None:
    """Build what the builder does not have yet."""
    for image in images:
        if not builder.has(image.reference):
            image.build(builder)


def built_twice(name: str, builder: Builder) -> tuple[list[str], list[str]]:
    """The layers of a product's image and of the same image built from nothing once more."""
    image = product_images()[name]
    build_all([image], builder)
    again = f"localhost/{image.name}:again"
    with step(f"build the image of the {name} once more, from nothing"):
        _build_product(name, [again], builder, anew=True)
    layers = builder.layers(image.reference), builder.layers(again)
    builder.remove(again)
    return layers


def pause_image() -> Image:
    """The pods' infrastructure container."""

    def build(builder: Builder) -> None:
        builder.from_tree(PAUSE, programs.PAUSE / "pause", command="/pause")

    return Image("pause", "1", build)


def _product(name: str) -> Image:
    image = f"program-user-info-{name}"
    inputs = [REPOSITORY / "pyproject.toml", REPOSITORY / "uv.lock"]
    inputs += [path for path in (REPOSITORY / name).rglob("*") if "__pycache__" not in path.parts]
    tag = f"{versions.PRODUCT}-{_digest(inputs)}"

    def build(builder: Builder) -> None:
        tags = [f"localhost/{image}:{tag}", f"localhost/{image}:{versions.PRODUCT}"]
        with step(f"build the image of the {name}"):
            _build_product(name, tags, builder)

    return Image(image, tag, build)


def _build_product(name: str, tags: list[str], builder: Builder, *, anew: bool = False) -> None:
    arguments = {"BASE": builder.base(), "VERSION": versions.PRODUCT}
    builder.build(tags, REPOSITORY / name / "Dockerfile", REPOSITORY, arguments, anew=anew)


def _server(name: str) -> Image:
    folder = _SERVERS / name
    tag = _digest([_SERVERS / "java.Dockerfile", *folder.rglob("*")])

    def build(builder: Builder) -> None:
        base = _java_base(builder)
        jars = fetch_jars(name, folder / "pom.xml")
        with step(f"build the image of {name}"), tempfile.TemporaryDirectory() as context:
            shutil.copytree(folder, context, dirs_exist_ok=True)
            shutil.copytree(jars, Path(context) / "jars")
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


def _digest(paths: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for path in sorted(path for path in paths if path.is_file()):
        digest.update(f"{path.relative_to(REPOSITORY)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
