#!/usr/bin/env python3
"""Combinatorial auctions beside HiGHS and CP-SAT: winners, VCG and core payments. Standard library only.

usage: auctions.py DATA OUT [--seconds S] [--only TEXT] [--lessor FILE] [--peers DIR] [--payments]

DATA holds `cats/*.txt` and, beside them, `cats_optima.csv` and `cats_payments.csv`. Everything runs on one thread, one after
another, so that what is compared ran in the same minutes. Seconds of peers are those of their solvers alone, CPU seconds where
it says so; ours are of clearing alone, without reading and writing. `--payments` measures VCG against winners + 1 solves of our
own, each from scratch without one bidder, and core payments against the table.
"""

import argparse
import csv
import json
import statistics
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--seconds", type=float, default=20.0)
parser.add_argument("--only", default="")
parser.add_argument("--lessor", type=Path, default=ROOT.parent / "target/release/lessor")
parser.add_argument("--peers", type=Path, default=ROOT / "peers")
parser.add_argument("--payments", action="store_true")
arguments = parser.parse_args()
scratch = Path(tempfile.mkdtemp())


def ours(instance, rule="pay-as-bid"):
    """What the program says of a run, and the outcome that it wrote."""
    out = scratch / "ours.json"
    out.unlink(missing_ok=True)
    words = [arguments.lessor, "solve", "cats", instance, "--payments", rule, "--threads", "1"]
    words += ["--seconds", str(arguments.seconds), "--json", "--out", out]
    said = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    return json.loads(said.stdout), json.loads(out.read_text())


def peer(name, instance):
    out = scratch / f"{name}.json"
    out.unlink(missing_ok=True)
    words = [arguments.peers / ".venv/bin/python", arguments.peers / f"{name}_cats.py", "--instance", instance]
    words += ["--threads", "1", "--seconds", str(arguments.seconds), "--out", out]
    subprocess.run([str(word) for word in words], check=True)
    return json.loads(out.read_text())


def bidders(instance):
    """Lines of the file that are no bids, and the bids with the bidder of each: number, bidder, line."""
    goods, head, bids, names = 0, [], [], {}
    for line in instance.read_text().splitlines():
        words = line.split("%")[0].split()
        if words and words[-1] == "#":
            dummies = [int(word) for word in words[2:-1] if int(word) >= goods]
            key = ("dummy", dummies[0]) if dummies else ("bid", int(words[0]))
            bids.append((int(words[0]), names.setdefault(key, len(names)), line))
        else:
            head.append(line)
            goods = int(words[1]) if words[:1] == ["goods"] else goods
    return head, bids


def without_each(instance, winners):
    """Seconds of clearing from scratch with everyone, and without each bidder who wins."""
    head, bids = bidders(instance)
    total = ours(instance)[0]["clearing_seconds"]
    for out in [bidder for number, bidder, _ in bids if number in winners]:
        left = [line for _, bidder, line in bids if bidder != out]
        smaller = scratch / "smaller.txt"
        count = [line if not line.startswith("bids") else f"bids {len(left)}" for line in head]
        smaller.write_text("\n".join(count + left) + "\n")
        total += ours(smaller)[0]["clearing_seconds"]
    return total


def table(path):
    return list(csv.DictReader(path.open()))


optima = {row["instance"]: row for row in table(arguments.data / "cats_optima.csv")}
payments = table(arguments.data / "cats_payments.csv")
lines = ["| instance | value | bound | s | HiGHS value | bound | s | CP-SAT value | bound | s | ratio to HiGHS |"]
lines += ["|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|"]
ratios, shares, worst = {}, [], []
for instance in sorted((arguments.data / "cats").glob("*.txt")):
    if arguments.only not in instance.name:
        continue
    said, outcome = ours(instance)
    highs, cpsat = peer("highs", instance), peer("cpsat", instance)
    ratio = said["clearing_seconds"] / max(highs["seconds"], 1e-6)
    ratios.setdefault(instance.name.split("_")[0], []).append(ratio)
    known = optima.get(instance.name, {})
    is_matched = known.get("proven_optimal") != "True" or int(float(known["best_objective"])) == outcome["value"]
    cells = [instance.stem, outcome["value"], outcome["bound"], f"{said['clearing_seconds']:.4f}"]
    for other in (highs, cpsat):
        bound = other["bound"]
        cells += [other["value"], "" if bound is None else f"{bound:.0f}", f"{other['seconds']:.3f}"]
    mark = "" if is_matched else " **not the optimum**"
    limit = max(1.1 * min(highs["seconds"], cpsat["seconds"]), min(highs["seconds"], cpsat["seconds"]) + 0.02)
    mark += "" if said["clearing_seconds"] <= limit else " **slower than the better of both**"
    lines.append("| " + " | ".join(str(cell) for cell in cells) + f" | {ratio:.4f}{mark} |")
    if arguments.payments and outcome["value"] == outcome["bound"]:
        vcg, paid = ours(instance, "vcg")
        share = vcg["clearing_seconds"] / without_each(instance, set(outcome["winners"]))
        shares.append(share)
        core, _ = ours(instance, "core")
        off = []
        for rule, column, found in (("vcg", "vcg_payment", paid), ("core", "core_quadratic_payment", None)):
            found = found or ours(instance, rule)[1]
            rows = [row for row in payments if row["instance"] == instance.name and row[column]]
            if rows:
                off.append(max(abs(found["payments"].get(row["bidder"], 0.0) - float(row[column])) for row in rows))
        worst.append((instance.stem, share, core["clearing_seconds"], off))
    print(lines[-1], worst[-1:] if arguments.payments else "", flush=True)

lines += ["", "Median ratio to HiGHS by family: "]
lines[-1] += ", ".join(f"{family} {statistics.median(found):.4f}" for family, found in ratios.items())
if worst:
    lines += ["", "| instance | VCG against winners + 1 solves | core s | VCG off by | core off by |", "|---|--:|--:|--:|--:|"]
    for name, share, seconds, off in worst:
        off = [f"{value:.6f}" for value in off] + ["not stated"] * (2 - len(off))
        lines.append(f"| {name} | {share:.3f} | {seconds:.3f} | {off[0]} | {off[1]} |")
    lines += ["", f"Median of VCG against winners + 1 solves: {statistics.median(shares):.3f}, at most {max(shares):.3f}."]
arguments.out.write_text("\n".join(lines) + "\n")
