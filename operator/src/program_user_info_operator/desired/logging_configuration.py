"""Flink's own logging. The Flink operator ships no default of its own to every release."""

_LOG4J_CONSOLE = """\
rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{yyyy-MM-dd'T'HH:mm:ss.SSSX} %-5p [@space@/@job@] %c{1.} - %m%n
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.pekko.name = org.apache.pekko
logger.pekko.level = WARN
"""


def log_configuration(namespace: str, name: str) -> dict[str, str]:
    """`spec.logConfiguration` of a FlinkDeployment; each line says whose it is."""
    text = _LOG4J_CONSOLE.replace("@space@", namespace).replace("@job@", name)
    return {"log4j-console.properties": text}
