"""The format of CATS, for the peers that solve combinatorial auctions, and how their outcomes are written."""

import json
import time


def read(path):
    """The number of goods with dummies, and for each bid its number, amount and goods."""
    goods, bids = 0, []
    for line in path.read_text().splitlines():
        words = line.split("%")[0].split()
        if words[:1] == ["goods"]:
            goods += int(words[1])
        elif words[:1] == ["dummy"]:
            goods += int(words[1])
        elif words and words[-1] == "#":
            bids.append((int(words[0]), int(words[1]), [int(word) for word in words[2:-1]]))
    return goods, bids


def rows(goods, bids):
    """The positions of the bids on each good that more than one wants."""
    holders = [[] for _ in range(goods)]
    for at, (_, _, wanted) in enumerate(bids):
        for good in wanted:
            holders[good].append(at)
    return [row for row in holders if len(row) > 1]


class Clock:
    """Seconds and CPU seconds of a solver alone."""

    def __enter__(self):
        self.begun = time.monotonic(), time.process_time()
        return self

    def __exit__(self, *_):
        self.seconds = time.monotonic() - self.begun[0]
        self.cpu_seconds = time.process_time() - self.begun[1]


def write(path, bids, chosen, bound, clock):
    """The outcome, with what the solver took; `chosen` is nothing where none was found."""
    winners = [bids[at][0] for at in chosen or []]
    value = sum(bids[at][1] for at in chosen or [])
    bound = None if bound is None or abs(bound) > 1e17 else bound
    outcome = {"winners": winners, "value": value, "bound": bound}
    path.write_text(json.dumps(outcome | {"seconds": clock.seconds, "cpu_seconds": clock.cpu_seconds}) + "\n")
