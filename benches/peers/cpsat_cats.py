"""Combinatorial auctions with OR-Tools CP-SAT: a literal for each bid, at most one of each good and each bidder."""

import peer
import cats
from ortools.sat.python import cp_model

arguments = peer.arguments()
goods, bids = cats.read(arguments.instance)

model = cp_model.CpModel()
wins = [model.new_bool_var("") for _ in bids]
for row in cats.rows(goods, bids):
    model.add_at_most_one(wins[at] for at in row)
model.maximize(sum(amount * win for (_, amount, _), win in zip(bids, wins)))
solver = cp_model.CpSolver()
solver.parameters.num_workers = arguments.threads
solver.parameters.random_seed = arguments.seed
solver.parameters.max_time_in_seconds = peer.seconds_left(arguments)
with cats.Clock() as clock:
    status = solver.solve(model)
found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
chosen = [at for at, win in enumerate(wins) if solver.value(win)] if found else None
cats.write(arguments.out, bids, chosen, solver.best_objective_bound, clock)
