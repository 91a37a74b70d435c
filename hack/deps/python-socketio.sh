#!/usr/bin/env bash
# python-socketio.sh - install Debian's python3-socketio for /usr/bin/python3, with the
# dependencies of its sync client (requests, websocket-client) and its async client
# (aiohttp).
#
# Does nothing when the packages are installed. Installs them as root on Debian; otherwise
# names the missing packages.
set -euo pipefail

packages=(python3-socketio python3-aiohttp python3-requests python3-websocket)

have() { /usr/bin/python3 -c 'import socketio, aiohttp, requests, websocket' 2>/dev/null; }

have && exit 0
if ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "The client matrix needs ${packages[*]}. Install them, or run this as root on Debian." >&2
  exit 1
fi
echo "installing ${packages[*]} from Debian" >&2
export DEBIAN_FRONTEND=noninteractive
apt=(apt-get -qq -o DPkg::Lock::Timeout=120)
"${apt[@]}" install -y --no-install-recommends "${packages[@]}" >&2 ||
  { "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${packages[@]}"; } >&2
have || { echo "Debian's packages brought no working python-socketio." >&2; exit 1; }
