#!/usr/bin/env bash
# Installs Chromium for the tests of the playground, unless it is installed. CHROMIUM
# names another Chromium-based browser.
set -euo pipefail

have_chromium() { command -v "${CHROMIUM:-chromium}" >/dev/null; }

have_chromium && exit 0
if [ -n "${CHROMIUM:-}" ] || ! command -v apt-get >/dev/null || [ "$(id -u)" != 0 ]; then
  echo "The playground's tests need Chromium. Install it, name it with CHROMIUM=…, or run this as root on Debian." >&2
  exit 1
fi
echo "installing chromium from Debian" >&2
export DEBIAN_FRONTEND=noninteractive
apt-get install -y -q --no-install-recommends chromium >/dev/null 2>&1 ||
  { apt-get update -q && apt-get install -y -q --no-install-recommends chromium; } >&2
have_chromium || { echo "Debian's package brought no chromium; install one by hand." >&2; exit 1; }
