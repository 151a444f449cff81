"""The development environment's commands, called by the Makefile."""

from __future__ import annotations

import os
import shlex
import time
from typing import Annotated

import typer

from dev.paths import CACHE, REPOSITORY
from dev.steps import StepFailed, console, fail

app = typer.Typer(add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False)


@app.command()
def up() -> None:
    """Bring up the cluster with Kafka, Cassandra, the Flink operator and the chart."""
    from dev.cluster.bring_up import up

    started = time.monotonic()
    console.print(f"[bold]cluster up[/] [dim]cache: {CACHE}[/]")
    up()
    console.print(f"[bold]up[/] after {time.monotonic() - started:.0f} s")


@app.command()
def down() -> None:
    """Take the embedded cluster down."""
    from dev.cluster.bring_up import down

    console.print("[bold]cluster down[/]")
    down()


@app.command()
def images() -> None:
    """Build the product's images."""
    from dev.cluster.toolchain.requirements import check_build_tools
    from dev.release.images.builder import Builder
    from dev.release.images.catalogue import build_all, product_images

    check_build_tools()
    wanted = product_images()
    build_all(wanted.values(), Builder())
    for image in wanted.values():
        typer.echo(image.reference)


@app.command()
def reproduce() -> None:
    """Build the product's images twice, from nothing the second time, and compare their layers."""
    from dev.release.images.builder import Builder
    from dev.release.images.catalogue import built_twice, product_images

    builder = Builder()
    for name in product_images():
        first, second = built_twice(name, builder)
        if first != second:
            shown = "\n".join(f"{one}  {other}" for one, other in zip(first, second, strict=True))
            raise StepFailed(f"the image of the {name} is not the same twice:\n{shown}")
        typer.echo(f"the image of the {name}: {len(first)} layers, the same twice")


@app.command(name="load-images")
def load_images() -> None:
    """Hand all images to kind or minikube."""
    from dev.cluster.image_store import load_into_own_cluster
    from dev.cluster.toolchain.flink_operator import chosen
    from dev.release.images.catalogue import flink_operator_image, product_images, server_images

    servers = [*server_images().values(), flink_operator_image(chosen())]
    load_into_own_cluster([*product_images().values(), *servers])


@app.command()
def env() -> None:
    """Print shell settings: `eval "$(make -s env)"` gives kubectl and helm on this cluster."""
    from dev.cluster.target import kubeconfig
    from dev.cluster.toolchain.programs import HELM, KUBERNETES

    typer.echo(f"export KUBECONFIG={shlex.quote(str(kubeconfig()))}")
    typer.echo(f"export PATH={shlex.quote(str(KUBERNETES))}:{shlex.quote(str(HELM))}:$PATH")


@app.command()
def generate() -> None:
    """Write the CRD and its reference from the types, the chart's README from its values."""
    from dev.documentation.generate import write_all

    write_all()


@app.command()
def prose() -> None:
    """Check the words of documentation, messages and comments against the style's list."""
    from dev.documentation.prose import check

    found = check()
    if found:
        raise StepFailed("\n".join(["words to replace, see docs/style.md:", *map(str, found)]))


@app.command()
def lint() -> None:
    """Run the linters of the chart, of its objects and of the workflows."""
    from dev.release.lint import lint

    lint()


@app.command()
def sbom() -> None:
    """Write what the images hold, with licences, to build/sbom."""
    from dev.release.supply_chain import FOLDER, write

    write()
    typer.echo(f"written to {FOLDER}")


@app.command()
def publish(
    registry: str,
    platforms: Annotated[
        str, typer.Option(help="Such as linux/amd64,linux/arm64; default: this machine's own.")
    ] = "",
) -> None:
    """Push images, SBOMs and the chart into a registry."""
    from dev.release.publish import publish, write_digests

    images = publish(registry, platforms)
    write_digests(images)
    for image in images:
        typer.echo(image.reference)
    typer.echo(f"oci://{registry}/charts/program-user-info-operator")


@app.command()
def pictures(
    minutes: Annotated[float, typer.Option(min=5, help="How long the jobs run.")] = 15,
) -> None:
    """Let jobs run in the cluster for a while, and draw the pictures of them."""
    from dev.cluster.target import kubeconfig

    # Read when the client is imported.
    os.environ["KUBECONFIG"] = str(kubeconfig())
    from dev.documentation.monitoring.pictures import FOLDER, draw_all

    draw_all(minutes)
    typer.echo(f"drawn: {FOLDER}")


@app.command()
def soak(
    minutes: Annotated[float, typer.Option(min=5, help="How long the jobs run.")] = 60,
    event_bytes: Annotated[
        list[int] | None,
        typer.Option(help="Enlarge the events to this size; more than once: a job for each size."),
    ] = None,
) -> None:
    """Let jobs with the default memory run at full load; say what memory and CPU they take."""
    from dev.cluster.target import kubeconfig

    # Read when the client is imported.
    os.environ["KUBECONFIG"] = str(kubeconfig())
    from dev.documentation.monitoring.soak import soak

    folder = REPOSITORY / "build"
    folder.mkdir(exist_ok=True)
    soak(minutes, event_bytes or [0], folder)
    typer.echo(f"drawn: {folder}")


@app.command()
def recording() -> None:
    """Run the quick start's commands with the page's variables, and draw them as they ran."""
    from dev.documentation.recording import PICTURE, record

    record()
    typer.echo(f"drawn: {PICTURE}")


@app.command()
def release(version: str) -> None:
    """Name the version everywhere and close the changelog's section."""
    from datetime import UTC, datetime

    from dev.release.version_bump import set_version

    set_version(version, datetime.now(UTC).date())
    typer.echo(
        f"this is {version} now; run `make generate`, read `git diff`, commit, tag v{version}"
    )


@app.command()
def notes(tag: str) -> None:
    """Print the release notes of a tag such as v1.2.0, which must be of the version here."""
    from dev.release.version_bump import CHANGELOG, notes_of

    typer.echo(notes_of(CHANGELOG.read_text(encoding="utf-8"), tag))


@app.command()
def mutants(
    count: Annotated[int, typer.Option("--sample", min=1, help="Mutants to try.")] = 400,
    minutes: Annotated[float, typer.Option(help="No mutant is begun after these.")] = 30,
    seed: Annotated[int | None, typer.Option(help="Draw the same mutants again.")] = None,
    only: Annotated[str, typer.Option(help="Modules with this in their name.")] = "",
) -> None:
    """Change the pure modules at random; say which changes no unit test notices."""
    from dev.mutation.report import try_sample

    try_sample(count, minutes, seed, only)


@app.command()
def demo(
    events: Annotated[int, typer.Option(min=100, help="Generated events.")] = 5000,
) -> None:
    """Everything up, a job applied, events produced, the rows compared and shown."""
    from dev.cluster.demo.run import run_demo

    run_demo(events)


def main() -> None:
    """Run a command; a failed step ends it with one message."""
    try:
        app()
    except StepFailed as failure:
        fail(str(failure))
