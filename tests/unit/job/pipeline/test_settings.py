"""The options of Flink that belong to the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from program_user_info_job.config.model import Config
from program_user_info_job.pipeline.settings import flink_settings
from tests.configuration import DOCUMENT


def settings(**sections: Any) -> dict[str, str]:
    return flink_settings(msgspec.convert(DOCUMENT | sections, Config), "/python", None)


@pytest.mark.parametrize(
    ("sections", "changed"),
    [
        ({"environment": "prod"}, {"pipeline.name": "program-user-info-prod"}),
        ({"flink": {"arrowBatch": 7}}, {"python.fn-execution.arrow.batch.size": "7"}),
        ({"flink": {"bundleRecords": 7}}, {"python.fn-execution.bundle.size": "7"}),
        ({"flink": {"bundleTime": 7}}, {"python.fn-execution.bundle.time": "7"}),
        ({"flink": {"checkpointInterval": 7}}, {"execution.checkpointing.interval": "7 ms"}),
        # A checkpoint waits longer than the write stage does.
        ({"writes": {"giveUpAfter": 7}}, {"execution.checkpointing.timeout": "307 s"}),
        ({"flink": {"parallelism": 7}}, {"parallelism.default": "7"}),
        # Flink knows no bytes, and the source's options are those of its table.
        ({"flink": {"arrowBatchBytes": 7}}, {}),
        ({"flink": {"partitionDiscovery": 7}}, {}),
    ],
)
def test_which_field_sets_which_option(sections: dict[str, Any], changed: dict[str, str]) -> None:
    assert settings(**sections).items() - settings().items() == changed.items()


def test_the_workers_and_the_client_run_the_interpreter_of_the_program() -> None:
    found = settings()
    assert found["python.executable"] == found["python.client.executable"] == "/python"


def test_without_a_number_the_parallelism_is_the_clusters() -> None:
    assert "parallelism.default" not in settings()


def test_connectors_come_from_a_folder_where_one_is_named(tmp_path: Path) -> None:
    for name in ("b.jar", "a.jar", "notes.txt"):
        (tmp_path / name).touch()
    config = msgspec.convert(DOCUMENT, Config)
    found = flink_settings(config, "/python", tmp_path)
    assert found["pipeline.jars"] == ";".join(
        (tmp_path / name).as_uri() for name in ("a.jar", "b.jar")
    )
    assert "pipeline.jars" not in settings()
