#!/bin/sh
# Flink's Kubernetes integration starts every container as `/docker-entrypoint.sh COMMAND…`.
exec "$@"
