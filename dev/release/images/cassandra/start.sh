#!/bin/sh
# One node; the data outlives the container in /data. POD_IP is the address that clients learn.
# The benchmarks run it without a container: with a home, a data folder and a heap of their own.
set -eu
home=${CASSANDRA_HOME:-/opt/cassandra} data=${CASSANDRA_DATA:-/data} heap=${CASSANDRA_HEAP:-1g}
mkdir -p "$data/conf"
sed "s/@POD_IP@/${POD_IP}/" "$home/cassandra.yaml" > "$data/conf/cassandra.yaml"

# The packages that Cassandra 5 opens on Java 17.
opens=
for package in \
  java.base/java.io java.base/java.lang java.base/java.lang.module java.base/java.lang.ref \
  java.base/java.lang.reflect java.base/java.net java.base/java.nio java.base/java.util \
  java.base/java.util.concurrent java.base/java.util.concurrent.atomic \
  java.base/jdk.internal.loader java.base/jdk.internal.math java.base/jdk.internal.misc \
  java.base/jdk.internal.module java.base/jdk.internal.ref java.base/jdk.internal.reflect \
  java.base/jdk.internal.util.jar java.base/sun.nio.ch java.management.rmi/java.lang \
  java.rmi/sun.rmi.registry java.rmi/sun.rmi.server java.rmi/sun.rmi.transport \
  java.rmi/sun.rmi.transport.tcp java.sql/java.sql jdk.management/com.sun.management.internal
do
  opens="$opens --add-opens=$package=ALL-UNNAMED --add-exports=$package=ALL-UNNAMED"
done
opens="$opens --add-exports=jdk.attach/sun.tools.attach=ALL-UNNAMED"
opens="$opens --add-exports=jdk.compiler/com.sun.tools.javac.file=ALL-UNNAMED"

# shellcheck disable=SC2086 # the options are words
exec java -javaagent:"$(ls "$home"/lib/jamm-*.jar)" \
  -Xms"$heap" -Xmx"$heap" -Xss256k -XX:+UseG1GC -Djdk.attach.allowAttachSelf=true \
  -Dio.netty.tryReflectionSetAccessible=true -Dcassandra.jmx.local.port="${JMX_PORT:-7199}" \
  -Dcassandra.config="file://$data/conf/cassandra.yaml" -Dcassandra.storagedir="$data" \
  -Dlogback.configurationFile="file://$home/logback.xml" \
  -Dcassandra.skip_wait_for_gossip_to_settle=0 -Dcassandra.ring_delay_ms=100 \
  -Dcassandra-foreground=yes $opens \
  -cp "$home/lib/*" org.apache.cassandra.service.CassandraDaemon
