#!/usr/bin/env bash
# redis.sh - make sure that redis-server and redis-cli are installed (redis-server --sentinel is
# the sentinel).
#
# Does nothing when they are. Otherwise installs Debian's redis-server package, as root or
# through sudo, without letting the package start a service of its own: the tests start their
# servers themselves, on free ports. Says what is missing when it can do neither.
set -euo pipefail

say() { printf 'redis: %s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

commands=(redis-server redis-cli)

# missing: the commands that are not on PATH, separated by spaces.
missing() {
  local c lacks=()
  for c in "${commands[@]}"; do
    command -v "$c" >/dev/null || lacks+=("$c")
  done
  echo "${lacks[*]-}"
}

# as_root COMMAND...: run it as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    fail "$(missing) not found, and installing needs root: run 'apt-get install redis-server' as root"
  fi
}

# apt ARGS...: apt-get that never asks and waits for another apt to end.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >&2
}

# install: the package, after one update if the lists do not have it.
install() {
  apt install -y --no-install-recommends redis-server && return
  say "not in the package lists yet, updating them"
  apt update || return 1
  apt install -y --no-install-recommends redis-server
}

# forbid_start: have invoke-rc.d refuse to start services while the package is installed.
# A policy that is there already is left alone.
forbid_start() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod 755 /usr/sbin/policy-rc.d
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

# disable_service: with systemd the unit would come up at the next boot.
disable_service() {
  [ -d /run/systemd/system ] || return 0
  as_root systemctl disable --now redis-server.service >/dev/null 2>&1 || true
}

[ -z "$(missing)" ] && exit 0
command -v apt-get >/dev/null || fail "$(missing) not found, and there is no apt-get here: install Redis 6.2 or later"
# Two test packages may get here at once; the second then finds it done.
exec 9>"${TMPDIR:-/tmp}/anteroom-redis-install.lock"
command -v flock >/dev/null && flock 9
[ -z "$(missing)" ] && exit 0
forbid_start
say "installing Debian's redis-server"
install || fail "apt-get could not install redis-server; its message is above"
disable_service
[ -z "$(missing)" ] || fail "redis-server is installed but $(missing) is not on PATH"
say "installed $(redis-server --version | cut -d' ' -f3)"
