#!/usr/bin/env python3
"""Machine reassignments in the form of the ROADEF/EURO challenge 2012, in the shape of its largest.

Usage: benches/reassignments.py DIR [SEED]

Writes DIR/model_NAME.txt and DIR/assignment_NAME.txt for each shape. A start that breaks nothing is drawn first, capacities and rules around it: the
load of a machine is some 86 % of its capacity, safety capacities are below that on many, and services must keep as many
locations as they have or fewer, and depend on services that are in all of their neighborhoods.
"""

import pathlib
import random
import sys

# Name: processes, machines, resources, services, locations, dependencies, largest service, share of the drawn safety capacity.
SHAPES = {
    "p40000_m4000": (40_000, 4_000, 6, 15_050, 50, 43_000, 10, 1.0),
    "p50000_m1000": (50_000, 1_000, 3, 4_600, 100, 43_000, 20, 1.0),
    "p50000_m5000": (50_000, 5_000, 3, 4_900, 100, 47_000, 20, 1.0),
    "p50000_m5000_full": (50_000, 5_000, 3, 4_900, 100, 47_000, 20, 0.88),
}
NEIGHBORHOODS = 5
# From the least to the greatest need of each resource.
NEEDS = [(900, 9e5), (900, 1.7e6), (1_000, 7e6), (300, 2.5e7), (100, 9e6), (80, 5e5)]


def sizes(processes: int, services: int, largest: int, draw: random.Random) -> list[int]:
    """How many processes each service has: one each, and the rest among services of several."""
    several = min(services, int((processes - services) / ((2 + largest) / 2 - 1)))
    counts = [draw.randint(2, largest) for _ in range(several)] + [1] * (services - several)
    off = processes - sum(counts)
    while off:
        at = draw.randrange(several)
        step = 1 if off > 0 else -1
        if 2 <= counts[at] + step <= 2 * largest:
            counts[at] += step
            off -= step
    draw.shuffle(counts)
    return counts


def need(resource: int, base: float, draw: random.Random) -> int:
    """What a process needs of a resource; the first ones rise and fall together."""
    least, most = NEEDS[resource]
    level = draw.random()
    if resource < 4:
        level = min(1.0, max(0.0, base + draw.gauss(0, 0.06 * (1 + resource))))
    return int(least * (most / least) ** level)


def write(out: pathlib.Path, name: str, seed: int) -> None:
    """Draws an instance and writes its model and its start."""
    processes, machines, resources, services, locations, dependencies, largest, share = SHAPES[name]
    draw = random.Random(f"{name} {seed}")
    location = [draw.randrange(locations) for _ in range(machines)]
    neighborhood = [draw.randrange(NEIGHBORHOODS) for _ in range(machines)]
    members, start = [], []
    for count in sizes(processes, services, largest, draw):
        members.append(range(len(start), len(start) + count))
        start += draw.sample(range(machines), count)
    needs = []
    for _ in range(processes):
        base = draw.random()
        needs.append([need(resource, base, draw) for resource in range(resources)])
    used = [[0] * resources for _ in range(machines)]
    for machine, row in zip(start, needs):
        used[machine] = [sum(pair) for pair in zip(used[machine], row)]
    least = [0.63 * sum(row[r] for row in used) / machines for r in range(resources)]
    with open(out / f"model_{name}.txt", "w", encoding="ascii") as model:
        model.write(f"{resources}\n" + "0 10\n" * resources + f"{machines}\n")
        for machine in range(machines):
            load, safe = draw.gauss(0, 1), draw.uniform(0.8, 0.95) * (draw.random() >= 0.03)
            filled = [min(0.998, max(0.5, 0.86 + 0.045 * load + 0.04 * draw.gauss(0, 1))) for _ in range(resources)]
            capacity = [max(int(u / f) + 2, int(l)) for u, f, l in zip(used[machine], filled, least)]
            safety = [int(c * share * min(0.95, max(0, safe + draw.gauss(0, 0.01) * (safe > 0)))) for c in capacity]
            costs = [
                0 if location[machine] == location[to] else 1 if neighborhood[machine] == neighborhood[to] else 2
                for to in range(machines)
            ]
            row = [neighborhood[machine], location[machine], *capacity, *safety, *costs]
            model.write(" ".join(map(str, row)) + "\n")
        places = [{neighborhood[start[p]] for p in processes_of} for processes_of in members]
        wide = sorted(range(services), key=lambda service: -len(places[service]))[: services // 4]
        on = [set() for _ in range(services)]
        for _ in range(dependencies):
            service, other = draw.randrange(services), draw.choice(wide)
            if service != other and places[service] <= places[other]:
                on[service].add(other)
        model.write(f"{services}\n")
        for service, processes_of in enumerate(members):
            spread = draw.randrange(len({location[start[p]] for p in processes_of}))
            model.write(" ".join(map(str, [spread, len(on[service]), *sorted(on[service])])) + "\n")
        model.write(f"{processes}\n")
        for service, processes_of in enumerate(members):
            for process in processes_of:
                model.write(" ".join(map(str, [service, *needs[process], 1])) + "\n")
        model.write("1\n0 1 2\n10\n1 10 100\n")
    (out / f"assignment_{name}.txt").write_text(" ".join(map(str, start)) + "\n", encoding="ascii")


def main() -> None:
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    out.mkdir(parents=True, exist_ok=True)
    for name in SHAPES:
        write(out, name, int(sys.argv[2]) if len(sys.argv) == 3 else 1)
        print(name, flush=True)


if __name__ == "__main__":
    main()
