"""Flink's own logging: each line says whose it is."""

from __future__ import annotations

from program_user_info_operator.desired.logging_configuration import log_configuration


def options(namespace: str, name: str) -> dict[str, str]:
    (text,) = log_configuration(namespace, name).values()
    lines = [line.partition(" = ") for line in text.splitlines()]
    return {key: value for key, _, value in lines}


def test_it_replaces_what_flink_reads_when_it_logs_to_the_console() -> None:
    assert list(log_configuration("ns", "job")) == ["log4j-console.properties"]


def test_each_line_names_the_namespace_and_the_job() -> None:
    pattern = options("sunbird", "user-info")["appender.console.layout.pattern"]
    assert pattern == "%d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5p [sunbird/user-info] %c{1.} - %m%n"
    assert "@" not in "".join(log_configuration("sunbird", "user-info").values())


def test_each_option_is_a_name_and_a_value_and_the_root_writes_to_an_appender_that_there_is() -> (
    None
):
    found = options("ns", "job")
    assert all(found.values())
    assert found["rootLogger.appenderRef.console.ref"] == found["appender.console.name"]
    assert found["rootLogger.level"] == "INFO"
