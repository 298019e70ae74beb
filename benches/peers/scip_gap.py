"""Generalized assignment with SCIP: a binary variable for each item with each agent. SCIP runs on one thread."""

import peer
from pyscipopt import SCIP_EVENTTYPE, Eventhdlr, Model, quicksum

arguments = peer.arguments()
costs, weights, capacities = peer.read_gap(arguments.instance)
agents, items = range(len(capacities)), range(len(costs[0]))
incumbents = peer.Incumbents(arguments.incumbents)


class Told(Eventhdlr):
    """Tells each incumbent."""

    def eventinit(self):
        self.model.catchEvent(SCIP_EVENTTYPE.BESTSOLFOUND, self)

    def eventexit(self):
        self.model.dropEvent(SCIP_EVENTTYPE.BESTSOLFOUND, self)

    def eventexec(self, event):
        cost = self.model.getSolObjVal(self.model.getBestSol())
        bound = self.model.getDualbound()
        incumbents.tell(cost, None if self.model.isInfinity(abs(bound)) else bound)


model = Model()
model.hideOutput()
goes = [[model.addVar(vtype="B", obj=costs[agent][item]) for item in items] for agent in agents]
for item in items:
    model.addCons(quicksum(goes[agent][item] for agent in agents) == 1)
for agent in agents:
    model.addCons(quicksum(weights[agent][item] * goes[agent][item] for item in items) <= capacities[agent])
model.includeEventhdlr(Told(), "told", "tells each incumbent")
model.setParam("randomization/randomseedshift", arguments.seed)
model.setParam("timing/clocktype", 2)
model.setParam("limits/time", peer.seconds_left(arguments))
model.optimize()

if model.getNSols():
    best = model.getBestSol()
    incumbents.tell(model.getSolObjVal(best), model.getDualbound())
    chosen = [max(agents, key=lambda agent: model.getSolVal(best, goes[agent][item])) for item in items]
    peer.write_answer(arguments.out, chosen)
