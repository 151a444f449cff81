"""Wrong specs that only the controller can tell: Stalled, with the field and the fix."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cluster import Namespace, job, profiles, settled, stalled

pytestmark = pytest.mark.cluster


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        (
            {"kafka": None},
            (
                "kafka.bootstrapServers: missing in the job's spec and in the profile of"
                " environment dev; set it in one of them"
            ),
        ),
        (
            {"upgrade": {"mode": "savepoint"}},
            (
                "checkpoints.storage: needed with upgrade.mode savepoint; set it, or remove"
                " upgrade.mode savepoint"
            ),
        ),
        (
            {"image": "a", "version": "b"},
            "version: cannot be set beside image; remove one of them",
        ),
        (
            {"flink": {"version": "v1_99"}},
            "flink.version: there is no bundled job for v1_99, only for v2_2 and v1_20",
        ),
        (
            {"image": "a", "flink": {"version": "v1_99"}},
            "flink.version: the installed Flink operator does not support v1_99",
        ),
        (
            {"flink": {"podTemplate": {"spec": {"tolerations": 5}}}},
            "the API server refuses the FlinkDeployment",
        ),
    ],
)
def test_what_only_the_whole_shows_stalls_the_job(
    namespace: Namespace, spec: dict[str, Any], sentence: str
) -> None:
    namespace.apply(job(**spec))
    found = stalled(namespace, "job")
    assert sentence in found["message"]
    events = namespace.run("get", "events", "--field-selector", f"reason={found['reason']}")
    assert "job" in events


def test_an_invalid_profile_stalls_its_jobs_and_leaves_their_deployments(
    namespace: Namespace,
) -> None:
    with profiles(broken={"parallelism": 2}) as change:
        namespace.apply(job(environment="broken"))
        settled(namespace, "job")
        before = namespace.flink_deployment("job")
        assert before is not None
        change(broken={"parallelism": "two"})
        found = stalled(namespace, "job")
        assert found["reason"] == "ProfileInvalid"
        assert "parallelism: " in found["message"]
        assert "set by the profile of environment broken" in found["message"]
        after = namespace.flink_deployment("job")
        assert after is not None
        assert after["metadata"]["resourceVersion"] == before["metadata"]["resourceVersion"]
