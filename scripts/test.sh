#!/usr/bin/env bash
# Every check. One optimized profile throughout, so that HiGHS is compiled once.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

step() {
    local name=$1 began=$SECONDS
    shift
    echo "== $name"
    "$@"
    echo "-- $name: $((SECONDS - began)) s"
}

# A fresh plan from end to end, and its report in a browser where there is one. In a shell of its own, to clean up after.
check_a_plan() (
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    lessor=target/release/lessor
    $lessor datasets generate --tiles 200 --seed 1 --out "$scratch/fleet"
    $lessor plan --fleet "$scratch/fleet" --deadline 10s --json --out "$scratch/plan"
    $lessor check "$scratch/plan"
    scripts/check-report.sh "$scratch/plan/report.html" "$scratch/report.png"
)

scripts/setup.sh
if [ -d "$LESSOR_PUBLIC_DATA" ]; then
    echo "test: public data in $LESSOR_PUBLIC_DATA"
else
    echo "test: no public data in $LESSOR_PUBLIC_DATA; the tests that need it are skipped"
fi

step "format" cargo fmt --all --check
step "style" scripts/check-style.sh
# The program before the lints: HiGHS' C++ then compiles beside the crates that do not need it.
step "program" cargo build --release --workspace --locked
step "lints" cargo clippy --release --workspace --all-targets --locked -- -D warnings
# The simulated worlds apart, for what they say (seeds, hours, faults) to be in the log.
worlds=what_is_promised_holds_in_worlds_where_everything_goes_wrong
step "tests" cargo test --release --workspace --locked -- --skip "$worlds"
step "simulated worlds" cargo test --release --workspace --locked --test lease_simulation -- --nocapture
step "documents" scripts/check-docs.sh
step "a plan and its report" check_a_plan
step "clients written elsewhere" scripts/check-clients.sh
echo "test: all checks passed in $SECONDS s"
