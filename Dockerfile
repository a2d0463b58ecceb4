# syntax=docker/dockerfile:1

FROM rust:1-bookworm AS build
WORKDIR /build
# The dependencies alone first: this layer stays while only the sources change.
COPY Cargo.toml Cargo.lock ./
RUN mkdir src && touch src/lib.rs && echo 'fn main() {}' > src/main.rs \
 && cargo build --release --locked
COPY . .
ARG REVISION=
# Copied sources may be older than what was just built from the empty ones; cargo goes by their dates.
RUN touch src/lib.rs src/main.rs \
 && RMM_EXPORTER_REVISION="$REVISION" cargo build --release --locked

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
COPY --from=build /build/target/release/rmm-exporter /rmm-exporter
COPY LICENSE /LICENSE
# rmm-exporter.yml is found here when it is mounted; without one the environment configures.
WORKDIR /etc/rmm-exporter
USER 65532:65532
EXPOSE 10766
# Ready is "every account had its first inventory", which takes minutes where there are many clients.
HEALTHCHECK --interval=30s --timeout=5s --start-period=15m CMD ["/rmm-exporter", "healthcheck"]
ENTRYPOINT ["/rmm-exporter"]
