#!/usr/bin/env bash
# Builds, generates a sample fleet, plans it, checks the plan, and says where the report is.
# Where the public data is present, a real GPU trace is imported and planned as well.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/env.sh

run() {
    echo "\$ $*"
    "$@"
}

lessor=target/release/lessor
openb=$LESSOR_PUBLIC_DATA/openb

scripts/setup.sh
run cargo build --release --workspace --locked

run $lessor datasets generate --tiles 1000 --seed 1 --out out/sample --force
run $lessor plan --fleet out/sample --out out/plan --force --deadline 30s
run $lessor check out/plan
reports=(out/plan/report.html)

if [ -d "$openb" ]; then
    run $lessor datasets import openb --nodes "$openb/openb_node_list_gpu_node.csv" \
        --pods "$openb/sequences/default_42.csv" --arrived 100 --out out/openb --force
    run $lessor plan --fleet out/openb --out out/openb-plan --force --deadline 60s
    run $lessor check out/openb-plan
    reports+=(out/openb-plan/report.html)
else
    echo "demo: no public data in $LESSOR_PUBLIC_DATA, so the openb trace is left out"
fi

echo
echo "demo: done. Open in a browser:"
for report in "${reports[@]}"; do echo "  $PWD/$report"; done
