"""What all peers share: their flags, the public formats, and how answers and incumbents are written.

Import this first: the seconds of a peer are counted from here.
"""

import argparse
import math
import time
from pathlib import Path

STARTED = time.monotonic()

# Left of the seconds for the way out of a solver and for writing the answer.
RESERVE_SECONDS = 0.3


def arguments(instance_names=("instance",)):
    """The flags of `lessor bench`: one for each file of the instance, and those that every run has."""
    parser = argparse.ArgumentParser()
    for name in instance_names:
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--incumbents", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    return parser.parse_args()


def seconds_left(arguments):
    """What is left of the seconds for a solver, once its model is built."""
    spent = time.monotonic() - STARTED
    reserve = min(RESERVE_SECONDS, arguments.seconds / 4)
    return max(0.01, arguments.seconds - spent - reserve)


class Incumbents:
    """A file with a line `seconds,cost,bound` for each incumbent, written through at once."""

    def __init__(self, path):
        self.file = path and path.open("w", buffering=1)
        if self.file:
            self.file.write("seconds,cost,bound\n")

    def tell(self, cost, bound):
        """Costs are whole numbers, so a bound may be rounded up; what is not finite is left out."""
        if not self.file:
            return
        cost = "" if cost is None or not math.isfinite(cost) else round(cost)
        bound = "" if bound is None or not math.isfinite(bound) else math.ceil(bound - 1e-6)
        self.file.write(f"{time.monotonic() - STARTED:.6f},{cost},{bound}\n")


def write_answer(path, numbers):
    """One number a line, put in place whole."""
    beside = path.with_name(path.name + ".part")
    beside.write_text("".join(f"{number}\n" for number in numbers))
    beside.replace(path)


def numbers(path):
    return iter([int(word) for word in path.read_text().split()])


def read_gap(path):
    """Costs and weights agent by agent, and capacities."""
    read = numbers(path)
    agents, items = next(read), next(read)
    costs = [[next(read) for _ in range(items)] for _ in range(agents)]
    weights = [[next(read) for _ in range(items)] for _ in range(agents)]
    return costs, weights, [next(read) for _ in range(agents)]


def read_vbp(path):
    """Capacities, and for each item type its sizes and its demand."""
    read = numbers(path)
    dimensions = next(read)
    capacities = [next(read) for _ in range(dimensions)]
    types = []
    for _ in range(next(read)):
        sizes = [next(read) for _ in range(dimensions)]
        types.append((sizes, next(read)))
    return capacities, types


def first_fit(capacities, types):
    """How many of each type are in each bin: the largest types first, each item into the first bin that holds it.

    Types that make room come last, where they can do no harm.
    """
    order = sorted(range(len(types)), key=lambda at: -max(s / max(c, 1) for s, c in zip(types[at][0], capacities)))
    order.sort(key=lambda at: min(types[at][0]) < 0)
    bins, loads = [], []
    for at in order:
        sizes, demand = types[at]
        for _ in range(demand):
            for held, load in zip(bins, loads):
                if all(l + s <= c for l, s, c in zip(load, sizes, capacities)):
                    break
            else:
                held, load = [0] * len(types), [0] * len(capacities)
                bins.append(held)
                loads.append(load)
            held[at] += 1
            load[:] = [l + s for l, s in zip(load, sizes)]
    return bins


def bins_of_items(counts, types):
    """The bin of each item, items in the order of the file, from how many of each type are in each bin."""
    answer = []
    for at, (_, demand) in enumerate(types):
        of_type = [bin for bin, held in enumerate(counts) for _ in range(held[at])]
        assert len(of_type) == demand
        answer += of_type
    return answer


def read_reassignment(model, initial):
    """The parts of a problem of the ROADEF/EURO challenge 2012, as a dictionary of lists."""
    read = numbers(model)
    take = lambda count: [next(read) for _ in range(count)]
    resources = [take(2) for _ in range(next(read))]
    kinds = len(resources)
    machine_count = next(read)
    machines = []
    for _ in range(machine_count):
        neighborhood, location = take(2)
        machines.append((neighborhood, location, take(kinds), take(kinds), take(machine_count)))
    services = []
    for _ in range(next(read)):
        spread = next(read)
        services.append((spread, take(next(read))))
    processes = []
    for _ in range(next(read)):
        service = next(read)
        needs = take(kinds)
        processes.append((service, needs, next(read)))
    balances = [take(4) for _ in range(next(read))]
    return {
        "resources": resources,
        "machines": machines,
        "services": services,
        "processes": processes,
        "balances": balances,
        "weights": take(3),
        "start": [int(word) for word in initial.read_text().split()],
    }
