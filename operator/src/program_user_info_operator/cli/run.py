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
            envvar="LEASE_NAME",
            help="Name of the Lease, in the profiles' namespace. It identifies the installation.",
        ),
    ] = "program-user-info-operator",
    identity: Annotated[
        str,
        typer.Option(
            envvar="POD_NAME",
            help="Holder of the Lease; default: the host name.",
            show_default=False,
        ),
    ] = "",
    lease_seconds: Annotated[
        int,
        typer.Option(envvar="LEASE_SECONDS", min=10, help="Duration of the Lease in seconds."),
    ] = 10,
    namespaces: Annotated[
        str,
        typer.Option(
            envvar="WATCH_NAMESPACES",
            help="Namespaces of the jobs, separated by commas; default: all.",
        ),
    ] = "",
    selector: Annotated[
        str,
        typer.Option(envvar="WATCH_SELECTOR", help="Label selector of the jobs; default: all."),
    ] = "",
    job_images: JobImages = JOB_IMAGES,
    service_account: ServiceAccount = "program-user-info-job",
    workers: Annotated[
        int,
        typer.Option(
            envvar="WORKERS", min=1, max=64, help="Jobs that are reconciled at the same time."
        ),
    ] = 4,
    resync_seconds: Annotated[
        float,
        typer.Option(
            envvar="RESYNC_SECONDS",
            min=1,
            help="Interval in seconds at which watches are compared with lists.",
        ),
    ] = 300.0,
    watch_silence_seconds: Annotated[
        float,
        typer.Option(
            envvar="WATCH_SILENCE_SECONDS",
            min=4,
            help="Seconds without a message after which a watch counts as dead.",
        ),
    ] = 180.0,
    api_timeout_seconds: Annotated[
        float,
        typer.Option(
            envvar="API_TIMEOUT_SECONDS",
            min=0.1,
            help="Time-out in seconds of requests to the API server.",
        ),
    ] = 30.0,
    secret_check_seconds: Annotated[
        float,
        typer.Option(
            envvar="SECRET_CHECK_SECONDS",
            min=1,
            help="Interval in seconds at which Secrets are checked.",
        ),
    ] = 60.0,
    rollout_max_concurrent: Annotated[
        int,
        typer.Option(
            envvar="ROLLOUT_MAX_CONCURRENT",
            min=1,
            help="Jobs that get a new release, profile or Secret at the same time.",
        ),
    ] = 1,
    rollout_environments: Annotated[
        str,
        typer.Option(
            envvar="ROLLOUT_ENVIRONMENTS",
            help="Environments in the order in which they get a release, separated by commas.",
        ),
    ] = "",
    rollout_paused: Annotated[
        bool,
        typer.Option(
            envvar="ROLLOUT_PAUSED", help="Give no further job a new release, profile or Secret."
        ),
    ] = False,
    soak_seconds: Annotated[
        float,
        typer.Option(
            envvar="SOAK_SECONDS",
            min=0,
            help="Seconds that a revision must run without a break to be good.",
        ),
    ] = 60.0,
    liveness: Annotated[str, typer.Option(help="Address of the liveness probe.")] = (
        "http://0.0.0.0:8080/healthz"
    ),
    metrics_port: Annotated[
        int,
        typer.Option(
            envvar="METRICS_PORT", help="Port of /metrics and /readyz; 0 for none.", max=65535
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
