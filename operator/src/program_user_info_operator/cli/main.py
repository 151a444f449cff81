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
    help="The controller of ProgramUserInfoJobs, and commands that check what it does.",
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
    """The controller of ProgramUserInfoJobs, and commands that check what it does."""


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
            help="YAML file with the CRD of FlinkDeployment, which lists the versions of Flink that"
            " the Flink operator supports; default: all bundled versions.",
            show_default=False,
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Print where the value of each field comes from.")
    ] = False,
) -> None:
    """Print what the controller would apply, without a cluster.

    Digests of Secrets are left out, because only a cluster knows them.
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
    """Print what the controller would change in the cluster.

    Exit status 0: no changes, 1: changes, 2: an error.
    """
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
        str, typer.Option("-n", "--namespace", help="Namespace of the jobs; default: all.")
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
    """Show the current state of all jobs: version, lag, events, checkpoint.

    It reaches Flink through the API server, so it needs only your kubeconfig.
    """
    from rich.console import Console

    from program_user_info_operator.cli import status_table
    from program_user_info_operator.cluster.api_server import ApiError, ApiServer

    try:
        api = ApiServer()
        if watch:
            status_table.watch(api, namespace or None, selector, interval)
        pictures = status_table.read_pictures(api, namespace or None, selector)
    except ApiError as error:
        fail(str(error))
    except KeyboardInterrupt:
        return
    if as_json:
        typer.echo(status_table.as_json(pictures, datetime.now(UTC)), nl=False)
    else:
        Console().print(status_table.as_table(pictures, datetime.now(UTC)))


def main() -> None:
    """The console script."""
    app()
