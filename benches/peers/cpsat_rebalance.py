"""Machine reassignment (ROADEF/EURO challenge 2012) with OR-Tools CP-SAT: a literal for each process on each machine."""

from collections import defaultdict

import peer
import cpsat
from ortools.sat.python import cp_model

arguments = peer.arguments(("model", "initial"))
problem = peer.read_reassignment(arguments.model, arguments.initial)
resources, machines, services = problem["resources"], problem["machines"], problem["services"]
processes, start = problem["processes"], problem["start"]
process_weight, service_weight, machine_weight = problem["weights"]
everywhere = range(len(machines))
weighted = cp_model.LinearExpr.weighted_sum

# Staying where it is is an answer, should the solver find none in its time.
peer.write_answer(arguments.out, start)

model = cp_model.CpModel()
on = [[model.new_bool_var("") for _ in everywhere] for _ in processes]
for literals in on:
    model.add_exactly_one(literals)
objective, factors = [], []


def at_start(need_of, at):
    """The sum of something over the processes that are on a machine before."""
    return sum(need_of(needs) for (_, needs, _), before in zip(processes, start) if before == at)


def variable(most, hint):
    """A whole number from zero on. Every variable has its value in the initial assignment as its hint."""
    made = model.new_int_var(0, most, "")
    model.add_hint(made, hint)
    return made


# Capacity: whoever leaves still needs what is transient, so there it counts whether it stays or not.
for at, (_, _, capacities, safety, _) in enumerate(machines):
    for resource, (is_transient, load_weight) in enumerate(resources):
        needs = [needs[resource] for _, needs, _ in processes]
        here = [literals[at] for literals in on]
        use = weighted(here, needs)
        if is_transient:
            comers = [process for process in range(len(processes)) if start[process] != at and needs[process]]
            standing = sum(needs[process] for process in range(len(processes)) if start[process] == at)
            coming = weighted([on[process][at] for process in comers], [needs[process] for process in comers])
            model.add(coming + standing <= capacities[resource])
        else:
            model.add(use <= capacities[resource])
        if load_weight and safety[resource] < capacities[resource]:
            used = at_start(lambda needs: needs[resource], at)
            over = variable(capacities[resource], max(0, used - safety[resource]))
            model.add(use - over <= safety[resource])
            objective.append(over)
            factors.append(load_weight)
    for first, second, target, weight in problem["balances"]:
        lack = lambda needs: needs[second] - target * needs[first]
        free = target * capacities[first] - capacities[second]
        short = variable(target * capacities[first] + 1, max(0, free + at_start(lack, at)))
        model.add(weighted([literals[at] for literals in on], [lack(needs) for _, needs, _ in processes]) + free <= short)
        objective.append(short)
        factors.append(weight)

members = defaultdict(list)
for process, (service, _, _) in enumerate(processes):
    members[service].append(process)
places = defaultdict(list)
hoods = defaultdict(list)
for at, (neighborhood, location, *_) in enumerate(machines):
    places[location].append(at)
    hoods[neighborhood].append(at)

# Literals that imply a process of the service in the neighborhood.
present = {}


def is_present(service, neighborhood):
    key = (service, neighborhood)
    if key not in present:
        present[key] = variable(1, any(start[process] in hoods[neighborhood] for process in members[service]))
        there = [on[process][at] for process in members[service] for at in hoods[neighborhood]]
        model.add(sum(there) >= present[key])
    return present[key]


most_moves = variable(max(map(len, members.values()), default=0), 0)
for service, (spread, dependencies) in enumerate(services):
    own = members[service]
    if len(own) > 1:
        for at in everywhere:
            model.add_at_most_one(on[process][at] for process in own)
    if spread > 1:
        reached = []
        for at_place in places.values():
            is_reached = variable(1, any(start[process] in at_place for process in own))
            model.add(sum(on[process][at] for process in own for at in at_place) >= is_reached)
            reached.append(is_reached)
        model.add(sum(reached) >= spread)
    for other in dependencies:
        for neighborhood, at_hood in hoods.items():
            for process in own:
                for at in at_hood:
                    model.add(on[process][at] <= is_present(other, neighborhood))
    if own:
        model.add(len(own) - sum(on[process][start[process]] for process in own) <= most_moves)
objective.append(most_moves)
factors.append(service_weight)

for process, (_, _, move_cost) in enumerate(processes):
    before = start[process]
    for at in everywhere:
        cost = machine_weight * machines[before][4][at] + (process_weight * move_cost if at != before else 0)
        if cost:
            objective.append(on[process][at])
            factors.append(cost)
        model.add_hint(on[process][at], at == before)
model.minimize(weighted(objective, factors))

solver = cpsat.solve(model, arguments)
if solver:
    chosen = [next(at for at in everywhere if solver.boolean_value(literals[at])) for literals in on]
    peer.write_answer(arguments.out, chosen)
