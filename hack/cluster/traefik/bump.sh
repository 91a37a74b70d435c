#!/usr/bin/env bash
# bump.sh VERSION - rewrite go.mod and go.sum for another release of Traefik.
#
# Traefik cannot be installed by name, because its go.mod has replacements. This module
# requires the same versions, with three changes that do not affect the routing of
# requests:
# - dynamic/ext, which Traefik's archive omits, is included;
# - lego, the ACME client, has no DNS providers (build.sh removes them), which saves a hundred SDKs;
# - go-http-auth, for basic authentication, is a version that module proxies have.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
version=${1:?usage: bump.sh VERSION}
theirs=$(cd / && go mod download -json "github.com/traefik/traefik/v3@$version" | sed -n 's/^\t"GoMod": "\(.*\)",$/\1/p')
sed -e 's#^module .*#module github.com/anteroom/anteroom/hack/cluster/traefik#' \
  -e 's#=> \./pkg/config/dynamic/ext#=> ./ext#' "$theirs" >go.mod
go mod edit -require="github.com/traefik/traefik/v3@$version" \
  -tool=github.com/traefik/traefik/v3/cmd/traefik \
  -replace=github.com/go-acme/lego/v5=./lego \
  -replace=github.com/abbot/go-http-auth=github.com/containous/go-http-auth@v0.4.1-0.20200324110947-a37a7636d23e
rm -f go.sum
./lego.sh .
GOWORK=off CGO_ENABLED=0 go list -mod=mod -deps github.com/traefik/traefik/v3/cmd/traefik >/dev/null
rm -rf lego
