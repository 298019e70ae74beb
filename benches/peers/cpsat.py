"""How the peers that use OR-Tools CP-SAT solve a model once it is built."""

import peer
from ortools.sat.python import cp_model


class Told(cp_model.CpSolverSolutionCallback):
    """Tells each incumbent."""

    def __init__(self, incumbents):
        super().__init__()
        self.incumbents = incumbents

    def on_solution_callback(self):
        self.incumbents.tell(self.objective_value, self.best_objective_bound)


def solve(model, arguments):
    """The solver after its run; `None` where it found nothing."""
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = peer.seconds_left(arguments)
    solver.parameters.num_workers = arguments.threads
    solver.parameters.random_seed = arguments.seed
    incumbents = peer.Incumbents(arguments.incumbents)
    status = solver.solve(model, Told(incumbents))
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        incumbents.tell(None, solver.best_objective_bound)
        return None
    incumbents.tell(solver.objective_value, solver.best_objective_bound)
    return solver
