#!/bin/sh
# One broker that is its own controller; the data outlives the container in /data.
set -eu
java_() { java -Dlog4j.configuration=file:/opt/kafka/log4j.properties "$@"; }
if [ ! -f /data/logs/meta.properties ]; then
  java_ -cp '/opt/kafka/lib/*' kafka.tools.StorageTool format \
    --cluster-id EjRWeBI0QjSCNBI0VniavA --config /opt/kafka/server.properties --ignore-formatted
fi
exec java -Dlog4j.configuration=file:/opt/kafka/log4j.properties -Xms384m -Xmx512m -XX:+UseG1GC \
  -cp '/opt/kafka/lib/*' kafka.Kafka /opt/kafka/server.properties
