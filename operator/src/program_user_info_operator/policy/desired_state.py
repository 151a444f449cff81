"""The objects that a decision asks for, as they are to be applied now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.objects import Desired, ObjectMaker
from program_user_info_operator.desired.resource_fields import fitted_to_crd
from program_user_info_operator.observed.flink_deployment import ObservedJob
from program_user_info_operator.policy.decision import Decision
from program_user_info_operator.policy.deployments import Placement, overlapping_name
from program_user_info_operator.revisions.record import record
from program_user_info_operator.revisions.revision import Revision, as_it_is_now, storage


@dataclass(frozen=True)
class Site:
    """Where the objects go: whose they are, what is there, what the Flink operator's CRD has."""

    maker: ObjectMaker
    spec: JobSpec
    live: Mapping[str, ObservedJob]
    has_resource: bool = True


def desired_state(decision: Decision, site: Site) -> list[Desired]:
    """For each FlinkDeployment that should be, what it needs and itself; the newest one last."""
    return [_desired(placement, decision, site) for placement in decision.deployments.wanted]


def _desired(placement: Placement, decision: Decision, site: Site) -> Desired:
    maker, owner = site.maker, site.maker.owner
    revision = decision.records[placement.revision]
    observed = site.live.get(placement.name)
    spec = as_it_is_now(
        revision,
        site.spec,
        mode=_upgrade_mode(revision, site.spec, observed),
        restart_nonce=_restart_nonce(placement, decision, site),
    )
    is_beside = placement == decision.deployments.serving and observed is not None
    redeploy_nonce = str(site.spec.savepoint.redeploy_nonce)
    return Desired(
        flink_deployment=maker.flink_deployment(
            placement.name,
            fitted_to_crd(spec, has_resource=site.has_resource),
            revision=revision.hash,
            redeploy_nonce=observed.redeploy_nonce if is_beside and observed else redeploy_nonce,
        ),
        config_map=maker.config_map(revision.config_name, revision.config),
        record=maker.record(record(revision, owner.name, owner.namespace), revision.hash),
    )


def _upgrade_mode(revision: Revision, spec: JobSpec, observed: ObservedJob | None) -> str:
    """Without state, if what runs now could not leave its state where it is needed.

    The Flink operator takes a savepoint before an upgrade with the *new* spec's mode and directory
    from the *old* pods, which know neither the volume nor the bucket: it would fail for ever.
    Nothing is lost, because Kafka's committed offsets are state enough.
    """
    if observed is None or observed.reconciled is None:
        return spec.upgrade.mode
    is_reachable = storage(observed.reconciled) == storage(revision.deployment)
    return spec.upgrade.mode if is_reachable else "stateless"


def _restart_nonce(placement: Placement, decision: Decision, site: Site) -> int:
    """Of a FlinkDeployment that is the revision's own, the revision's; else never an older one.

    Another nonce makes the Flink operator restart a job.
    """
    own: int = decision.records[placement.revision].deployment["restartNonce"]
    observed = site.live.get(placement.name)
    if observed is None and placement.name != site.maker.owner.name:
        return own
    if observed is not None and observed.revision == placement.revision:
        is_own = placement.name == overlapping_name(site.maker.owner.name, placement.revision)
        return own if is_own else observed.restart_nonce
    newest = decision.history.newest
    record_of_newest = decision.records.get(newest.hash) if newest else None
    known: int = record_of_newest.deployment["restartNonce"] if record_of_newest else own
    return max(known, own, observed.restart_nonce if observed else 0)
