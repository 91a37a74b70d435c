#!/usr/bin/env bash
# Prints the path of helm. It is built from its module into the user's cache, once per
# version. Needs Go and the module proxy.
set -euo pipefail
version=v3.22.0
# The Kubernetes version for charts that are rendered without a cluster.
kubernetes=1.37
dir=${XDG_CACHE_HOME:-$HOME/.cache}/anteroom/helm/$version
if [ ! -x "$dir/helm" ]; then
  mkdir -p "$dir"
  exec 9>"$dir/lock"
  command -v flock >/dev/null && flock 9
  if [ ! -x "$dir/helm" ]; then
    echo "building helm $version (about a minute, once)" >&2
    new=$(mktemp -d "$dir/new.XXXXXX")
    trap 'rm -rf "$new"' EXIT
    CGO_ENABLED=0 GOFLAGS='' GOBIN=$new go install -trimpath -ldflags "-s -w \
      -X helm.sh/helm/v3/internal/version.version=$version \
      -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMajor=${kubernetes%.*} -X helm.sh/helm/v3/pkg/lint/rules.k8sVersionMinor=${kubernetes#*.} \
      -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMajor=${kubernetes%.*} -X helm.sh/helm/v3/pkg/chartutil.k8sVersionMinor=${kubernetes#*.}" \
      helm.sh/helm/v3/cmd/helm@$version >&2
    mv "$new/helm" "$dir/helm"
  fi
fi
echo "$dir/helm"
