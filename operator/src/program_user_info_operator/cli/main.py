"""`program-user-info-operator`: run, render and diff."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from program_user_info_operator.desired.context import Bundle

app = typer.Typer(
    name="program-user-info-operator",
    help="Keeps a FlinkDeployment for every ProgramUserInfoJob.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)

_VERSION = importlib.metadata.version("program-user-info-operator")

JobImage = Annotated[
    str,
    typer.Option(envvar="JOB_IMAGE", help="The bundled job's image, without its tag."),
]
JobVersion = Annotated[
    str, typer.Option(envvar="JOB_VERSION", help="The bundled job's version: the image's tag.")
]
ServiceAccount = Annotated[
    str, typer.Option(envvar="JOB_SERVICE_ACCOUNT", help="Service account of the jobs' pods.")
]


JobFile = Annotated[
    Path, typer.Option("-f", "--file", help="The ProgramUserInfoJob, YAML.", show_default=False)
]
Environments = Annotated[
    Path | None, typer.Option(help="Profiles: a YAML mapping of environment names to profiles.")
]
ProfilesNamespace = Annotated[
    str, typer.Option(envvar="POD_NAMESPACE", help="Namespace of the profiles' ConfigMap.")
]
ProfilesName = Annotated[
    str, typer.Option(envvar="PROFILES_NAME", help="Name of the profiles' ConfigMap.")
]


@app.command()
def run(
    profiles_namespace: ProfilesNamespace = "program-user-info",
    profiles_name: ProfilesName = "program-user-info-environments",
    namespaces: Annotated[
        str,
        typer.Option(envvar="WATCH_NAMESPACES", help="Comma-separated; default: all namespaces."),
    ] = "",
    job_image: JobImage = "program-user-info-job",
    job_version: JobVersion = _VERSION,
    service_account: ServiceAccount = "flink",
    workers: Annotated[int, typer.Option(envvar="WORKERS", min=1, max=64)] = 4,
    resync_seconds: Annotated[float, typer.Option(envvar="RESYNC_SECONDS", min=1)] = 300.0,
    liveness: Annotated[str, typer.Option(help="Where the liveness probe is answered.")] = (
        "http://0.0.0.0:8080/healthz"
    ),
) -> None:
    """Run the controller."""
    from program_user_info_operator.cli.run import Settings, run_controller

    run_controller(
        Settings(
            bundle=Bundle(job_image, job_version, service_account),
            profiles_namespace=profiles_namespace,
            profiles_name=profiles_name,
            namespaces=tuple(name.strip() for name in namespaces.split(",") if name.strip()),
            workers=workers,
            resync_seconds=resync_seconds,
            liveness=liveness,
        )
    )


@app.command()
def render(
    file: JobFile,
    environments: Environments = None,
    job_image: JobImage = "program-user-info-job",
    job_version: JobVersion = _VERSION,
    service_account: ServiceAccount = "flink",
) -> None:
    """Print what the controller would apply, without a cluster."""
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cli.render import render_job

    bundle = Bundle(job_image, job_version, service_account)
    try:
        typer.echo(render_job(file, environments, bundle), nl=False)
    except JobFileError as error:
        _fail(str(error))


@app.command()
def diff(
    file: JobFile,
    environments: Environments = None,
    profiles_namespace: ProfilesNamespace = "program-user-info",
    profiles_name: ProfilesName = "program-user-info-environments",
    job_image: JobImage = "program-user-info-job",
    job_version: JobVersion = _VERSION,
    service_account: ServiceAccount = "flink",
) -> None:
    """Print what the controller would change; exit 0 without changes, 1 with, 2 on errors."""
    from program_user_info_operator.cli.diff import diff_job
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cluster.api_server import ApiError, ApiServer

    bundle = Bundle(job_image, job_version, service_account)
    profiles = (profiles_namespace, profiles_name)
    try:
        changes = diff_job(ApiServer(), file, environments, profiles, bundle)
    except (JobFileError, ApiError) as error:
        _fail(str(error), status=2)
    typer.echo(changes, nl=False)
    raise typer.Exit(1 if changes else 0)


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()
