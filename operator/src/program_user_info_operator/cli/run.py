"""`run`: the controller's options, and the process that they describe."""

from __future__ import annotations

import socket
from typing import Annotated

import typer

from program_user_info_operator.cli.arguments import (
    JOB_IMAGES,
    JobImages,
    ProfilesName,
    ProfilesNamespace,
    ServiceAccount,
    bundle_of,
    fail,
)
from program_user_info_operator.rollout.standings import Waves


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
    job_images: JobImages = JOB_IMAGES,
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
        bundle=bundle_of(job_images, service_account),
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
        fail(str(error))


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(",") if word.strip())
