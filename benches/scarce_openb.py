#!/usr/bin/env python3
"""openb batches in which models, CPU or memory are scarce, made from a sequence where GPUs alone are.

Usage: benches/scarce_openb.py SEQUENCE NODES DIR [SEED]

Writes DIR/{models,cpu,memory}.csv and their DIR/*_nodes.csv. `models` binds a third of the pods that ask for GPUs to models, drawn as the
models of GPUs are spread over the nodes; `cpu` asks for 2.5 times the CPU, `memory` for 3 times the memory. The latter two have
500 of the nodes, and pods that no node can hold are left out.
"""

import csv
import pathlib
import random
import sys


def write(path: pathlib.Path, rows: list[dict]) -> None:
    with path.open("w", newline="") as file:
        out = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        out.writeheader()
        out.writerows(rows)


def main() -> None:
    if not 4 <= len(sys.argv) <= 5:
        sys.exit(__doc__)
    pods = list(csv.DictReader(open(sys.argv[1], newline="")))
    nodes = list(csv.DictReader(open(sys.argv[2], newline="")))
    out = pathlib.Path(sys.argv[3])
    draw = random.Random(int(sys.argv[4]) if len(sys.argv) == 5 else 1)
    out.mkdir(parents=True, exist_ok=True)

    models = [node["model"] for node in nodes for _ in range(int(node["gpu"]))]
    bound = [pod | {"gpu_spec": draw.choice(models) if int(pod["num_gpu"]) and draw.random() < 1 / 3 else ""} for pod in pods]
    write(out / "models.csv", bound)
    write(out / "models_nodes.csv", nodes)
    for name, field, times in (("cpu", "cpu_milli", 2.5), ("memory", "memory_mib", 3)):
        few = sorted(draw.sample(nodes, 500), key=lambda node: node["sn"])
        most = max(int(node[field]) for node in few)
        more = [pod | {field: int(int(pod[field]) * times)} for pod in pods]
        write(out / f"{name}.csv", [pod for pod in more if pod[field] <= most])
        write(out / f"{name}_nodes.csv", few)


if __name__ == "__main__":
    main()
