"""`run`: the controller's process."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import kopf
import structlog

from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.desired.context import Bundle
from program_user_info_operator.handlers import Controller, register
from program_user_info_operator.logs import configure_logging
from program_user_info_operator.reconcile import ProfilesRef, Reconciler

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Settings:
    """The command's options."""

    bundle: Bundle
    profiles_namespace: str
    profiles_name: str
    namespaces: tuple[str, ...]
    workers: int
    resync_seconds: float
    liveness: str


def run_controller(settings: Settings) -> None:
    """Watch and reconcile until a signal ends the process."""
    configure_logging()
    api = ApiServer(connections=settings.workers)
    profiles = ProfilesRef(settings.profiles_namespace, settings.profiles_name)
    reconciler = Reconciler(api, settings.bundle, profiles, lambda: datetime.now(UTC))
    controller = Controller(
        api=api,
        reconciler=reconciler,
        profiles=profiles,
        namespaces=settings.namespaces,
        workers=settings.workers,
        resync_seconds=settings.resync_seconds,
    )
    watched = settings.namespaces
    if watched and settings.profiles_namespace not in watched:
        watched = (*watched, settings.profiles_namespace)
    log.info(
        "controller starts",
        job_image=settings.bundle.image(None),
        namespaces=list(settings.namespaces) or "all",
    )
    kopf.run(
        registry=register(controller),
        standalone=True,
        clusterwide=not watched,
        namespaces=watched,
        liveness_endpoint=settings.liveness,
    )
