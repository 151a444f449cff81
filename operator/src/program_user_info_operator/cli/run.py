"""`run`: the controller's process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import kopf
import prometheus_client
import structlog

from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.controller import Controller
from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.handlers import register
from program_user_info_operator.logs import configure_logging
from program_user_info_operator.metrics import QUEUE_DEPTH, LiveCounts
from program_user_info_operator.policy.rollout import Waves
from program_user_info_operator.reconcile.keys import ProfilesRef
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.reconciler import Reconciler, Rules
from program_user_info_operator.reconcile.rollout_board import RolloutBoard

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Settings:
    """The command's options."""

    bundle: Bundle
    profiles: tuple[str, str]
    namespaces: tuple[str, ...]
    selector: str
    workers: int
    resync_seconds: float
    watch_grace_seconds: float
    api_timeout_seconds: float
    secret_check_seconds: float
    waves: Waves
    soak_seconds: float
    liveness: str
    metrics_port: int


def run_controller(settings: Settings) -> None:
    """Watch and reconcile until a signal ends the process. Raises `ApiError` without a cluster."""
    configure_logging()
    controller = build_controller(settings)
    if settings.metrics_port:
        prometheus_client.start_http_server(settings.metrics_port)
    log.info(
        "controller starts",
        job_image=settings.bundle.image(None),
        namespaces=list(settings.namespaces) or "all",
        selector=settings.selector or "all",
    )
    watched = controller.watched_namespaces
    kopf.run(
        registry=register(controller),
        standalone=True,
        clusterwide=not watched,
        namespaces=watched,
        liveness_endpoint=settings.liveness,
    )


def build_controller(settings: Settings) -> Controller:
    """Everything wired together, with its metrics."""
    api = ApiServer(settings.workers + 2, settings.api_timeout_seconds)
    profiles = ProfilesRef(*settings.profiles)
    board = RolloutBoard(settings.waves, settings.bundle.image(None))
    rules = Rules(
        bundle=settings.bundle,
        soak=timedelta(seconds=settings.soak_seconds),
        secret_check=timedelta(seconds=settings.secret_check_seconds),
    )
    reader = Reader(api, profiles, settings.selector)
    reconciler = Reconciler(api, reader, board, rules, lambda: datetime.now(UTC))
    controller = Controller(
        api=api,
        reconciler=reconciler,
        board=board,
        profiles=profiles,
        namespaces=settings.namespaces,
        selector=settings.selector,
        workers=settings.workers,
        resync_seconds=settings.resync_seconds,
        grace_seconds=settings.watch_grace_seconds,
        timeout_seconds=settings.api_timeout_seconds,
    )
    QUEUE_DEPTH.set_function(lambda: len(controller.queue))
    LiveCounts(reconciler.counts, board.counts).register()
    return controller
