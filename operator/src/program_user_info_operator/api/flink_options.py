"""Flink options that the controller or the job sets: a user's own value would break the job."""

OWNED_OPTIONS = (
    "env.java.opts.all",
    "execution.checkpointing.interval",
    "execution.checkpointing.timeout",
    "high-availability.storageDir",
    "high-availability.type",
    "kubernetes.cluster-id",
    "kubernetes.container.image",
    "kubernetes.namespace",
    "kubernetes.operator.pod-template.merge-arrays-by-name",
    "parallelism.default",
    "pipeline.name",
    "python.client.executable",
    "python.executable",
    "python.fn-execution.arrow.batch.size",
    "python.fn-execution.bundle.size",
    "python.fn-execution.bundle.time",
    "state.checkpoints.dir",
    "state.savepoints.dir",
    "table.local-time-zone",
    "taskmanager.numberOfTaskSlots",
)
