"""Vector packing with HiGHS: how many of each type are in each bin, as many bins as first fit needs."""

import peer
import highs
import highspy

arguments = peer.arguments()
capacities, types = peer.read_vbp(arguments.instance)
greedy = peer.first_fit(capacities, types)

model = highspy.Highs()
whole = highspy.HighsVarType.kInteger
used = [model.addVariable(0, 1, 1, whole) for _ in greedy]
count = [[model.addVariable(0, demand, 0, whole) for _, demand in types] for _ in greedy]
for at, (_, demand) in enumerate(types):
    model.addConstr(model.qsum(held[at] for held in count) == demand)
for is_used, held in zip(used, count):
    for dimension, capacity in enumerate(capacities):
        load = model.qsum(sizes[dimension] * held[at] for at, (sizes, _) in enumerate(types) if sizes[dimension])
        model.addConstr(load - capacity * is_used <= 0)
    # A type that takes nothing, or makes room, is in no bin that is not used.
    for at, (sizes, demand) in enumerate(types):
        if max(sizes) <= 0 or min(sizes) < 0:
            model.addConstr(held[at] - demand * is_used <= 0)
for earlier, later in zip(used, used[1:]):
    model.addConstr(earlier - later >= 0)

# What first fit found is where it starts.
start = highspy.HighsSolution()
start.col_value = [1.0] * len(greedy) + [float(found) for held in greedy for found in held]
model.setSolution(start)

if highs.solve(model, arguments):
    peer.write_answer(arguments.out, peer.bins_of_items(highs.value(model, count), types))
