#!/usr/bin/env python3
"""Linear assignment by the auction algorithm beside SciPy's shortest augmenting paths (a Hungarian-class method).

usage: assignments.py DATA OUT [--runs N] [--lessor FILE]

Runs with the Python of `benches/peers/.venv`. DATA holds `assign*.txt` and `optimal.csv`. Both run on one thread, in turns, so
that what is compared ran in the same minutes; seconds are of solving alone, without reading and writing, the median of the
runs. SciPy's are on the matrix of floats that it works on, made beforehand.
"""

import argparse
import csv
import json
import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
import numpy
from scipy.optimize import linear_sum_assignment

ROOT = Path(__file__).resolve().parent
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("data", type=Path)
parser.add_argument("out", type=Path)
parser.add_argument("--runs", type=int, default=11)
parser.add_argument("--lessor", type=Path, default=ROOT.parent / "target/release/lessor")
arguments = parser.parse_args()
answer = Path(tempfile.mkdtemp()) / "columns.txt"


def ours(instance, costs):
    """Seconds of solving, and what the columns that were written cost."""
    words = [arguments.lessor, "solve", "assignment", instance, "--json", "--out", answer]
    said = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=True)
    columns = [int(line) for line in answer.read_text().split()]
    assert sorted(columns) == list(range(len(costs))), f"{instance}: not one column for each row"
    return json.loads(said.stdout)["clearing_seconds"], int(sum(costs[row, column] for row, column in enumerate(columns)))


def peer(costs):
    begun = time.perf_counter()
    rows, columns = linear_sum_assignment(costs)
    return time.perf_counter() - begun, int(costs[rows, columns].sum())


with (arguments.data / "optimal.csv").open() as table:
    optima = {Path(row["instance"]).stem: int(row["published_optimum"]) for row in csv.DictReader(table)}
lines = ["| instance | optimum | lessor | ms | SciPy | ms | ratio |", "|---|--:|--:|--:|--:|--:|--:|"]
for instance in sorted(arguments.data.glob("assign*.txt")):
    numbers = instance.read_text().split()
    size = int(numbers[0])
    costs = numpy.array(numbers[1:], dtype=float).reshape(size, size)
    turns = [(ours(instance, costs), peer(costs)) for _ in range(arguments.runs)]
    seconds = [statistics.median(turn[side][0] for turn in turns) for side in (0, 1)]
    cells = [instance.stem, optima[instance.stem], turns[0][0][1], f"{seconds[0] * 1e3:.2f}"]
    cells += [turns[0][1][1], f"{seconds[1] * 1e3:.2f}", f"{seconds[0] / seconds[1]:.2f}"]
    lines.append("| " + " | ".join(str(cell) for cell in cells) + " |")
    print(lines[-1], flush=True)
arguments.out.write_text("\n".join(lines) + "\n")
