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
    /// Each job in the order of its earliest start, at the first instant at which it fits anywhere; whatever that costs.
    FirstCome,
}

impl PlanMethod {
    /// The same for the planner.
    pub(crate) const fn of_planner(self) -> Method {
        match self {
            PlanMethod::Auto => Method::Auto,
            PlanMethod::FirstCome => Method::FirstCome,
        }
    }
}
