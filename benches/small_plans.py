#!/usr/bin/env python3
"""Small fleets, planned by lessor and by HiGHS alone on the program of every hour, one after the other, one thread each.

Usage: benches/small_plans.py LESSOR DIR [--seconds S] [--seeds N]

Needs highspy, numpy and pyarrow. Writes the fleets and DIR/table.md, a table in Markdown: what each plan is worth, what it is
proved to be at most, and by how much lessor's is worth more. The table is printed as it grows, after HiGHS' own banner. Capsules draw compute, memory and power; tiles limit all three and
cells the power. A kind of fleet may have gangs, bonuses, places that a job must spread over, and hours. Each answer of HiGHS is an
optimum or the best within its seconds; that of lessor was checked by its own checker before it was written.
"""

import argparse
import json
import pathlib
import subprocess

import highspy
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HOUR = 3_600_000_000
START = 1_760_000_400_000_000 // HOUR * HOUR
TIME = pa.timestamp("us", tz="UTC")
KINDS = ("compute_mops", "memory_bytes", "power_mw")
# Name, tiles, jobs, load, hours.
FLEETS = [
    ("plain", 5, 40, 1.5, 1),
    ("plain", 20, 40, 1.2, 1),
    ("gangs, bonuses", 4, 30, 2.5, 1),
    ("gangs, bonuses", 8, 60, 1.5, 1),
    ("gangs, bonuses, spread", 20, 40, 1.3, 1),
    ("hours", 10, 40, 1.2, 10),
    ("gangs, hours", 8, 40, 1.2, 12),
    ("gangs, bonuses, hours", 8, 40, 1.3, 12),
    ("gangs, bonuses, spread, hours", 10, 40, 1.1, 8),
]
WEIGHTS = "".join(f"{name}_permille = 0\n" for name in ("energy", "thermal", "carbon", "risk", "latency"))


def job(kind: str, at: int, hours: int, draw: np.random.Generator) -> dict:
    """A job of a kind of fleet; its amounts are those of one capsule."""
    count, compute, memory = int(draw.integers(1, 7)), int(draw.integers(5, 60)), int(draw.integers(50, 600))
    power = int(draw.integers(1_000, 20_000))
    earliest, term, deadline = 0, 1, hours
    if "hours" in kind:
        earliest = int(draw.integers(0, hours - 1))
        term = int(draw.integers(1, min(5, hours - earliest) + 1))
        deadline = int(draw.integers(earliest + term, hours + 1))
    bid = int(1e6 * term * (compute / 100 + memory / 1_000 + power / 20_000) * draw.uniform(0.6, 1.4))
    made = {"name": f"j{at}", "count": count, "bid": bid, "compute_mops": compute, "memory_bytes": memory, "power_mw": power,
            "earliest": START + earliest * HOUR, "term_us": term * HOUR, "deadline": START + deadline * HOUR, "service": "D"}
    made["gang_min"] = int(draw.integers(1, count + 1)) if "gangs" in kind else 0
    made["wanted"] = int(draw.integers(1, count + 1)) if "bonuses" in kind else 0
    made["bonus"] = int(bid * draw.uniform(0.3, 2.5)) if "bonuses" in kind else 0
    spreads = "spread" in kind and draw.random() < 0.6
    if spreads:
        made["spread_domain"], made["spread_most"] = str(draw.choice(["tile", "cell"])), int(draw.integers(1, 3))
    return made


def fleet(kind: str, tiles: int, jobs: int, load: float, hours: int, seed: int) -> tuple[list[dict], list[dict], list[dict]]:
    """Cells, tiles and jobs that ask for `load` times what there is, summed over the hours."""
    draw = np.random.default_rng(seed)
    cells = [{"name": f"c{at}", "level": "cell"} for at in range(max(1, tiles // 5))]
    shapes = [{"name": f"t{at}", "parent": f"c{at % len(cells)}", "level": "tile", "class": "plain",
               "compute_mops": int(draw.integers(60, 141)), "memory_bytes": int(draw.integers(600, 1_401)), "power_mw": 100_000}
              for at in range(tiles)]
    asked = [job(kind, at, hours, draw) for at in range(jobs)]
    need = {name: sum(job[name] * job["count"] * job["term_us"] for job in asked) / HOUR / hours / load for name in KINDS}
    for cell in cells:
        cell["power_mw"] = int(need["power_mw"] / len(cells) * draw.uniform(0.7, 1.3))
    for name in KINDS[:2]:
        factor = need[name] / sum(tile[name] for tile in shapes)
        for tile in shapes:
            tile[name] = int(tile[name] * factor)
    return cells, shapes, asked


def write(path: pathlib.Path, rows: list[dict]) -> None:
    """A table of the fleet's format; what a row lacks is null there."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        texts = any(isinstance(value, str) for value in values)
        kind = TIME if name in ("earliest", "deadline") else pa.string() if texts else pa.uint64()
        columns[name] = pa.array(values, kind)
    pq.write_table(pa.table(columns), path)


def highs(cells: list[dict], tiles: list[dict], jobs: list[dict], hours: int, seconds: float) -> tuple[float, float]:
    """What HiGHS' best plan is worth, and its bound."""
    solver = highspy.Highs()
    for option, value in (("output_flag", False), ("log_to_console", False), ("time_limit", seconds), ("mip_rel_gap", 0.0), ("threads", 1)):
        solver.setOptionValue(option, value)
    drawn: dict[tuple, list] = {}
    for job in jobs:
        first, term, last = ((job[name] - (START if name != "term_us" else 0)) // HOUR for name in ("earliest", "term_us", "deadline"))
        columns, placed = {}, 0
        for tile in tiles:
            for start in range(first, last - term + 1):
                column = solver.addIntegral(0, job["count"], -job["bid"])
                columns.setdefault(tile["name"] if job.get("spread_domain") == "tile" else tile["parent"], []).append(column)
                placed += column
                for hour in range(start, start + term):
                    for name in KINDS:
                        drawn.setdefault((tile["name"], name, hour, tile[name]), []).append(job[name] * column)
                    power = next(cell["power_mw"] for cell in cells if cell["name"] == tile["parent"])
                    drawn.setdefault((tile["parent"], "power_mw", hour, power), []).append(job["power_mw"] * column)
        runs = solver.addBinary()
        solver.addConstr(placed <= job["count"] * runs)
        solver.addConstr(placed >= job["gang_min"] * runs)
        if job["wanted"]:
            earns = solver.addVariable(0, 1, -job["bonus"], highspy.HighsVarType.kInteger)
            solver.addConstr(placed >= job["wanted"] * earns)
        if "spread_domain" in job:
            for there in columns.values():
                solver.addConstr(sum(there) <= job["spread_most"])
    for (_, _, _, most), terms in drawn.items():
        solver.addConstr(sum(terms) <= most)
    solver.minimize()
    info = solver.getInfo()
    return -info.objective_function_value, -info.mip_dual_bound


def lessor(program: str, path: pathlib.Path, seconds: float, seed: int) -> tuple[int, int | None]:
    """What lessor's plan is worth, and its bound."""
    command = [program, "plan", "--fleet", path, "--weights", path / "weights.toml", "--deadline", f"{seconds:g}s", "--seed", seed,
               "--threads", 1, "--json", "--force", "--out", path / "plan"]
    told = json.loads(subprocess.run([str(word) for word in command], capture_output=True, check=True).stdout)
    return told["value"], told["bound"]


def main() -> None:
    asked = argparse.ArgumentParser(usage=__doc__)
    asked.add_argument("lessor")
    asked.add_argument("dir", type=pathlib.Path)
    asked.add_argument("--seconds", type=float, default=20)
    asked.add_argument("--seeds", type=int, default=1)
    args = asked.parse_args()
    args.dir.mkdir(parents=True, exist_ok=True)
    table = args.dir / "table.md"
    table.write_text("")

    def row(text: str) -> None:
        print(text, flush=True)
        with table.open("a") as file:
            file.write(text + "\n")

    row("| fleet | tiles | jobs | hours | seed | lessor | its bound | HiGHS | its bound | lessor is worth more by |")
    row("|---|---|---|---|---|---|---|---|---|---|")
    for kind, tiles, jobs, load, hours in FLEETS:
        for seed in range(1, args.seeds + 1):
            path = args.dir / f"{kind.replace(', ', '-')}-{tiles}-{seed}"
            path.mkdir(parents=True, exist_ok=True)
            cells, shapes, work = fleet(kind, tiles, jobs, load, hours, seed)
            write(path / "nodes.parquet", cells + shapes)
            write(path / "jobs.parquet", work)
            (path / "weights.toml").write_text(WEIGHTS)
            ours, bound = lessor(args.lessor, path, args.seconds, seed)
            theirs, other = highs(cells, shapes, work, hours, args.seconds)
            millions = " | ".join("" if value is None else f"{value / 1e6:,.3f}" for value in (ours, bound, theirs, other))
            row(f"| {kind} | {tiles} | {jobs} | {hours} | {seed} | {millions} | {100 * (ours / theirs - 1):+.2f} % |")


if __name__ == "__main__":
    main()
