#!/usr/bin/env bash
# Builds, generates a sample fleet, plans it, checks the plan, clears a market on it, checks that, and says where the reports are.
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

run $lessor market lint docs/policies/layer-bandwidth.toml
run $lessor market book --supply out/sample --policy docs/policies/layer-bandwidth.toml --bids 120 --seed 1 --out out/bids.parquet
run $lessor market clear --book out/bids.parquet --supply out/sample --policy docs/policies/layer-bandwidth.toml \
    --out out/market --force
run $lessor market check out/market --seconds 60
reports=(out/plan/report.html out/market/report.html)

# A server on the same fleet, killed without warning while somebody holds a lease, and started again on the same data.
server=
serve() {
    echo "\$ $lessor serve --fleet out/sample --data out/leases --listen 127.0.0.1:0 &"
    $lessor serve --fleet out/sample --data out/leases --listen 127.0.0.1:0 >out/serve.txt &
    server=$!
    url=
    until [ -n "$url" ]; do
        kill -0 "$server"
        sleep 0.1
        url=$(sed -n 's/^listening on //p' out/serve.txt)
    done
    echo "demo: the server listens on $url"
}
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true' EXIT

rm -rf out/leases
serve
run $lessor lease request --server "$url" --holder demo --request-id demo-1 --compute 100 --memory 1GiB --term 10m
run $lessor lease quote --server "$url" --memory 1000TiB --term 10m || echo "demo: refused, as it should be"
run $lessor lease watch --server "$url" --after 1.0 --changes 1
before=$($lessor lease list --server "$url" --json)
run kill -9 "$server"
wait "$server" 2>/dev/null || true
serve
after=$($lessor lease list --server "$url" --json)
[ "$before" = "$after" ] || { echo "demo: a lease was lost" >&2; exit 1; }
run $lessor lease list --server "$url"
echo "demo: the lease is still there after kill -9"
run kill "$server"
wait "$server" 2>/dev/null || true
server=

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
