# The two images: --target manager (the operator) and --target runtime (the socket server).
# Base images are arguments, so that a site without a public registry can name its own:
#
#   docker build --target runtime --build-arg VERSION=v1.0.0 -t anteroom-server .
ARG BUILD_IMAGE=golang:1.26-bookworm
ARG BASE_IMAGE=gcr.io/distroless/static-debian12:nonroot

# The compiler runs on the builder's own platform, whatever it compiles for.
FROM --platform=${BUILDPLATFORM} ${BUILD_IMAGE} AS build
ARG VERSION=devel
ARG COMMIT=unknown
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY api api
COPY config config
COPY controllers controllers
COPY runtime runtime
ENV CGO_ENABLED=0 GOOS=${TARGETOS} GOARCH=${TARGETARCH}
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT}" -o /out/manager ./controllers/cmd/manager
RUN go build -trimpath -ldflags "-s -w -X main.version=${VERSION} -X main.commit=${COMMIT}" -o /out/server ./runtime/cmd/server

# Both images have a user without a name or rights, and a root file system without writers.
FROM ${BASE_IMAGE} AS base
USER 65532:65532
WORKDIR /
ARG VERSION=devel
ARG COMMIT=unknown
LABEL org.opencontainers.image.source="https://github.com/anteroom/anteroom" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${COMMIT}"

FROM base AS manager
LABEL org.opencontainers.image.title="Anteroom operator"
COPY --from=build /out/manager /manager
EXPOSE 8443 8081
ENTRYPOINT ["/manager"]
CMD ["run"]

FROM base AS runtime
LABEL org.opencontainers.image.title="Anteroom socket server"
COPY --from=build /out/server /server
EXPOSE 8080 9090 8081 8082
ENTRYPOINT ["/server"]
