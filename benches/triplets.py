#!/usr/bin/env python3
"""Vector packing triplets with slack: bins of three items each, then capacities a little larger.

Usage: benches/triplets.py DIR [SEED]

Writes DIR/{F,C}_ITEMS_DIMENSIONS_SLACK.vbp and DIR/reference.csv. In every dimension the items of a triplet add up to 100;
capacities are 101, 102 or 103. So a third as many bins as items are enough, and whether fewer are is for a solver to say. F draws
items as Falkenauer (1996) does: one from 38 to 49, the others from 25 up; C takes cuts anywhere in the middle half.
"""

import itertools
import pathlib
import random
import sys

WHOLE = 100


def falkenauer(draw: random.Random) -> list[int]:
    large = draw.randint(38, 49)
    middle = draw.randint(25, (WHOLE - large) // 2)
    return [large, middle, WHOLE - large - middle]


def cuts(draw: random.Random) -> list[int]:
    large = draw.randint(25, 52)
    middle = draw.randint(25, min(52, WHOLE - large - 1))
    return [large, middle, WHOLE - large - middle]


def main() -> None:
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    out = pathlib.Path(sys.argv[1])
    draw = random.Random(int(sys.argv[2]) if len(sys.argv) == 3 else 1)
    out.mkdir(parents=True, exist_ok=True)
    rows = ["instance,set,lower_bound,optimum,best_heuristic"]
    kinds = itertools.cycle([("F", falkenauer), ("C", cuts)])
    for items, dimensions, slack in itertools.product((60, 120, 249), (3, 5, 10), (1, 2, 3)):
        name, split = next(kinds)
        sizes = []
        for _ in range(items // 3):
            # Each dimension is split by itself; the parts of one triplet stay together.
            sizes.extend(zip(*(draw.sample(parts, 3) for parts in (split(draw) for _ in range(dimensions)))))
        draw.shuffle(sizes)
        lines = [str(dimensions), " ".join([str(WHOLE + slack)] * dimensions), str(items)]
        lines.extend(" ".join(map(str, (*size, 1))) for size in sizes)
        stem = f"{name}_{items}_{dimensions}_{slack}"
        (out / f"{stem}.vbp").write_text("\n".join(lines) + "\n")
        rows.append(f"{stem},triplet,,,{items // 3}")
    (out / "reference.csv").write_text("\n".join(rows) + "\n")


if __name__ == "__main__":
    main()
