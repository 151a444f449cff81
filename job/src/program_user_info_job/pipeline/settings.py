"""The Flink options that belong to the program, not to the cluster it runs on."""

from __future__ import annotations

from pathlib import Path

from program_user_info_job.config.model import Config


def flink_settings(config: Config, python: str, jars: Path | None) -> dict[str, str]:
    """Option names to values; `python` is the interpreter of the workers."""
    flink = config.flink
    settings = {
        "pipeline.name": f"program-user-info-{config.environment}",
        "table.local-time-zone": "UTC",
        "python.executable": python,
        "python.client.executable": python,
        "python.fn-execution.arrow.batch.size": str(flink.arrow_batch),
        "python.fn-execution.bundle.size": str(flink.bundle_records),
        "python.fn-execution.bundle.time": str(flink.bundle_time),
        # No operator of this program keeps or changes a row that it was handed.
        "pipeline.object-reuse": "true",
        "execution.checkpointing.interval": f"{flink.checkpoint_interval} ms",
        # A checkpoint waits out an outage of Cassandra rather than failing the job.
        "execution.checkpointing.timeout": f"{config.writes.give_up_after + 300} s",
        # Flink's own default with checkpoints retries at once and for ever.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.initial-backoff": "1 s",
        "restart-strategy.exponential-delay.max-backoff": "60 s",
        "restart-strategy.exponential-delay.backoff-multiplier": "2.0",
        "restart-strategy.exponential-delay.jitter-factor": "0.1",
    }
    if flink.parallelism is not None:
        settings["parallelism.default"] = str(flink.parallelism)
    if jars is not None:
        urls = (jar.resolve().as_uri() for jar in sorted(jars.glob("*.jar")))
        settings["pipeline.jars"] = ";".join(urls)
    return settings
