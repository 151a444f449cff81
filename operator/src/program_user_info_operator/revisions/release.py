"""Identifies a release by what it would render for a job."""

from __future__ import annotations

from itertools import product
from typing import Any

from program_user_info_operator.desired.bundled_jobs import BundledJobs
from program_user_info_operator.desired.owner import Owner
from program_user_info_operator.desired.runtime import Runtime
from program_user_info_operator.environments.resolve import Resolved, defaults, resolve
from program_user_info_operator.hashing import short_hash
from program_user_info_operator.revisions.renderer import Renderer
from program_user_info_operator.revisions.revision import Inputs

# Every section is used, so that a change of how one is rendered shows.
_JOB = {
    "environment": "any",
    "kafka": {
        "bootstrapServers": ["kafka:9093"],
        "security": {
            "protocol": "SASL_SSL",
            "saslMechanism": "PLAIN",
            "credentials": {"secretName": "kafka"},
            "tls": {"secretName": "kafka"},
        },
    },
    "cassandra": {
        "contactPoints": ["cassandra:9042"],
        "credentials": {"secretName": "cassandra"},
        "tls": {"secretName": "cassandra"},
    },
    "upgrade": {"mode": "last-state"},
    "checkpoints": {"storage": "claim:state"},
    "autoscaling": {"enabled": True},
    "deletion": {"savepoint": True},
}
_CASSANDRA = {"secureConnectBundle": {"secretName": "bundle"}}
_MOUNTS = [{"name": "extra", "mountPath": path} for path in ("/a", "/b")]
_CONTAINER = {"name": "flink-main-container", "volumeMounts": _MOUNTS}
_PODS = {
    "resources": {"jobManager": {"cpu": 0.5}, "taskManager": {"cpu": 0.5}},
    "flink": {"podTemplate": {"spec": {"containers": [_CONTAINER]}}},
}
_JOBS: tuple[dict[str, Any], ...] = (_JOB, _JOB | {"cassandra": _CASSANDRA} | _PODS)


def release_id(bundle: BundledJobs) -> str:
    """Changes if and only if a release brings other images, or renders jobs otherwise."""
    renderer = Renderer(Owner("job", "namespace", None), bundle.service_account)
    inputs = Inputs({}, None, {}, "digest", "")
    rendered = []
    for job, line in product(_JOBS, bundle.lines):
        resolved = resolve(job, None)
        assert isinstance(resolved, Resolved)
        runtime = Runtime(bundle.images[line], line, line, is_bundled=True, is_line_chosen=True)
        revision = renderer.revision(resolved.spec, runtime, inputs)
        rendered.append([revision.deployment, revision.config])
    return short_hash({"rendered": rendered, "defaults": defaults()})
