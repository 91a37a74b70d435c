#!/usr/bin/env bash
# Installs Node (18 or later) and npm, and the JavaScript packages of the end-to-end tests
# or of the directories given as arguments, unless they are installed.
set -euo pipefail
cd "$(dirname "$0")/../.."

have_node() {
  command -v npm >/dev/null && [ "$(node -p 'parseInt(process.versions.node)' 2>/dev/null || echo 0)" -ge 18 ]
}

if ! have_node; then
  if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
    echo "The end-to-end tests need Node 18 or later with npm. Install them, or run this as root on Debian." >&2
    exit 1
  fi
  echo "installing nodejs and npm from Debian" >&2
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends nodejs npm >/dev/null 2>&1 ||
    { apt-get update -q && apt-get install -y -q --no-install-recommends nodejs npm; } >&2
  have_node || { echo "Debian's packages brought no Node 18 with npm; install one by hand." >&2; exit 1; }
fi

[ $# -gt 0 ] || set -- test/e2e
for dir; do
  want=$dir/package-lock.json have=$dir/node_modules/.package-lock.json
  if [ ! -e "$have" ] || [ "$want" -nt "$have" ]; then
    echo "npm ci in $dir" >&2
    (cd "$dir" && npm ci --no-audit --no-fund --loglevel=error >&2 && touch node_modules/.package-lock.json)
  fi
done
