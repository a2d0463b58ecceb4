# syntax=docker/dockerfile:1

FROM rust:1-bookworm AS build
WORKDIR /build
COPY . .
ARG REVISION=
ARG TARGETPLATFORM
# Compiled dependencies stay in a cache of the builder. cargo goes by dates, and the sources of another checkout may be older than what
# an earlier build left there: touch them.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,id=rmm-exporter-$TARGETPLATFORM,sharing=locked \
    find src -name '*.rs' -exec touch {} + \
 && RMM_EXPORTER_REVISION="$REVISION" cargo build --release --locked \
 && cp target/release/rmm-exporter /rmm-exporter \
 && mkdir -m 0700 /state

# glibc, certificates and nothing else: no shell, no package manager.
FROM gcr.io/distroless/cc-debian12:nonroot
ARG VERSION=
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title="rmm-exporter" \
      org.opencontainers.image.description="Prometheus exporter for N-able N-sight RMM and Tactical RMM" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION" \
      org.opencontainers.image.created="$CREATED"
COPY --from=build /rmm-exporter /rmm-exporter
COPY --from=build --chown=65532:65532 /state /var/lib/rmm-exporter
COPY LICENSE /LICENSE
# rmm-exporter.yml is found here when it is mounted; without one the environment configures.
WORKDIR /etc/rmm-exporter
USER 65532:65532
EXPOSE 10766
# What must outlive the container. A read-only root needs a volume here.
VOLUME ["/var/lib/rmm-exporter"]
# Ready is "every account had its first inventory", which takes minutes where there are many clients.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m CMD ["/rmm-exporter", "healthcheck"]
ENTRYPOINT ["/rmm-exporter", "--state.dir=/var/lib/rmm-exporter"]
