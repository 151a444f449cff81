"""The Secrets of a job: missing, rotated, not to be read."""

from __future__ import annotations

import pytest

from program_user_info_operator.cluster.api_server import (
    ApiError,
)
from tests.unit.operator.controller import Controller
from tests.unit.operator.world import World

SECRET = {"secretName": "login"}


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (None, "cassandra.credentials: there is no Secret login; create it with keys username"),
        (("username",), "cassandra.credentials: Secret login lacks password; add it"),
    ],
)
def test_a_missing_secret_stalls_the_job_until_it_arrives(
    world: World, controller: Controller, keys: tuple[str, ...] | None, message: str
) -> None:
    if keys is not None:
        world.put_secret("login", *keys)
    world.put_job(cassandra={"contactPoints": ["c:9042"], "credentials": SECRET})
    controller.reconcile()
    assert world.state() == ("Stalled", "SecretMissing")
    assert message in world.message()
    assert controller.recheck is not None
    assert not world.deployments()
    world.put_secret("login", "username", "password")
    assert "apply FlinkDeployment" in controller.reconcile()


@pytest.mark.parametrize("restart", [True, False])
def test_a_rotated_secret_restarts_the_job_unless_it_opted_out(
    world: World, controller: Controller, restart: bool
) -> None:
    world.put_secret("login", "username", "password")
    world.put_job(
        cassandra={"contactPoints": ["c:9042"], "credentials": SECRET},
        upgrade={"restartOnSecretChange": restart},
    )
    controller.settle()
    assert "c2VjcmV0" not in str(world.deployment())
    world.put_secret("login", "username", "password", "other")
    assert controller.reconcile() == []
    world.put_secret("login", "username", "password", value="b3RoZXI=")
    writes = controller.reconcile()
    assert ("apply FlinkDeployment" in writes) is restart
    if restart:
        assert world.outcomes()[-1] == (2, "Secret", "Pending")


def test_a_secret_that_may_not_be_read_is_named(world: World, controller: Controller) -> None:
    world.put_job(cassandra={"contactPoints": ["c:9042"], "credentials": SECRET})
    world.refuse["GET Secret"] = ApiError(403, "forbidden")
    controller.reconcile()
    assert world.state() == ("Stalled", "SecretForbidden")
