#!/usr/bin/env bash
# build.sh coredns|traefik - print the path of a program. It is built from its module into
# the user's cache, once per version. Needs Go and the module proxy; progress goes to
# stderr.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
program=${1:?usage: build.sh coredns|traefik}

say() { printf 'cluster: %s\n' "$*" >&2; }

# compile TARGET: build the program from a copy of its module, because traefik needs an
# adjacent library that is derived from another module.
compile() {
  local src=$dir/src package=.
  rm -rf "$src" && cp -r "$here/$program" "$src"
  if [ "$program" = traefik ]; then
    "$here/traefik/lego.sh" "$src"
    package=github.com/traefik/traefik/v3/cmd/traefik
  fi
  (cd "$src" && GOWORK=off GOFLAGS=-mod=readonly CGO_ENABLED=0 \
    go build -buildvcs=false -trimpath -ldflags "-s -w -X github.com/traefik/traefik/v3/pkg/version.Version=${version#v}" -o "$1" "$package") >&2
  rm -rf "$src"
}

case $program in
  coredns) module=github.com/coredns/coredns minutes=1 ;;
  traefik) module=github.com/traefik/traefik/v3 minutes=5 ;;
  *) say "no program $program"; exit 1 ;;
esac
version=$(sed -n "s#.*$module \(v[0-9.]*\).*#\1#p" "$here/$program/go.mod" | head -n 1)
dir=${XDG_CACHE_HOME:-$HOME/.cache}/anteroom/cluster/$program/$version
mkdir -p "$dir"
exec 9>"$dir/lock"
flock 9
if [ ! -x "$dir/$program" ]; then
  say "building $program $version (about $minutes min with a cold cache, once)"
  started=$SECONDS
  compile "$dir/new"
  mv "$dir/new" "$dir/$program"
  say "built $program in $((SECONDS - started)) s"
fi
echo "$dir/$program"
