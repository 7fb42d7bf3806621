#!/bin/sh
# Tests need a real browser. On CI it is installed from the distribution's packages; elsewhere the tests name what is missing.
set -eu
if command -v chromium-headless-shell >/dev/null 2>&1 || command -v chromium >/dev/null 2>&1 || [ "${CI:-}" != true ]; then
    exit 0
fi
if ! command -v apt-get >/dev/null 2>&1; then
    echo "CI=true, but there is neither chromium nor apt-get here: install Chromium in the CI image." >&2
    exit 1
fi
as_root=
[ "$(id -u)" = 0 ] || as_root=sudo
{
    $as_root apt-get update
    # The same browser without its own window, which nobody looks at here: a fifth less work for every page.
    DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends chromium-headless-shell ||
        DEBIAN_FRONTEND=noninteractive $as_root apt-get install -y --no-install-recommends chromium
} >&2
