"""The Flink options of a job's cluster; those of the program itself are set by the job."""

from __future__ import annotations

from program_user_info_operator.api.spec import JobSpec
from program_user_info_operator.desired.flink_line import StateOptions, state_options
from program_user_info_operator.desired.pod_template import (
    CLAIM_DIRECTORY,
    METRICS_PORT,
    claim_name,
)

# What Flink needs on Java 17. The configuration that is mounted into the pods replaces the image's
# own, which would have set it.
_OPENED_PACKAGES = (
    "java.base/java.lang",
    "java.base/java.lang.invoke",
    "java.base/java.lang.reflect",
    "java.base/java.io",
    "java.base/java.net",
    "java.base/java.nio",
    "java.base/java.text",
    "java.base/java.time",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
    "java.base/java.util.concurrent.locks",
    "java.base/sun.net.util",
    "java.base/sun.nio.ch",
)

# The JVM hands events on and compiles for minutes what hardly speeds that up: without HotSpot's
# second compiler it takes 40 % less CPU in the first 300,000 events and as much later
# (docs/decisions/0019-what-an-event-costs.md). Flink puts `env.java.opts.taskmanager` behind these
# (`config.sh`, `kubernetes-taskmanager.sh`, Flink 1.20 and 2.2), so a job may choose 4 there.
_FIRST_COMPILER_ONLY = "-XX:TieredStopAtLevel=1"
_ALLOWED_URLS = "org.apache.kafka.sasl.oauthbearer.allowed.urls"


def flink_configuration(spec: JobSpec, line: str) -> dict[str, str]:
    """Option names to values as this line of Flink reads them, the user's own on top."""
    java_options = [f"--add-opens={package}=ALL-UNNAMED" for package in _OPENED_PACKAGES]
    java_options.append(_FIRST_COMPILER_ONLY)
    if spec.kafka.security.token_endpoint is not None:
        # Kafka's client 4 asks no endpoint that is not listed here; client 3 ignores the list.
        java_options.append(f"-D{_ALLOWED_URLS}={spec.kafka.security.token_endpoint}")
    options = {
        "env.java.opts.all": " ".join(java_options),
        "kubernetes.operator.job.restart.failed": "true",
        "kubernetes.operator.pod-template.merge-arrays-by-name": "true",
        "metrics.reporter.prometheus.factory.class": (
            "org.apache.flink.metrics.prometheus.PrometheusReporterFactory"
        ),
        "metrics.reporter.prometheus.port": str(METRICS_PORT),
        "taskmanager.numberOfTaskSlots": "1",
    }
    return (
        options
        | _storage(spec, state_options(line))
        | _autoscaling(spec)
        | spec.flink.configuration
    )


def _storage(spec: JobSpec, names: StateOptions) -> dict[str, str]:
    if spec.checkpoints.storage is None:
        return {}
    root = spec.checkpoints.storage.rstrip("/")
    if claim_name(spec) is not None:
        root = f"file://{CLAIM_DIRECTORY}"
    options = {
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        names.checkpoints: f"{root}/checkpoints",
        names.savepoints: f"{root}/savepoints",
    }
    if spec.deletion.savepoint:
        options["kubernetes.operator.job.savepoint-on-deletion"] = "true"
    if spec.upgrade.mode == "last-state":
        options |= {
            "high-availability.type": "kubernetes",
            "high-availability.storageDir": f"{root}/high-availability",
        }
    return options


def _autoscaling(spec: JobSpec) -> dict[str, str]:
    autoscaling = spec.autoscaling
    if not autoscaling.enabled:
        return {}
    return {
        # Rescales in place: TaskManagers come and go, the JobManager and the job stay.
        "jobmanager.scheduler": "adaptive",
        "job.autoscaler.enabled": "true",
        "job.autoscaler.target.utilization": str(autoscaling.target_utilization),
        "job.autoscaler.vertex.max-parallelism": str(autoscaling.max_parallelism),
        "job.autoscaler.vertex.min-parallelism": str(autoscaling.min_parallelism),
        "pipeline.max-parallelism": str(autoscaling.max_parallelism),
    }
