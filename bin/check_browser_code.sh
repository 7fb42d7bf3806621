#!/bin/sh
# The browser components: format, lint, types, unit tests. `bin/setup.py check` has installed Node and the packages.
set -eu
node="$(cd "${VENV:-.venv}/node" && pwd)"
packages="$node/node_modules"
cd "$(dirname "$0")/../studio"
set -x
"$node/node" "$packages/@biomejs/biome/bin/biome" ci --colors=off --error-on-warnings .
"$node/node" "$packages/typescript/bin/tsc" --project tsconfig.json
"$node/node" "$packages/typescript/bin/tsc" --project tsconfig.test.json --typeRoots "$packages/@types"
"$node/node" --test --test-isolation=none --test-reporter=dot "*/*/*.test.js"
