#!/usr/bin/env bash
# images.sh - build images with buildah for machines without a registry, from Debian's
# packages and the programs of build.sh.
#
#  images.sh cluster   print archives of the cluster's images: pause, CoreDNS, Traefik, Redis
#  images.sh bases     build replacements for the Dockerfile's base images; print the flags
#                      for IMAGE_FLAGS of `make images`
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
cache=${XDG_CACHE_HOME:-$HOME/.cache}/anteroom/cluster/images

# image REF ROOTFS CONFIG...: build an image of one layer, with buildah's flags for its
# config.
image() {
  local ref=$1 rootfs=$2 container
  shift 2
  container=$(buildah from scratch)
  buildah copy -q "$container" "$rootfs" / >/dev/null
  buildah config "$@" "$container"
  buildah commit -q --rm "$container" "$ref" >/dev/null
}

# archive NAME VERSION REF: print the archive of an image; build it first with the
# function image_NAME ROOTFS REF, unless this version exists.
archive() {
  local file=$cache/$1-$2.tar rootfs
  if [ ! -e "$file" ]; then
    mkdir -p "$cache"
    rootfs=$(mktemp -d)
    chmod 755 "$rootfs"
    "image_$1" "$rootfs" "$3"
    rm -rf "$rootfs" "$cache/$1"-*.tar
    buildah push -q "$3" "docker-archive:$file.new:$3" >&2
    mv "$file.new" "$file"
  fi
  echo "$file"
}

# add_program ROOTFS FILE: add a program with the libraries that it loads.
add_program() {
  local library
  install -D "$(readlink -f "$2")" "$1/usr/bin/$(basename "$2")"
  for library in $(ldd "$2" | grep -o '/[^ ]*'); do
    [ -e "$1$library" ] || install -D "$(readlink -f "$library")" "$1$library"
  done
}

# add_busybox ROOTFS NAME...: add busybox under these names.
add_busybox() {
  local rootfs=$1 name
  shift
  install -D /bin/busybox "$rootfs/bin/busybox"
  for name; do [ -e "$rootfs/bin/$name" ] || ln -s busybox "$rootfs/bin/$name"; done
}

# A program that holds a pod's namespaces; containerd ends it with SIGKILL.
image_pause() {
  add_busybox "$1"
  image "$2" "$1" --user 65535:65535 --entrypoint '["/bin/busybox", "sleep", "infinity"]'
}

image_coredns() {
  install -D "$("$here/build.sh" coredns)" "$1/coredns"
  image "$2" "$1" --user 65532:65532 --entrypoint '["/coredns"]'
}

image_traefik() {
  install -D "$("$here/build.sh" traefik)" "$1/traefik"
  install -d -m 1777 "$1/tmp"
  image "$2" "$1" --user 65532:65532 --entrypoint '["/traefik"]'
}

# Debian's Redis, with the shell and the programs of the operator's scripts.
image_redis() {
  add_program "$1" /usr/bin/redis-server
  add_program "$1" /usr/bin/redis-cli
  add_busybox "$1" sh cat
  install -d -o 999 -g 999 "$1/data"
  image "$2" "$1" --user 999:999 --workingdir /data --env PATH=/usr/bin:/bin --entrypoint '["redis-server"]'
}

cluster() {
  "$root/hack/deps/redis.sh"
  archive pause 1 localhost/pause:1
  archive coredns "$(basename "$(dirname "$("$here/build.sh" coredns)")")" localhost/coredns:1
  archive traefik "$(basename "$(dirname "$("$here/build.sh" traefik)")")" localhost/traefik:1
  archive redis "$(dpkg-query -W -f '${Version}' redis-server | tr -c '[:alnum:].\n' -)" localhost/redis:1
}

# base_build REF: this machine's Go toolchain with a shell. Modules and compiled packages
# come from this machine's caches.
base_build() {
  local rootfs
  rootfs=$(mktemp -d)
  mkdir -p "$rootfs"/{etc/ssl/certs,usr/local,root,tmp,go}
  add_busybox "$rootfs" $(/bin/busybox --list)
  cp -a "$(go env GOROOT)" "$rootfs/usr/local/go"
  rm -rf "$rootfs/usr/local/go/test"
  cp /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
  image "$1" "$rootfs" --env PATH=/usr/local/go/bin:/bin --env GOPATH=/go --env GOTOOLCHAIN=local --env HOME=/root \
    --env "GOPROXY=$(go env GOPROXY)" --env "GONOSUMDB=$(go env GONOSUMDB)" --env "GOSUMDB=$(go env GOSUMDB)"
  rm -rf "$rootfs"
}

# base_static REF: only certificates, time zones and users.
base_static() {
  local rootfs
  rootfs=$(mktemp -d)
  mkdir -p "$rootfs"/{etc/ssl/certs,usr/share}
  install -d -m 1777 "$rootfs/tmp"
  cp /etc/ssl/certs/ca-certificates.crt "$rootfs/etc/ssl/certs/"
  cp -r /usr/share/zoneinfo "$rootfs/usr/share/"
  printf 'root:x:0:0::/root:/sbin/nologin\nnonroot:x:65532:65532::/:/sbin/nologin\n' >"$rootfs/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$rootfs/etc/group"
  image "$1" "$rootfs" --user 65532:65532
  rm -rf "$rootfs"
}

bases() {
  local build=localhost/go:$(go env GOVERSION) static=localhost/static:1
  buildah inspect --type image "$build" >/dev/null 2>&1 || base_build "$build"
  buildah inspect --type image "$static" >/dev/null 2>&1 || base_static "$static"
  printf '%s ' --layers --isolation chroot --network host --pull-never --build-arg "BUILD_IMAGE=$build" --build-arg "BASE_IMAGE=$static" \
    -v "$(go env GOMODCACHE):/go/pkg/mod" -v "$(go env GOCACHE):/root/.cache/go-build"
}

"${1:-cluster}"
