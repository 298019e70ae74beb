"""Machine reassignment (ROADEF/EURO challenge 2012) with Meta's Rebalancer: rules and costs as its specs, its local search."""

import os
from collections import defaultdict

import peer
from rebalancer import ProblemSolver

ABSOLUTE = 1
AFTER, DURING_AND_AFTER = 1, 2
AT_MOST, AT_LEAST = 1, 2

arguments = peer.arguments(("model", "initial"))
problem = peer.read_reassignment(arguments.model, arguments.initial)
machines, services, processes = problem["machines"], problem["services"], problem["processes"]
start = problem["start"]
process_weight, service_weight, machine_weight = problem["weights"]

# Staying where it is is an answer, should the solver find none in its time.
peer.write_answer(arguments.out, start)

# The solver takes every core that it sees.
os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: arguments.threads])

solver = ProblemSolver("lessor", "peer")
solver.disable_scuba_logging()
solver.set_log_level("WARNING")
solver.set_object_name("process")
solver.set_container_name("machine")
process_names = [f"p{process}" for process in range(len(processes))]
machine_names = [f"m{machine}" for machine in range(len(machines))]

assignment = {machine: [] for machine in machine_names}
for name, at in zip(process_names, start):
    assignment[machine_names[at]].append(name)
solver.set_assignment(assignment)

members = defaultdict(list)
for name, (service, _, _) in zip(process_names, processes):
    members[f"s{service}"].append(name)
solver.add_partition("service", dict(members))
solver.add_scope("location", {name: f"l{location}" for name, (_, location, *_) in zip(machine_names, machines)})
solver.add_scope("neighborhood", {name: f"n{hood}" for name, (hood, *_) in zip(machine_names, machines)})


def capacity(name, dimension, amounts, definition=AFTER):
    """At most so much of a dimension on each machine; as a goal, what is above that."""
    limits = {machine: float(amount) for machine, amount in zip(machine_names, amounts)}
    limit = {"type": ABSOLUTE, "globalLimit": 0, "scopeItemLimits": limits}
    spec = {"name": name, "scope": "machine", "dimension": dimension, "definition": definition, "limit": limit}
    return {"capacitySpec": spec}


for resource, (is_transient, load_weight) in enumerate(problem["resources"]):
    dimension = f"r{resource}"
    needs = {name: float(needs[resource]) for name, (_, needs, _) in zip(process_names, processes)}
    solver.add_object_dimension(dimension, needs)
    hard = [capacities[resource] for _, _, capacities, _, _ in machines]
    soft = [safety[resource] for _, _, _, safety, _ in machines]
    definition = DURING_AND_AFTER if is_transient else AFTER
    solver.add_constraint(capacity(f"capacity {resource}", dimension, hard, definition))
    if load_weight:
        solver.add_goal(capacity(f"load {resource}", dimension, soft), weight=float(load_weight))

# What is free of the second resource should be its target times what is free of the first: use above that is the cost.
for number, (first, second, target, weight) in enumerate(problem["balances"]):
    dimension = f"b{number}"
    lacks = [needs[second] - target * needs[first] for _, needs, _ in processes]
    solver.add_object_dimension(dimension, {name: float(lack) for name, lack in zip(process_names, lacks)})
    free = [capacities[second] - target * capacities[first] for _, _, capacities, _, _ in machines]
    solver.add_goal(capacity(f"balance {number}", dimension, free), weight=float(weight))

alone = {"type": ABSOLUTE, "globalLimit": 1}
one_each = {"scope": "machine", "partitionName": "service", "dimension": "process_count", "bound": AT_MOST, "limit": alone}
solver.add_constraint({"groupCountSpec": {"name": "one of a service on a machine", **one_each}})

spreads = {f"s{service}": float(spread) for service, (spread, _) in enumerate(services) if spread > 1}
spreads = {service: spread for service, spread in spreads.items() if service in members}
if spreads:
    limits = {"type": ABSOLUTE, "globalLimit": 0, "groupLimits": spreads}
    spread = {"scope": "location", "partitionName": "service", "bound": AT_LEAST, "limits": limits}
    solver.add_constraint({"colocateGroupsSpec": {"name": "spread", **spread}})


def presence(name, service, hood, bound, count, otherwise):
    """At most or at least so many processes of a service in a neighborhood; what holds of other services is no rule."""
    limit = {"type": ABSOLUTE, "globalLimit": float(otherwise), "groupLimits": {f"s{service}": float(count)}}
    spec = {"name": name, "scope": "neighborhood", "partitionName": "service", "dimension": "process_count"}
    return {"groupCountSpec": {**spec, "bound": bound, "filter": {"itemsWhitelist": [hood]}, "limit": limit}}


hoods = sorted({f"n{hood}" for hood, *_ in machines})
for service, (_, dependencies) in enumerate(services):
    for other in dependencies:
        for hood in hoods:
            name = f"{service} needs {other} in {hood}"
            absent = presence(f"{name}: absent", service, hood, AT_MOST, 0, len(processes))
            served = presence(f"{name}: served", other, hood, AT_LEAST, 1, 0)
            solver.add_constraint({"logicalOrSpec": {"name": name, "genericSpecs": [absent, served]}})

# What a move costs depends on both machines and on the process: processes from one machine at one cost are alike.
homes = defaultdict(list)
for name, at, (_, _, cost) in zip(process_names, start, processes):
    homes[at, cost].append(name)
solver.add_partition("home", {f"h{at}_{cost}": names for (at, cost), names in homes.items()})
everywhere = range(len(machines))


def by_home(of):
    """A dimension's value for each machine and each group of processes that come from one machine at one cost."""
    return {machine_names[to]: {f"h{at}_{cost}": float(of(at, cost, to)) for at, cost in homes} for to in everywhere}


move_cost = by_home(lambda at, cost, to: machine_weight * machines[at][4][to] + (process_weight * cost if to != at else 0))
solver.add_dynamic_object_dimension_by_partition("move cost", "machine", "home", move_cost)
solver.add_goal(capacity("moves", "move cost", [0] * len(machines)), weight=1.0)
solver.add_scope("fleet", {machine: "fleet" for machine in machine_names})
solver.add_dynamic_object_dimension_by_partition("moved", "machine", "home", by_home(lambda at, _, to: to != at))
most_moved = {"name": "most moved of a service", "scope": "fleet", "partitionName": "service", "dimension": "moved"}
solver.add_goal({"sumOfMaxSpec": most_moved}, weight=float(service_weight))

seconds = int(peer.seconds_left(arguments))
if seconds > 0:
    moves = [{"singleMoveTypeSpec": {}}, {"swapMoveTypeSpec": {}}]
    search = {"solveTime": seconds, "moveTypeList": moves, "randomSeed": arguments.seed}
    solver.add_solver({"localSearchSolverSpec": search})
    solved = solver.solve()
    peer.write_answer(arguments.out, [int(solved["assignment"][name][1:]) for name in process_names])
