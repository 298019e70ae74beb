"""Generalized assignment with HiGHS: a binary variable for each item with each agent."""

import peer
import highs
import highspy

arguments = peer.arguments()
costs, weights, capacities = peer.read_gap(arguments.instance)
agents, items = range(len(capacities)), range(len(costs[0]))

model = highspy.Highs()
goes = [[model.addVariable(0, 1, costs[agent][item], highspy.HighsVarType.kInteger) for item in items] for agent in agents]
for item in items:
    model.addConstr(model.qsum(goes[agent][item] for agent in agents) == 1)
for agent in agents:
    model.addConstr(model.qsum(weights[agent][item] * goes[agent][item] for item in items) <= capacities[agent])

if highs.solve(model, arguments):
    chosen = highs.value(model, goes)
    peer.write_answer(arguments.out, [next(agent for agent in agents if chosen[agent][item]) for item in items])
