#!/usr/bin/env bash
# Brings a machine to the point where everything runs: system libraries (Debian and Ubuntu), then the npm packages.
# Without root nothing is installed into the system: the line to run is printed, and the rest goes on.
#
# usage: setup.sh [job]     the command line alone (demo, stratum) needs no libraries of the window
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
job=${1:-setup}

window_packages=(
  xvfb xauth libgtk-3-0 libnss3 libasound2 libgbm1 libdrm2 libcups2 libatk-bridge2.0-0 libatspi2.0-0 libxkbcommon0 libxcomposite1
  libxdamage1 libxrandr2 libxfixes3 libx11-6 libxcb1 libxext6 libpango-1.0-0 libcairo2 libdbus-1-3 libnotify4 libsecret-1-0
  libvulkan1 libegl1 libgl1 fonts-liberation fonts-inter
)
test_packages=(gdal-bin)

# Newer releases renamed some libraries when time became 64 bits wide; a name that no release has is left out.
existing_name() {
  local name
  for name in "$1" "$1t64"; do
    if [ -n "$(apt-cache show "$name" 2>/dev/null | grep -m1 '^Filename:')" ]; then
      echo "$name"
      return
    fi
  done
}

is_installed() {
  [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ||
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$1t64" 2>/dev/null)" = installed ]
}

install_system_packages() {
  local missing=() names=() package name
  for package in "$@"; do is_installed "$package" || missing+=("$package"); done
  [ ${#missing[@]} -gt 0 ] || return 0

  if [ "$(id -u)" = 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "apt-get update failed; trying with the package lists that are here."
    for package in "${missing[@]}"; do
      name=$(existing_name "$package")
      if [ -n "$name" ]; then names+=("$name"); fi
    done
    [ ${#names[@]} -gt 0 ] || return 0
    echo "Installing system packages: ${names[*]}"
    apt-get install -y -qq --no-install-recommends "${names[@]}" >/dev/null ||
      echo "Some system packages could not be installed; what needs them is skipped and says so."
  else
    echo "These system packages are missing; what needs them is skipped. To install them:"
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}"
  fi
}

wanted=()
command -v npm >/dev/null || wanted+=(nodejs npm)
case "$job" in
  test | setup) wanted+=("${window_packages[@]}" "${test_packages[@]}") ;;
  start) wanted+=("${window_packages[@]}") ;;
esac
if command -v apt-get >/dev/null; then
  if [ ${#wanted[@]} -gt 0 ]; then install_system_packages "${wanted[@]}"; fi
elif [ "$job" = test ]; then
  echo "This is no Debian or Ubuntu: GTK 3, NSS, Xvfb (window tests) and GDAL's tools (export tests) have to be installed by hand."
fi

if ! command -v npm >/dev/null; then
  echo "npm is missing. Install Node.js 22.12 or newer, then run this again."
  exit 1
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "Installing npm packages"
  npm ci
fi
