#!/usr/bin/env bash
# A week of a computing center on German, on Swedish, and on both grids: what a plan emits that waits for clean energy, and
# what the same jobs emit first come, first served. Prints a table in Markdown.
#
# Usage: benches/carbon.sh DIR [DEADLINE], with the public traces in $LESSOR_PUBLIC_DATA/traces; DIR is made anew.
set -euo pipefail
out=${1:?usage: benches/carbon.sh DIR [DEADLINE]}
deadline=${2:-120s}
root=$(cd "$(dirname "$0")/.." && pwd)
lessor=$root/target/release/lessor
traces=${LESSOR_PUBLIC_DATA:-$root/../shared/data}/traces
price=7000000 # micro-credits per kilogram: dear enough to weigh beside bids, cheap enough for every job to pay

mkdir -p "$out"
cd "$out"
cat > weights.toml <<EOF
carbon_price = $price
energy_permille = 0
risk_permille = 0
thermal_permille = 0
latency_permille = 0
EOF
"$lessor" datasets generate --tiles 80 --seed 1 --out fleet --force > /dev/null
"$lessor" datasets import opendc --tasks "$traces/surf_week_tasks.parquet" \
  --fragments "$traces/surf_week_fragments.parquet" --fleet fleet --out week --force > /dev/null
# Without a tariff nothing costs anything, and a plan of all jobs is worth what they bid.
"$lessor" plan --fleet week --weights weights.toml --json --out week-plan --force > bids.json

german=$traces/2024_DE_carbon_intensity.parquet
swedish=$traces/2024_SE_carbon_intensity.parquet
compare() { # NAME SERIES...: both methods on one choice of grids
  local name=$1
  shift
  # The series are of 2024 and the jobs of 2022: 105 weeks earlier, a Thursday of October stays one.
  "$lessor" datasets import carbon "$@" --earlier 735d --fleet week --out "$name" --force > /dev/null
  for method in first-come auto; do
    "$lessor" plan --fleet "$name" --weights weights.toml --method "$method" --deadline "$deadline" --json \
      --out "$name-$method" --force > "$name-$method.json"
    "$lessor" check "$name-$method" > /dev/null
  done
}
compare german --series "layer=$german"
compare swedish --series "layer=$swedish"
compare both --series "region-0=$german" --series "region-1=$swedish"

python3 - "$price" <<'EOF'
import json
import sys

price = int(sys.argv[1])
read = lambda name: json.load(open(name + ".json"))
bids = read("bids")
assert bids["unplaced"] == 0, "the fleet has room for all"
print("| grids | first come, first served | planned | less by | least of any plan, proved | seconds |")
print("|---|---|---|---|---|---|")
for name in ("german", "swedish", "both"):
    first, planned = read(name + "-first-come"), read(name + "-auto")
    assert first["unplaced"] == planned["unplaced"] == 0, "both run every job"
    least = (bids["value"] - planned["bound"]) / price
    kg = [run["emitted_mg"] / 1e6 for run in (first, planned)]
    print(f"| {name} | {kg[0]:.3f} kg | {kg[1]:.3f} kg | {100 * (1 - kg[1] / kg[0]):.1f} % | {least:.3f} kg "
          f"| {planned['seconds']:.1f} |")
EOF
