//! How a plan is made, on the command line and in `run.json`.

use clap::ValueEnum;
use lessor_engine::planner::Method;
use serde::{Deserialize, Serialize};

/// How `lessor plan` makes a plan.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PlanMethod {
    /// Whatever gives the best plan in time.
    #[default]
    Auto,
    /// First plans, with a proof, and no search.
    Construction,
    /// The search over single tiles alone.
    Tiles,
    /// The search by displacement alone; it has work where time matters.
    Displacement,
    /// The search by rescheduling alone.
    Rescheduling,
    /// The search over neighborhoods alone, by integer programs.
    Neighborhoods,
    /// The search by reinsertion alone; it has work on small fleets where jobs depend on each other.
    Reinsertion,
    /// Each job in the order of its earliest start, at the first instant at which it fits anywhere; whatever that costs.
    FirstCome,
}

impl PlanMethod {
    /// The word on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            PlanMethod::Auto => "auto",
            PlanMethod::Construction => "construction",
            PlanMethod::Tiles => "tiles",
            PlanMethod::Displacement => "displacement",
            PlanMethod::Rescheduling => "rescheduling",
            PlanMethod::Neighborhoods => "neighborhoods",
            PlanMethod::Reinsertion => "reinsertion",
            PlanMethod::FirstCome => "first-come",
        }
    }

    /// The same for the planner.
    pub(crate) const fn of_planner(self) -> Method {
        match self {
            PlanMethod::Auto => Method::Auto,
            PlanMethod::Construction => Method::Construction,
            PlanMethod::Tiles => Method::Tiles,
            PlanMethod::Displacement => Method::Displacement,
            PlanMethod::Rescheduling => Method::Rescheduling,
            PlanMethod::Neighborhoods => Method::Neighborhoods,
            PlanMethod::Reinsertion => Method::Reinsertion,
            PlanMethod::FirstCome => Method::FirstCome,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_the_words_on_the_command_line() {
        for method in PlanMethod::value_variants() {
            assert_eq!(method.to_possible_value().unwrap().get_name(), method.name());
        }
    }
}
