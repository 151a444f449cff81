#!/bin/sh
# One broker that is its own controller; the data outlives the container in /data.
# The benchmarks run it without a container: with a home and a data folder of their own.
set -eu
home=${KAFKA_HOME:-/opt/kafka} data=${KAFKA_DATA:-/data}
log4j="-Dlog4j.configuration=file:$home/log4j.properties"
if [ ! -f "$data/logs/meta.properties" ]; then
  java "$log4j" -cp "$home/lib/*" kafka.tools.StorageTool format \
    --cluster-id EjRWeBI0QjSCNBI0VniavA --config "$home/server.properties" --ignore-formatted
fi
exec java "$log4j" -Xms384m -Xmx512m -XX:+UseG1GC \
  -cp "$home/lib/*" kafka.Kafka "$home/server.properties"
