#!/usr/bin/env bash
# Checks licenses, bans and sources of every dependency against deny.toml.
# Apart from `make test`, because building cargo-deny itself takes minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

if ! command -v cargo-deny >/dev/null 2>&1; then
    echo "deny: cargo-deny was not found; install it with: cargo install --locked cargo-deny" >&2
    exit 1
fi
exec cargo deny check licenses bans sources
