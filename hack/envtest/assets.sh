#!/usr/bin/env bash
# assets.sh - print a directory with kube-apiserver, etcd and kubectl for envtest, and
# with the further Kubernetes commands given as arguments.
#
#   export KUBEBUILDER_ASSETS="$(hack/envtest/assets.sh)"
#   hack/envtest/assets.sh kubelet kube-proxy
#
# Looked up in this order: $KUBEBUILDER_ASSETS, if complete; the cache
# (${XDG_CACHE_HOME:-~/.cache}/anteroom/envtest/<version>); a build from Go modules into
# that cache, once, in about five minutes on two cores. The build uses only the Go module
# proxy. Only the directory goes to stdout; progress and errors go to stderr.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
commands=(etcd kubectl kube-apiserver "$@")

say() { printf 'envtest: %s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

# missing DIR: print the commands that DIR lacks, separated by spaces.
missing() {
  local c lacks=()
  for c in "${commands[@]}"; do
    [ -x "$1/$c" ] || lacks+=("$c")
  done
  echo "${lacks[*]-}"
}

# stamps: print the linker flags for `--version` and the version-skew code.
stamps() {
  local release=${version#v} package
  local major=${release%%.*} minor=${release#*.}
  minor=${minor%%.*}
  printf '%s' '-s -w'
  for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
    printf ' -X %s.%s' "$package" "gitVersion=$version" "$package" "gitMajor=$major" \
      "$package" "gitMinor=$minor" "$package" "gitTreeState=clean"
  done
}

# main_package COMMAND: print the main package of COMMAND.
main_package() {
  case $1 in
    etcd) echo go.etcd.io/etcd/server/v3 ;;
    *) echo "k8s.io/kubernetes/cmd/$1" ;;
  esac
}

# build COMMAND: compile to a temporary name and move the result, so that an existing file
# is complete.
build() {
  local started=$SECONDS partial="$cache/.$1.$$"
  say "building $1 $version (kube-apiserver takes minutes when Go's build cache is cold)"
  (cd "$here" && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 \
    go build -trimpath -ldflags "$(stamps)" -o "$partial" "$(main_package "$1")") >&2 ||
    { rm -f "$partial"; fail "$1 did not build; see the go output above (is the Go module proxy reachable? go env GOPROXY)"; }
  mv "$partial" "$cache/$1"
  say "built $1 in $((SECONDS - started)) s"
}

if [ -n "${KUBEBUILDER_ASSETS:-}" ]; then
  lacks=$(missing "$KUBEBUILDER_ASSETS")
  if [ -z "$lacks" ]; then
    echo "$KUBEBUILDER_ASSETS"
    exit 0
  fi
  say "KUBEBUILDER_ASSETS=$KUBEBUILDER_ASSETS lacks $lacks: using our own build instead"
fi

version=$(sed -n 's#^[[:space:]]*k8s\.io/kubernetes \(v[0-9.]*\).*#\1#p' "$here/go.mod" | head -n 1)
[ -n "$version" ] || fail "$here/go.mod names no version of k8s.io/kubernetes"
[ -n "${XDG_CACHE_HOME:-}${HOME:-}" ] || fail "neither XDG_CACHE_HOME nor HOME is set: no folder for the cache"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/anteroom/envtest/$version
mkdir -p "$cache" || fail "cannot create $cache"

if [ -n "$(missing "$cache")" ]; then
  command -v go >/dev/null || fail "the go command is needed to build the envtest binaries"
  # Two callers do not build twice: the second waits here and then finds the binaries.
  # Without flock both build, which costs time but stays correct.
  if command -v flock >/dev/null; then
    exec 9>"$cache/.lock"
    flock -n 9 || { say "another build is running; waiting for it"; flock 9; }
  fi
  for command in $(missing "$cache"); do
    build "$command"
  done
fi

printed=$("$cache/kube-apiserver" --version) || fail "$cache/kube-apiserver does not run; remove $cache and try again"
[ "$printed" = "Kubernetes $version" ] || fail "$cache/kube-apiserver prints '$printed', not $version; remove $cache and try again"
echo "$cache"
