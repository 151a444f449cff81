"""Build the Table program and submit it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from pyflink.common import Configuration
from pyflink.table import DataTypes, EnvironmentSettings, TableEnvironment
from pyflink.table.udf import udf

from program_user_info_job.config.model import Config
from program_user_info_job.pipeline.settings import flink_settings
from program_user_info_job.pipeline.sql import (
    WRITE_STAGE,
    dead_letter_ddl,
    insert_dml,
    source_ddl,
)
from program_user_info_job.pipeline.write_stage import WriteEvents

# Without it a local run keeps the worker inside of the client process, where vectorized functions
# are not faster than plain ones and native memory leaks.
os.environ.setdefault("_python_worker_execution_mode", "process")


def submit(config: Config, jars: Path | None = None) -> None:
    """Submit the pipeline; on a local mini cluster, wait for its end, else return at once.

    `jars` is a folder of connector jars, for installations that do not hold them in Flink's lib.
    """
    configuration = Configuration()
    for key, value in flink_settings(config, sys.executable, jars).items():
        configuration.set_string(key, value)
    settings = EnvironmentSettings.new_instance().in_streaming_mode()
    environment = TableEnvironment.create(settings.with_configuration(configuration).build())
    environment.create_temporary_function(
        WRITE_STAGE,
        udf(
            WriteEvents(config),
            result_type=DataTypes.ROW(
                [
                    DataTypes.FIELD("reason", DataTypes.STRING()),
                    DataTypes.FIELD("detail", DataTypes.STRING()),
                ]
            ),
            func_type="pandas",
            deterministic=False,
        ),
    )
    environment.execute_sql(source_ddl(config.kafka, config.flink))
    environment.execute_sql(dead_letter_ddl(config.kafka))
    result = environment.execute_sql(insert_dml())
    if environment.get_config().get("execution.target", "local") == "local":
        result.wait()
