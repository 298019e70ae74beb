"""How the peers that use HiGHS solve an integer program once it is built."""

import peer
import highspy

# Costs are whole numbers: what is less than one from the bound is optimal.
ABSOLUTE_GAP = 0.999


def solve(highs, arguments):
    """Whether it found anything."""
    incumbents = peer.Incumbents(arguments.incumbents)
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("threads", arguments.threads)
    highs.setOptionValue("random_seed", arguments.seed)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", ABSOLUTE_GAP)
    highs.cbMipImprovingSolution += lambda event: incumbents.tell(
        event.data_out.objective_function_value, event.data_out.mip_dual_bound
    )
    highs.setOptionValue("time_limit", peer.seconds_left(arguments))
    highs.run()
    info = highs.getInfo()
    is_found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    incumbents.tell(info.objective_function_value if is_found else None, info.mip_dual_bound)
    return is_found


def value(highs, variables):
    """The values of variables, rounded, in the shape of a list of lists."""
    values = highs.getSolution().col_value
    return [[round(values[variable.index]) for variable in row] for row in variables]
