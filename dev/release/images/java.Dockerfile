# What the development servers share: Debian, a JRE, a user without rights.
ARG BASE
FROM ${BASE}
# The slim base has no folder for manual pages, which the JRE's installation wants.
RUN mkdir -p /usr/share/man/man1 && apt-get update \
 && apt-get install --yes --no-install-recommends openjdk-17-jre-headless \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* \
 && useradd --uid 1001 --no-create-home --home-dir /nonexistent server
USER 1001
