"""`program-user-info-operator`: run, render, diff and status."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from program_user_info_operator.cli import run
from program_user_info_operator.cli.arguments import (
    JOB_IMAGES,
    VERSION,
    Environments,
    JobFile,
    JobImages,
    ProfilesName,
    ProfilesNamespace,
    ServiceAccount,
    bundle_of,
    fail,
)

app = typer.Typer(
    name="program-user-info-operator",
    help="Keeps a FlinkDeployment for every ProgramUserInfoJob.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"program-user-info-operator {VERSION}")
        raise typer.Exit


@app.callback()
def show_version(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    """Keeps a FlinkDeployment for every ProgramUserInfoJob."""


app.command()(run.run)


@app.command()
def render(
    file: JobFile,
    environments: Environments = None,
    job_images: JobImages = JOB_IMAGES,
    service_account: ServiceAccount = "program-user-info-job",
    flink_operator: Annotated[
        Path | None,
        typer.Option(
            help="CRD of FlinkDeployment, YAML: it lists the versions of Flink that may be chosen;"
            " default: any.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print where each field's value came from instead.")
    ] = False,
) -> None:
    """Print what the controller would apply, without a cluster.

    The versions of Secrets, which only a cluster knows, are left out.
    """
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cli.render import explain_job, render_job

    bundle = bundle_of(job_images, service_account)
    try:
        if explain:
            typer.echo(explain_job(file, environments), nl=False)
        else:
            typer.echo(render_job(file, environments, bundle, flink_operator), nl=False)
    except JobFileError as error:
        fail(str(error))


@app.command()
def diff(
    file: JobFile,
    environments: Environments = None,
    profiles_namespace: ProfilesNamespace = "program-user-info",
    profiles_name: ProfilesName = "program-user-info-environments",
    job_images: JobImages = JOB_IMAGES,
    service_account: ServiceAccount = "program-user-info-job",
) -> None:
    """Print what the controller would change; exit 0 without changes, 1 with, 2 on errors."""
    from program_user_info_operator.cli.diff import diff_job
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cluster.api_server import ApiError, ApiServer

    bundle = bundle_of(job_images, service_account)
    profiles = (profiles_namespace, profiles_name)
    try:
        changes = diff_job(ApiServer(), file, environments, profiles, bundle)
    except (JobFileError, ApiError) as error:
        fail(str(error), status=2)
    typer.echo(changes, nl=False)
    raise typer.Exit(1 if changes else 0)


@app.command()
def status(
    namespace: Annotated[
        str, typer.Option("-n", "--namespace", help="Default: all namespaces.")
    ] = "",
    selector: Annotated[
        str, typer.Option("-l", "--selector", help="Label selector of the jobs; default: all.")
    ] = "",
    watch: Annotated[
        bool, typer.Option("-w", "--watch", help="Refresh until interrupted.")
    ] = False,
    interval: Annotated[float, typer.Option(help="Refresh interval in seconds.", min=0.5)] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show all jobs as they are now: state, version, lag, age of the table, events, checkpoint.

    Flink is asked through the API server, so that the kubeconfig is all that it takes. Also
    installed as `kubectl puij`.
    """
    from rich.console import Console

    from program_user_info_operator.cli import status as picture
    from program_user_info_operator.cluster.api_server import ApiError, ApiServer

    try:
        api = ApiServer()
        if watch:
            picture.watch(api, namespace or None, selector, interval)
        pictures = picture.read_pictures(api, namespace or None, selector)
    except ApiError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return
    if as_json:
        typer.echo(picture.as_json(pictures, datetime.now(UTC)), nl=False)
    else:
        Console().print(picture.as_table(pictures, datetime.now(UTC)))


def main() -> None:
    """The console script."""
    app()
