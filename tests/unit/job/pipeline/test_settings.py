"""The options of Flink that belong to the program."""

from __future__ import annotations

from pathlib import Path

from program_user_info_job.pipeline.settings import flink_settings
from tests.configuration import config


def test_flink_settings(tmp_path: Path) -> None:
    (tmp_path / "connector.jar").touch()
    settings = flink_settings(config(), "/python", tmp_path)
    assert settings["pipeline.jars"] == (tmp_path / "connector.jar").as_uri()
    assert settings["execution.checkpointing.interval"] == "10000 ms"
    assert "parallelism.default" not in settings
    assert "pipeline.jars" not in flink_settings(config(), "/python", None)
