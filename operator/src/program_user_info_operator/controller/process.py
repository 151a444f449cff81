"""The process of `run`: everything wired together, and its kopf."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import kopf
import structlog

from program_user_info_operator.cluster.api_server import ApiServer
from program_user_info_operator.cluster.lease import LeaseLock, LeasePlace, Timing
from program_user_info_operator.cluster.store import Store
from program_user_info_operator.cluster.watch_reader import WatchReader
from program_user_info_operator.controller.dispatcher import WATCHED, Dispatcher
from program_user_info_operator.controller.handlers import register
from program_user_info_operator.controller.metrics_server import serve
from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.logs import configure_logging
from program_user_info_operator.metrics import LEADING, QUEUE_DEPTH, note_event
from program_user_info_operator.reconcile.installation import Installation, ProfilesRef
from program_user_info_operator.reconcile.job_metrics import JobMetrics
from program_user_info_operator.reconcile.jobs_index import JobsIndex
from program_user_info_operator.reconcile.options import Options
from program_user_info_operator.reconcile.reader import Reader
from program_user_info_operator.reconcile.reconciler import Reconciler
from program_user_info_operator.revisions.release import release_id
from program_user_info_operator.rollout.standings import Target, Waves

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Settings:
    """The command's options."""

    bundle: BundledJobs
    profiles: tuple[str, str]
    lease: str
    identity: str
    lease_seconds: int
    namespaces: tuple[str, ...]
    selector: str
    workers: int
    resync_seconds: float
    watch_silence_seconds: float
    api_timeout_seconds: float
    secret_check_seconds: float
    waves: Waves
    soak_seconds: float
    liveness: str
    metrics_port: int


def run_controller(settings: Settings) -> None:
    """Watch and reconcile until a signal ends the process. Raises `ApiError` without a cluster."""
    configure_logging()
    dispatcher = build_dispatcher(settings)
    if settings.metrics_port:
        serve(settings.metrics_port, dispatcher.is_filled.is_set)
    log.info(
        "controller starts",
        job_images=dict(settings.bundle.images),
        namespaces=list(settings.namespaces) or "all",
        selector=settings.selector or "all",
    )
    watched = dispatcher.watched_namespaces
    kopf.run(
        registry=register(dispatcher),
        standalone=True,
        clusterwide=not watched,
        namespaces=watched,
        liveness_endpoint=settings.liveness,
    )


def build_dispatcher(settings: Settings) -> Dispatcher:
    """Everything wired together, with its metrics."""
    profiles = ProfilesRef(*settings.profiles)
    installation = Installation(profiles.namespace, settings.lease, profiles)
    timing = Timing.lasting(settings.lease_seconds)
    place = LeasePlace(installation.namespace, installation.name)
    lock = LeaseLock(ApiServer(2, timing.retry), place, settings.identity, timing)
    store, bundle = Store(), settings.bundle
    api = ApiServer(
        settings.workers + 2, settings.api_timeout_seconds, store.put, lambda: lock.is_held
    )
    index = JobsIndex(settings.waves, Target(release_id(bundle), bundle.release), str(installation))
    options = Options(
        bundle=bundle,
        installation=installation,
        soak=timedelta(seconds=settings.soak_seconds),
    )
    reader = Reader(api, installation, store)
    dispatcher = Dispatcher(
        api=api,
        store=store,
        watches=WatchReader(WATCHED, store, note_event),
        reconciler=Reconciler(api, reader, index, options, lambda: datetime.now(UTC)),
        index=index,
        secrets=reader.secrets,
        lock=lock,
        timing=timing,
        profiles=profiles,
        namespaces=settings.namespaces,
        selector=settings.selector,
        workers=settings.workers,
        resync_seconds=settings.resync_seconds,
        secret_check_seconds=settings.secret_check_seconds,
        silence_seconds=settings.watch_silence_seconds,
        timeout_seconds=settings.api_timeout_seconds,
    )
    QUEUE_DEPTH.set_function(lambda: len(dispatcher.queue))
    LEADING.set_function(lambda: float(lock.is_held))
    JobMetrics(index, lambda: lock.is_held).register()
    return dispatcher
