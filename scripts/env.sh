# shellcheck shell=bash
# Sourced by the other scripts, and by a shell that runs `cargo test` by hand.
# The one place that says where public benchmarks and traces are. Tests that need them are skipped where they are absent.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
LESSOR_PUBLIC_DATA=$(realpath -m "${LESSOR_PUBLIC_DATA:-$root/../shared/data}")
export LESSOR_PUBLIC_DATA
