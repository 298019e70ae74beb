"""Generalized assignment with OR-Tools CP-SAT: a literal for each item with each agent."""

import peer
import cpsat
from ortools.sat.python import cp_model

arguments = peer.arguments()
costs, weights, capacities = peer.read_gap(arguments.instance)
agents, items = range(len(capacities)), range(len(costs[0]))

model = cp_model.CpModel()
goes = [[model.new_bool_var("") for _ in items] for _ in agents]
for item in items:
    model.add_exactly_one(goes[agent][item] for agent in agents)
for agent in agents:
    model.add(cp_model.LinearExpr.weighted_sum(goes[agent], weights[agent]) <= capacities[agent])
model.minimize(cp_model.LinearExpr.weighted_sum(sum(goes, []), sum(costs, [])))

solver = cpsat.solve(model, arguments)
if solver:
    chosen = [next(agent for agent in agents if solver.boolean_value(goes[agent][item])) for item in items]
    peer.write_answer(arguments.out, chosen)
