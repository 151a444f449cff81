"""`program-user-info-operator`: run, render, diff and status."""

from __future__ import annotations

import importlib.metadata
import re
import socket
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.desired.flink_line import tag_suffix
from program_user_info_operator.rollout.standings import Waves

app = typer.Typer(
    name="program-user-info-operator",
    help="Keeps a FlinkDeployment for every ProgramUserInfoJob.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)

_VERSION = importlib.metadata.version("program-user-info-operator")

_JOB_IMAGES = [
    f"{line}=program-user-info-job:{_VERSION}{tag_suffix(line)}" for line in ("v1_20", "v2_2")
]

JobImages = Annotated[
    list[str],
    typer.Option(
        "--job-image",
        envvar="JOB_IMAGES",
        metavar="LINE=IMAGE",
        help="The bundled job for a line of Flink; once for each line. In the environment: with"
        " blanks between them.",
    ),
]
ServiceAccount = Annotated[
    str, typer.Option(envvar="JOB_SERVICE_ACCOUNT", help="Service account of the jobs' pods.")
]


JobFile = Annotated[
    Path,
    typer.Option(
        "-f", "--file", help="The ProgramUserInfoJob, YAML; -: standard input.", show_default=False
    ),
]
Environments = Annotated[
    Path | None,
    typer.Option(
        "--profiles",
        "--environments",
        help="Profiles: YAML, by environment; or the chart's values.",
    ),
]
ProfilesNamespace = Annotated[
    str, typer.Option(envvar="POD_NAMESPACE", help="Namespace of the profiles' ConfigMap.")
]
ProfilesName = Annotated[
    str, typer.Option(envvar="PROFILES_NAME", help="Name of the profiles' ConfigMap.")
]


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"program-user-info-operator {_VERSION}")
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


@app.command()
def run(
    profiles_namespace: ProfilesNamespace = "program-user-info",
    profiles_name: ProfilesName = "program-user-info-environments",
    lease: Annotated[
        str,
        typer.Option(
            envvar="LEASE_NAME", help="Lease in the profiles' namespace; names the installation."
        ),
    ] = "program-user-info-operator",
    identity: Annotated[
        str,
        typer.Option(
            envvar="POD_NAME",
            help="Who holds the Lease; default: the host's name.",
            show_default=False,
        ),
    ] = "",
    lease_seconds: Annotated[
        int,
        typer.Option(envvar="LEASE_SECONDS", min=10, help="How long the Lease lasts."),
    ] = 10,
    namespaces: Annotated[
        str,
        typer.Option(envvar="WATCH_NAMESPACES", help="Comma-separated; default: all namespaces."),
    ] = "",
    selector: Annotated[
        str,
        typer.Option(envvar="WATCH_SELECTOR", help="Label selector of the jobs; default: all."),
    ] = "",
    job_images: JobImages = _JOB_IMAGES,
    service_account: ServiceAccount = "program-user-info-job",
    workers: Annotated[int, typer.Option(envvar="WORKERS", min=1, max=64)] = 4,
    resync_seconds: Annotated[float, typer.Option(envvar="RESYNC_SECONDS", min=1)] = 300.0,
    watch_silence_seconds: Annotated[
        float,
        typer.Option(
            envvar="WATCH_SILENCE_SECONDS", min=4, help="How long an open watch may say nothing."
        ),
    ] = 180.0,
    api_timeout_seconds: Annotated[
        float,
        typer.Option(
            envvar="API_TIMEOUT_SECONDS", min=0.1, help="How long the API server may take."
        ),
    ] = 30.0,
    secret_check_seconds: Annotated[
        float,
        typer.Option(
            envvar="SECRET_CHECK_SECONDS", min=1, help="Interval at which Secrets are checked."
        ),
    ] = 60.0,
    rollout_max_concurrent: Annotated[
        int,
        typer.Option(
            envvar="ROLLOUT_MAX_CONCURRENT",
            min=1,
            help="Jobs that take up a release, a profile or a Secret at once.",
        ),
    ] = 1,
    rollout_environments: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_ENVIRONMENTS",
            help="Comma-separated: environments in the order in which they get a new release.",
        ),
    ] = "",
    rollout_paused: Annotated[
        bool,
        typer.Option(
            envvar="ROLLOUT_PAUSED", help="Let no job begin to take up what the platform changes."
        ),
    ] = False,
    soak_seconds: Annotated[
        float,
        typer.Option(
            envvar="SOAK_SECONDS", min=0, help="How long a revision must run to count as good."
        ),
    ] = 60.0,
    liveness: Annotated[str, typer.Option(help="Where the liveness probe is answered.")] = (
        "http://0.0.0.0:8080/healthz"
    ),
    metrics_port: Annotated[
        int,
        typer.Option(
            envvar="METRICS_PORT", help="Port of /metrics and /readyz; 0: none.", max=65535
        ),
    ] = 8081,
) -> None:
    """Run the controller."""
    from program_user_info_operator.cluster.api_server import ApiError
    from program_user_info_operator.controller.process import Settings, run_controller

    settings = Settings(
        bundle=_bundle(job_images, service_account),
        profiles=(profiles_namespace, profiles_name),
        lease=lease,
        identity=identity or socket.gethostname(),
        lease_seconds=lease_seconds,
        namespaces=_words(namespaces),
        selector=selector,
        workers=workers,
        resync_seconds=resync_seconds,
        watch_silence_seconds=watch_silence_seconds,
        api_timeout_seconds=api_timeout_seconds,
        secret_check_seconds=secret_check_seconds,
        waves=Waves(rollout_max_concurrent, _words(rollout_environments), rollout_paused),
        soak_seconds=soak_seconds,
        liveness=liveness,
        metrics_port=metrics_port,
    )
    try:
        run_controller(settings)
    except ApiError as error:
        _fail(str(error))


@app.command()
def render(
    file: JobFile,
    environments: Environments = None,
    job_images: JobImages = _JOB_IMAGES,
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

    bundle = _bundle(job_images, service_account)
    try:
        if explain:
            typer.echo(explain_job(file, environments), nl=False)
        else:
            typer.echo(render_job(file, environments, bundle, flink_operator), nl=False)
    except JobFileError as error:
        _fail(str(error))


@app.command()
def diff(
    file: JobFile,
    environments: Environments = None,
    profiles_namespace: ProfilesNamespace = "program-user-info",
    profiles_name: ProfilesName = "program-user-info-environments",
    job_images: JobImages = _JOB_IMAGES,
    service_account: ServiceAccount = "program-user-info-job",
) -> None:
    """Print what the controller would change; exit 0 without changes, 1 with, 2 on errors."""
    from program_user_info_operator.cli.diff import diff_job
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cluster.api_server import ApiError, ApiServer

    bundle = _bundle(job_images, service_account)
    profiles = (profiles_namespace, profiles_name)
    try:
        changes = diff_job(ApiServer(), file, environments, profiles, bundle)
    except (JobFileError, ApiError) as error:
        _fail(str(error), status=2)
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
        _fail(str(error))
    except KeyboardInterrupt:
        return
    if as_json:
        typer.echo(picture.as_json(pictures, datetime.now(UTC)), nl=False)
    else:
        Console().print(picture.as_table(pictures, datetime.now(UTC)))


def _bundle(job_images: list[str], service_account: str) -> Bundle:
    images = dict(each.partition("=")[::2] for each in job_images)
    for line, image in images.items():
        if re.fullmatch(r"v\d+_\d+", line) is None or not image:
            _fail(
                f"--job-image {line}={image}: must be LINE=IMAGE, such as v2_2=registry/job:1.0.0"
            )
    return Bundle(images, service_account)


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()
