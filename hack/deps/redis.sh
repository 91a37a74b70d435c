#!/usr/bin/env bash
# redis.sh - install redis-server and redis-cli (redis-server --sentinel is the sentinel).
#
# Does nothing when both are installed. Otherwise installs Debian's redis-server package,
# as root or through sudo, without starting the package's service: the tests start their
# own servers on free ports. Names the missing programs when it can do neither.
set -euo pipefail

say() { printf 'redis: %s\n' "$*" >&2; }
fail() { say "error: $*"; exit 1; }

commands=(redis-server redis-cli)

# missing: print the commands that are not on PATH, separated by spaces.
missing() {
  local c lacks=()
  for c in "${commands[@]}"; do
    command -v "$c" >/dev/null || lacks+=("$c")
  done
  echo "${lacks[*]-}"
}

# as_root COMMAND...: run the command as root.
as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    fail "$(missing) not found, and installing needs root: run 'apt-get install redis-server' as root"
  fi
}

# apt ARGS...: run apt-get without questions; wait for another apt to end.
apt() {
  as_root env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get -qq -o DPkg::Lock::Timeout=120 "$@" >&2
}

# install: install the package, after an update if the lists lack it.
install() {
  apt install -y --no-install-recommends redis-server && return
  say "not in the package lists yet, updating them"
  apt update || return 1
  apt install -y --no-install-recommends redis-server
}

# forbid_start: let invoke-rc.d refuse to start services during the installation. An
# existing policy is not changed.
forbid_start() {
  [ -e /usr/sbin/policy-rc.d ] && return
  printf '#!/bin/sh\nexit 101\n' | as_root tee /usr/sbin/policy-rc.d >/dev/null
  as_root chmod 755 /usr/sbin/policy-rc.d
  trap 'as_root rm -f /usr/sbin/policy-rc.d' EXIT
}

# disable_service: otherwise systemd would start the unit at the next boot.
disable_service() {
  [ -d /run/systemd/system ] || return 0
  as_root systemctl disable --now redis-server.service >/dev/null 2>&1 || true
}

[ -z "$(missing)" ] && exit 0
command -v apt-get >/dev/null || fail "$(missing) not found, and apt-get is not available: install Redis 6.2 or later"
# Two test packages may arrive at once; the second then finds Redis installed.
exec 9>"${TMPDIR:-/tmp}/anteroom-redis-install.lock"
command -v flock >/dev/null && flock 9
[ -z "$(missing)" ] && exit 0
forbid_start
say "installing Debian's redis-server"
install || fail "apt-get could not install redis-server; its message is above"
disable_service
[ -z "$(missing)" ] || fail "redis-server is installed but $(missing) is not on PATH"
say "installed $(redis-server --version | cut -d' ' -f3)"
