#!/usr/bin/env bash
# e2e.sh - run the suite of test/e2e/cluster: create a cluster, build both images in two
# versions, run the suite, end the cluster. KEEP=1 keeps the cluster running; LABELS
# selects specs.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cd "$root"
export E2E_REGISTRY=${IMAGE_REGISTRY:-localhost} E2E_VERSION=e2e E2E_NEXT=e2e-next

# finish: end the cluster after a success or a failure of the suite.
finish() {
  local status=$?
  if [ -n "${KEEP:-}" ]; then
    say "the cluster stays up; end it with hack/cluster/down"
  else
    hack/cluster/down || status=1
  fi
  exit $status
}

build_images() {
  local version flags=${IMAGE_FLAGS:-}
  if [ "$(provider)" = node ]; then
    export IMAGE_BUILDER=buildah
    flags=$(hack/cluster/images.sh bases)
  fi
  for version in "$E2E_VERSION" "$E2E_NEXT"; do
    say "building the images, version $version"
    make --no-print-directory images IMAGE_REGISTRY="$E2E_REGISTRY" VERSION="$version" IMAGE_FLAGS="$flags" >&2
    hack/cluster/load "$E2E_REGISTRY/anteroom-operator:$version" "$E2E_REGISTRY/anteroom-server:$version"
  done
}

hack/deps/node.sh
E2E_HELM=$(hack/deps/helm.sh)
export E2E_HELM
trap finish EXIT
environment=$(hack/cluster/up)
eval "$environment"
build_images
go test -v -tags e2e -count=1 -timeout 60m ./test/e2e/cluster -ginkgo.v -ginkgo.label-filter="${LABELS:-}" -ginkgo.timeout=55m
