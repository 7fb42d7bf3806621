#!/bin/sh
# promtool, amtool and nginx for `make check-infra`, from the distribution's packages, unpacked into .venv/debian and not installed.
# On CI they must be there; elsewhere the tests that need them say what is missing.
set -eu
folder="${VENV:-.venv}/debian"
has() { command -v "$1" >/dev/null 2>&1 || [ -x "$folder/usr/bin/$1" ] || [ -x "$folder/usr/sbin/$1" ]; }
if has promtool && has amtool && has nginx; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    [ "${CI:-}" != true ] || { echo "CI=true, but there is no apt-get here: install promtool, amtool and nginx in the CI image." >&2; exit 1; }
    exit 0
fi
mkdir -p "$folder"
download() { (cd "$folder" && apt-get download prometheus prometheus-alertmanager nginx) >/dev/null 2>&1; }
if ! download && [ "${CI:-}" = true ]; then
    as_root=
    [ "$(id -u)" = 0 ] || as_root=sudo
    $as_root apt-get update >&2
    download || { echo "apt-get could not download prometheus, prometheus-alertmanager and nginx." >&2; exit 1; }
fi
for package in "$folder"/*.deb; do
    [ ! -e "$package" ] || { dpkg-deb -x "$package" "$folder" && rm "$package"; }
done
