//! Flags of `lessor plan`, `lessor check` and `lessor explain`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::duration_text;
use crate::front::pair::Pair;
use crate::plan::keep::Keep;
use crate::plan::method::PlanMethod;
use crate::process::memory::Memory;

pub(super) const PLAN_EXAMPLES: &str = "\
Examples:
  lessor plan --fleet fleet --out plan
      plans the jobs of the fleet directory within 30 seconds
  lessor plan --fleet fleet --jobs tomorrow.parquet --deadline 2m --out plan --force
      plans other jobs on the same fleet, and replaces the plan of before
  lessor plan --fleet fleet --work 100000 --seed 7 --json --out plan
      the same files on every machine and any number of threads, and one JSON object on standard output
  lessor plan --fleet fleet --current plan --keep 10 --out next
      plans again from what the last plan runs, and moves what is worth ten times its move cost
  lessor plan --fleet fleet --prices round --out next
      charges what capsules use of accounts at the prices that a round of the market cleared at
  lessor plan --fleet fleet --front value,energy --points 12 --deadline 2m --out front
      twelve plans between the most value and the least energy, as a table, a page and a picture, to choose from

A file of weights is TOML with any of these keys (defaults in brackets): energy_permille, carbon_permille, \
risk_permille, thermal_permille, latency_permille, moves_permille, headroom_permille, balance_permille and dues_permille \
in thousandths (1000); move_share_permille, the cost of a move where its job states none, in thousandths of the bid (1); \
transient, the kinds that a capsule on the move holds at both ends until it has arrived, and where it left while it is \
paused, such as memory and storage (none); energy_price (100000) and thermal_price (10000) in micro-credits per \
kilowatt-hour; carbon_price (70000) in micro-credits per kilogram of carbon dioxide; latency_price (1000) in \
micro-credits per millisecond and hour. Tables [[headroom]] (kind, safe_permille, price) and [[balance]] (of, kept, \
target_per_billion, price) say what the use of tiles costs.";

pub(super) const CHECK_EXAMPLES: &str = "\
Example:
  lessor check plan && echo feasible";

pub(super) const EXPLAIN_EXAMPLES: &str = "\
Example:
  lessor explain plan job-17";

/// Flags of `lessor plan`.
#[derive(Debug, Args)]
pub struct PlanArgs {
    /// The fleet directory.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// Jobs from this table in place of the directory's.
    #[arg(long, value_name = "FILE")]
    pub jobs: Option<PathBuf>,
    /// Telemetry from this table in place of the directory's.
    #[arg(long, value_name = "FILE")]
    pub telemetry: Option<PathBuf>,
    /// Placements that run already, in place of the directory's: a table, or the directory of the last plan.
    #[arg(long, value_name = "FILE")]
    pub current: Option<PathBuf>,
    /// What the use of accounts costs: the directory of a round of the market, or a table of prices.
    #[arg(long, value_name = "FILE")]
    pub prices: Option<PathBuf>,
    /// How strongly what runs stays where it is: a factor on the weight of moves; 0 lets everything move that may [default: 1].
    #[arg(long, value_name = "X", value_parser = Keep::parse, allow_hyphen_values = true)]
    pub keep: Option<Keep>,
    /// Plans the trade-off between two terms of the objective: two of value, energy, carbon, risk, thermal, latency, moves,
    /// headroom, balance and dues.
    #[arg(long, value_name = "A,B", value_parser = Pair::parse)]
    pub front: Option<Pair>,
    /// How many weighings of the two terms are planned at most, 2 to 99 [default: 9].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(2..=99), requires = "front")]
    pub points: Option<u8>,
    /// How the plan is made.
    #[arg(long, value_name = "M", value_enum, default_value_t = PlanMethod::Auto, conflicts_with = "front")]
    pub method: PlanMethod,
    /// Weights of the objective, TOML.
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,
    /// The plan is there by then, counted from the start of the process [default: 30s].
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse_deadline, conflicts_with = "work")]
    pub deadline: Option<Duration>,
    /// A limit in work (search moves) in place of time: the result does not depend on the machine.
    #[arg(long, value_name = "N")]
    pub work: Option<u64>,
    /// Memory that the process may take: with less, time is told apart less finely, fewer plans are compared, and bound and
    /// search end early [default: no limit].
    #[arg(long, value_name = "SIZE", value_parser = Memory::parse)]
    pub memory: Option<Memory>,
    /// Threads [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Seed of the search: the one number that reproduces a run.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Prints nothing but errors.
    #[arg(long, conflicts_with = "json")]
    pub quiet: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the plan goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The plan directory.
    #[arg(value_name = "DIR")]
    pub plan: PathBuf,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// The plan directory.
    #[arg(value_name = "DIR")]
    pub plan: PathBuf,
    /// The name of a job.
    #[arg(value_name = "JOB")]
    pub job: String,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}
