# syntax=docker/dockerfile:1
# Storefind as a container: built from source, then the one program on a slim Debian.
#
# This file was parsed by a test (tests/it/deploy.rs) and its layout run as plain processes; no container engine was at
# hand to build it.

FROM rust:1.95-slim-trixie AS build
# Compressors, SQLite and the allocator are C.
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
# The caches stay on the building machine: a second build compiles what has changed.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/source/target \
    cargo build --release --locked --package storefind && cp target/release/storefind /storefind

FROM debian:trixie-slim
# For the health check, and for commands that speak to servers by https. The program itself needs the C library only.
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates curl && rm -rf /var/lib/apt/lists/*
RUN useradd --system --uid 7700 --home-dir /data storefind && install -d -o storefind -g storefind /data /etc/storefind
COPY --from=build /storefind /usr/local/bin/storefind
USER storefind
WORKDIR /data
VOLUME /data
EXPOSE 7700
ENV STOREFIND_DATA_DIR=/data
# With `tls.*` configured, ask by https. Ready means: indexes are open, caught up and warm. A start with much to replay takes longer than a restart.
HEALTHCHECK --interval=5s --timeout=2s --start-period=120s --retries=3 \
    CMD ["curl", "--fail", "--silent", "--output", "/dev/null", "http://127.0.0.1:7700/readyz"]
# Storefind drains on SIGTERM within 10 s.
STOPSIGNAL SIGTERM
ENTRYPOINT ["storefind"]
CMD ["serve", "--config", "/etc/storefind/storefind.toml"]
