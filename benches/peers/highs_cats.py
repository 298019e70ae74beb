"""Combinatorial auctions with HiGHS: a binary variable for each bid, a row for each good and each bidder."""

import peer
import cats
import highspy

arguments = peer.arguments()
goods, bids = cats.read(arguments.instance)

model = highspy.Highs()
model.setOptionValue("output_flag", False)
wins = [model.addVariable(0, 1, amount, highspy.HighsVarType.kInteger) for _, amount, _ in bids]
for row in cats.rows(goods, bids):
    model.addConstr(model.qsum(wins[at] for at in row) <= 1)
model.changeObjectiveSense(highspy.ObjSense.kMaximize)
model.setOptionValue("threads", arguments.threads)
model.setOptionValue("random_seed", arguments.seed)
model.setOptionValue("mip_rel_gap", 0.0)
model.setOptionValue("mip_abs_gap", 0.999)
model.setOptionValue("time_limit", peer.seconds_left(arguments))
with cats.Clock() as clock:
    model.run()
info = model.getInfo()
found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
values = model.getSolution().col_value
chosen = [at for at in range(len(bids)) if values[at] > 0.5] if found else None
cats.write(arguments.out, bids, chosen, info.mip_dual_bound, clock)
