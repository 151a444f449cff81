#!/bin/sh
# fetch.sh GENERATION FOLDER: the connector jars of flink-1 or flink-2, verified, into FOLDER.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$2"
mvn --batch-mode --quiet --file "$here/$1/pom.xml" dependency:copy-dependencies \
  -DexcludeTransitive=true -DoutputDirectory="$(cd "$2" && pwd)"
cd "$2"
sha256sum --check --strict --quiet "$here/$1/SHA256SUMS"
