"""Vector packing with OR-Tools CP-SAT: how many of each type are in each bin, as many bins as first fit needs."""

import peer
import cpsat
from ortools.sat.python import cp_model

arguments = peer.arguments()
capacities, types = peer.read_vbp(arguments.instance)
greedy = peer.first_fit(capacities, types)

# First fit is an answer, should the solver find none in its time.
peer.write_answer(arguments.out, peer.bins_of_items(greedy, types))

model = cp_model.CpModel()
used = [model.new_bool_var("") for _ in greedy]
count = [[model.new_int_var(0, demand, "") for _, demand in types] for _ in greedy]
for at, (_, demand) in enumerate(types):
    model.add(sum(held[at] for held in count) == demand)
for is_used, held in zip(used, count):
    for dimension, capacity in enumerate(capacities):
        sizes = [sizes[dimension] for sizes, _ in types]
        model.add(cp_model.LinearExpr.weighted_sum(held, sizes) <= capacity * is_used)
    # A type that takes nothing, or makes room, is in no bin that is not used.
    for at, (sizes, demand) in enumerate(types):
        if max(sizes) <= 0 or min(sizes) < 0:
            model.add(held[at] <= demand * is_used)
for earlier, later in zip(used, used[1:]):
    model.add_implication(later, earlier)
model.minimize(sum(used))
for is_used, held, found in zip(used, count, greedy):
    model.add_hint(is_used, True)
    for variable, value in zip(held, found):
        model.add_hint(variable, value)

solver = cpsat.solve(model, arguments)
if solver:
    counts = [[solver.value(variable) for variable in held] for held in count]
    peer.write_answer(arguments.out, peer.bins_of_items(counts, types))
