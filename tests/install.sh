#!/usr/bin/env bash
# Installs what the tests need besides mlmon's own environment, `.venv`: other people's tools, each in a place of its own.
# Several at once; it fails when one of them does.
set -euo pipefail
cd "$(dirname "$0")/.."

environment() { # NAME REQUIREMENTS
  python3 -m venv "$1"
  "$1/bin/pip" install -q --no-compile -r "$2"
}

pages() { # FOLDER: what its package-lock.json names
  .venv/bin/npm ci --silent --ignore-scripts --prefix "$1"
}

one() {
  pages tests/emulators  # Azurite, the blob storage of the local Azure
  pages tests/handoff    # Power Query's parser
}

two() {
  environment .venv-azureml-core tests/emulators/azureml-core.txt # the v1 SDK
  environment .venv-inference-1.3.4 tests/inference/server-1.3.4.txt
  environment .venv-inference-1.5.1 tests/inference/server-1.5.1.txt
}

three() {
  environment .venv-readers tests/handoff/readers.txt # Spark, and others who read what is handed over
}

jobs=()
for part in one two three; do
  $part &
  jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job"; done
