"""`program-user-info-operator`: run, render, diff and status."""

from __future__ import annotations

import importlib.metadata
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.policy.rollout import Waves

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
    Path,
    typer.Option(
        "-f", "--file", help="The ProgramUserInfoJob, YAML; -: standard input.", show_default=False
    ),
]
Environments = Annotated[
    Path | None, typer.Option(help="Profiles: YAML, by environment; or the chart's values.")
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
    selector: Annotated[
        str,
        typer.Option(envvar="WATCH_SELECTOR", help="Label selector of the jobs; default: all."),
    ] = "",
    job_image: JobImage = "program-user-info-job",
    job_version: JobVersion = _VERSION,
    service_account: ServiceAccount = "flink",
    workers: Annotated[int, typer.Option(envvar="WORKERS", min=1, max=64)] = 4,
    resync_seconds: Annotated[float, typer.Option(envvar="RESYNC_SECONDS", min=1)] = 300.0,
    watch_grace_seconds: Annotated[
        float,
        typer.Option(
            envvar="WATCH_GRACE_SECONDS", min=0.1, help="How late a watch's event may be."
        ),
    ] = 30.0,
    api_timeout_seconds: Annotated[
        float,
        typer.Option(
            envvar="API_TIMEOUT_SECONDS", min=0.1, help="How long the API server may take."
        ),
    ] = 30.0,
    secret_check_seconds: Annotated[
        float,
        typer.Option(
            envvar="SECRET_CHECK_SECONDS", min=1, help="Time between two looks at a Secret."
        ),
    ] = 60.0,
    rollout_max_concurrent: Annotated[
        int,
        typer.Option(
            envvar="ROLLOUT_MAX_CONCURRENT", min=1, help="Jobs that get a new release at once."
        ),
    ] = 1,
    rollout_environments: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_ENVIRONMENTS",
            help="Comma-separated: environments in the order in which they get a new release.",
        ),
    ] = "",
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
        int, typer.Option(envvar="METRICS_PORT", help="Port of /metrics; 0: none.", max=65535)
    ] = 8081,
) -> None:
    """Run the controller."""
    from program_user_info_operator.cli.run import Settings, run_controller
    from program_user_info_operator.cluster.api_server import ApiError

    settings = Settings(
        bundle=Bundle(job_image, job_version, service_account),
        profiles=(profiles_namespace, profiles_name),
        namespaces=_words(namespaces),
        selector=selector,
        workers=workers,
        resync_seconds=resync_seconds,
        watch_grace_seconds=watch_grace_seconds,
        api_timeout_seconds=api_timeout_seconds,
        secret_check_seconds=secret_check_seconds,
        waves=Waves(rollout_max_concurrent, _words(rollout_environments)),
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
    job_image: JobImage = "program-user-info-job",
    job_version: JobVersion = _VERSION,
    service_account: ServiceAccount = "flink",
    explain: Annotated[
        bool, typer.Option("--explain", help="Print where each field's value came from instead.")
    ] = False,
) -> None:
    """Print what the controller would apply, without a cluster.

    The versions of Secrets, which only a cluster knows, are left out.
    """
    from program_user_info_operator.cli.job_file import JobFileError
    from program_user_info_operator.cli.render import explain_job, render_job

    bundle = Bundle(job_image, job_version, service_account)
    try:
        if explain:
            typer.echo(explain_job(file, environments), nl=False)
        else:
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


@app.command()
def status(
    namespace: Annotated[
        str, typer.Option("-n", "--namespace", help="Default: all namespaces.")
    ] = "",
    selector: Annotated[
        str, typer.Option("-l", "--selector", help="Label selector of the jobs; default: all.")
    ] = "",
    watch: Annotated[bool, typer.Option("-w", "--watch", help="Show it again and again.")] = False,
    interval: Annotated[float, typer.Option(help="Seconds between two looks.", min=0.5)] = 2.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")] = False,
) -> None:
    """Show all jobs as they are now: state, version, lag, events, rejections, last checkpoint.

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
        typer.echo(picture.as_json(pictures), nl=False)
    else:
        Console().print(picture.as_table(pictures, datetime.now(UTC)))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())


def _fail(message: str, status: int = 1) -> NoReturn:
    typer.echo(f"error: {message}", err=True)
    raise typer.Exit(status)


def main() -> None:
    """The console script."""
    app()
