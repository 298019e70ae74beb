//! Verbs and flags. What they mean to others is in `docs/cli.md`: they change only with a line in the changelog.

mod amount;
mod bench;
mod bench_admission;
mod bench_cats;
mod bench_leases;
mod duration_text;
mod journal;
mod lease;
mod market;
mod serve;
mod solve;

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use lessor_engine::planner::Method;
use serde::{Deserialize, Serialize};

use crate::front::Pair;
use crate::plan::keep::Keep;
use crate::process::memory::Memory;

pub use bench::{
    BenchArgs, BenchCompareArgs, BenchGapArgs, BenchLeasesArgs, BenchLeasesKillArgs, BenchLeasesLoadArgs,
    BenchLeasesOverloadArgs, BenchLeasesSimulateArgs, BenchLeasesVerb, BenchOpenbArgs, BenchPlanArgs,
    BenchRebalanceArgs, BenchVbpArgs, BenchVerb,
};
pub use bench_admission::BenchAdmissionArgs;
pub use bench_cats::BenchCatsArgs;
pub use bench_leases::BenchLeasesLiveArgs;
pub use journal::{JournalArgs, JournalBackupArgs, JournalRestoreArgs, JournalVerb, JournalVerifyArgs};
pub use lease::{
    ClassFlag, LeaseArgs, LeaseConfirmArgs, LeaseDrainArgs, LeaseExplainArgs, LeaseListArgs, LeaseNameArgs,
    LeaseQuoteArgs, LeaseReleaseArgs, LeaseRenewArgs, LeaseRequestArgs, LeaseRevokeArgs, LeaseTelemetryArgs, LeaseVerb,
    LeaseWatchArgs, ServerArgs, SpecArgs, StateFlag,
};
pub use market::{
    MarketArgs, MarketBookArgs, MarketClearArgs, MarketLintArgs, MarketPricesArgs, MarketQuoteArgs, MarketVerb,
    MarketWhyArgs,
};
pub use serve::ServeArgs;
pub use solve::{
    DoubleRuleFlag, GapMethodFlag, OpenbMethodFlag, PaymentRuleFlag, RoadefMethodFlag, SolveArgs, SolveAssignmentArgs,
    SolveCatsArgs, SolveCommonArgs, SolveDoubleArgs, SolveFamily, SolveGapArgs, SolveLimitArgs, SolveOpenbArgs,
    SolveRoadefArgs, SolveVbpArgs, VbpMethodFlag,
};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  a check failed, nothing could be planned, a run of a bench failed, or a server refused or was not reached
  2  bad input or bad usage; the message names file, row and column, and nothing was written";

const EXAMPLES: &str = "\
Examples:
  lessor datasets generate --tiles 1000 --seed 1 --out fleet
  lessor plan --fleet fleet --deadline 30s --out plan
  lessor check plan
  lessor explain plan JOB
  lessor bench plan --tiles 1000,10000,100000 --out curves";

const PLAN_EXAMPLES: &str = "\
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

A file of weights is TOML with any of these keys (defaults in brackets): energy_permille, carbon_permille, risk_permille,
thermal_permille, latency_permille, moves_permille, headroom_permille, balance_permille and dues_permille in thousandths (1000);
move_share_permille, the cost of a move where its job states none, in thousandths of the bid (1); transient, the kinds that a
capsule on the move holds at both ends until it has arrived, such as memory and storage (none); energy_price (100000) and
thermal_price (10000) in micro-credits per
kilowatt-hour; carbon_price (70000) in micro-credits per kilogram of carbon dioxide; latency_price (1000) in micro-credits
per millisecond and hour. Tables [[headroom]] (kind, safe_permille, price) and [[balance]] (of, kept, target_per_billion, price)
say what the use of tiles costs.";

const CHECK_EXAMPLES: &str = "\
Example:
  lessor check plan && echo feasible";

const EXPLAIN_EXAMPLES: &str = "\
Example:
  lessor explain plan job-17";

const GENERATE_EXAMPLES: &str = "\
Examples:
  lessor datasets generate --tiles 1000 --seed 1 --out fleet
      a day of mixed jobs that asks for about as much as there is
  lessor datasets generate --tiles 10000 --seed 1 --family small --load 1.3 --job-classes 500 --out fleet
      small jobs that ask for 1.3 times the scarcest kind
  lessor datasets generate --tiles 1000 --seed 1 --family sample --out fleet
      every feature: capacities over time, relations, telemetry, capsules that run already";

const IMPORT_EXAMPLES: &str = "\
Examples:
  lessor datasets import openb --nodes nodes.csv --pods pods.csv --arrived 100 --out fleet
  lessor datasets import opendc --tasks tasks.parquet --fragments fragments.parquet --fleet fleet --out day
  lessor datasets import gpu-servers --telemetry gpu_servers.parquet --out servers
  lessor datasets import carbon --series feed-a=2024_DE.parquet --earlier 735d --fleet day --out green-day";

/// Plans the work of a fleet: where it goes, what did not fit and why, what is scarce, and a proof of how good the plan is.
#[derive(Debug, Parser)]
#[command(name = "lessor", version, after_help = format!("{EXAMPLES}\n\n{EXIT_CODES}"))]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Verb {
    /// Places jobs on a fleet and writes a plan with its certificate and its report.
    #[command(after_help = format!("{PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Plan(PlanArgs),
    /// Checks a plan and its certificate again, from the files, in exact integers.
    #[command(after_help = format!("{CHECK_EXAMPLES}\n\n{EXIT_CODES}"))]
    Check(CheckArgs),
    /// Says why a job, or part of it, was left out, and what would cure it.
    #[command(after_help = format!("{EXPLAIN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Explain(ExplainArgs),
    /// Makes fleet directories: generated, or imported from public traces.
    Datasets(DatasetsArgs),
    /// Leases the resources of a fleet to services, over gRPC.
    Serve(ServeArgs),
    /// Asks a server for leases, and renews, watches and ends them.
    Lease(LeaseArgs),
    /// Works with markets: their rules, their rounds, their prices.
    Market(MarketArgs),
    /// Solves one instance of a public benchmark family.
    Solve(SolveArgs),
    /// Measures the program: how time, memory and gap grow with the fleet, and how it compares with others.
    Bench(BenchArgs),
    /// Copies, restores and checks the journal of a server.
    Journal(JournalArgs),
    /// Prints a completion script for a shell.
    Completions(CompletionsArgs),
}

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

/// Verbs of `lessor datasets`.
#[derive(Debug, Args)]
pub struct DatasetsArgs {
    /// What to do.
    #[command(subcommand)]
    pub verb: DatasetsVerb,
}

/// The verbs of `lessor datasets`.
#[derive(Debug, Subcommand)]
pub enum DatasetsVerb {
    /// Makes a fleet with jobs from a seed: same flags, same bytes.
    #[command(after_help = format!("{GENERATE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Generate(GenerateArgs),
    /// Turns a public trace into a fleet directory or a telemetry table.
    #[command(after_help = format!("{IMPORT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Import(ImportArgs),
}

/// What generated capsules are like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FamilyFlag {
    /// Every capsule asks for at most a tenth of a tile in each kind.
    Small,
    /// At most six tenths of a tile in each kind.
    Mixed,
    /// Fractions of devices and whole devices, as in public accelerator clusters.
    Devices,
    /// Mixed, with every feature: all the switches below, telemetry, and capsules that run already.
    Sample,
}

impl FamilyFlag {
    /// Every family, in the order of the help.
    pub(crate) const ALL: [FamilyFlag; 4] =
        [FamilyFlag::Small, FamilyFlag::Mixed, FamilyFlag::Devices, FamilyFlag::Sample];

    /// The word on the command line.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            FamilyFlag::Small => "small",
            FamilyFlag::Mixed => "mixed",
            FamilyFlag::Devices => "devices",
            FamilyFlag::Sample => "sample",
        }
    }
}

/// Flags of `lessor datasets generate`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct GenerateArgs {
    /// Number of tiles, 1 to 20,000,000.
    #[arg(long, value_name = "N")]
    pub tiles: u32,
    /// The one number that reproduces the fleet.
    #[arg(long, value_name = "S")]
    pub seed: u64,
    /// What capsules are like.
    #[arg(long, value_name = "FAMILY", value_enum, default_value_t = FamilyFlag::Mixed)]
    pub family: FamilyFlag,
    /// Demand for the scarcest kind against the fleet's capacity of it [default: 1.0; sample: 1.1].
    #[arg(long, value_name = "X")]
    pub load: Option<f64>,
    /// Number of job classes [default: 500; sample: 150].
    #[arg(long, value_name = "N")]
    pub job_classes: Option<u32>,
    /// Number of capsules [default: as many as the load needs].
    #[arg(long, value_name = "N")]
    pub capsules: Option<u32>,
    /// Every job is a class of its own.
    #[arg(long)]
    pub distinct: bool,
    /// Capacities change over the day, and jobs have starts, terms and deadlines of their own.
    #[arg(long)]
    pub steps: bool,
    /// Some jobs relate to others or to the place of their data.
    #[arg(long)]
    pub relations: bool,
    /// Moves cost by pair of clusters and, for some jobs, once; power feeds limit how many are under way.
    #[arg(long)]
    pub moves: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Sources of `lessor datasets import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// What to import.
    #[command(subcommand)]
    pub source: ImportSource,
}

/// The public formats.
#[derive(Debug, Subcommand)]
pub enum ImportSource {
    /// The Alibaba GPU cluster trace of 2023: nodes and pods as CSV.
    Openb(OpenbArgs),
    /// A workload of OpenDC: tasks and fragments as Parquet, on a given fleet.
    Opendc(OpendcArgs),
    /// Hourly telemetry of GPU servers as Parquet.
    GpuServers(GpuServersArgs),
    /// Series of the carbon intensity of grids as Parquet, for places of a given fleet directory.
    Carbon(CarbonArgs),
}

/// Flags of `lessor datasets import carbon`.
#[derive(Debug, Args)]
pub struct CarbonArgs {
    /// A place, a zone or a node of the fleet, and the series of its grid; may be given several times.
    #[arg(long, value_name = "PLACE=FILE", required = true, value_parser = place_and_series)]
    pub series: Vec<(String, PathBuf)>,
    /// The fleet directory whose energy emits that; its jobs come with it.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// Takes every instant of the series as so much earlier, to bring the series of one year to the jobs of another.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, conflicts_with = "later")]
    pub earlier: Option<Duration>,
    /// Takes every instant of the series as so much later.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse)]
    pub later: Option<Duration>,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

fn place_and_series(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((place, file)) if !place.is_empty() && !file.is_empty() => Ok((place.to_owned(), file.into())),
        _ => Err("write a zone or node, an equals sign and a file".to_owned()),
    }
}

/// Flags of `lessor datasets import openb`.
#[derive(Debug, Args)]
pub struct OpenbArgs {
    /// The node list.
    #[arg(long, value_name = "F")]
    pub nodes: PathBuf,
    /// The pod list, or an arrival sequence.
    #[arg(long, value_name = "F")]
    pub pods: PathBuf,
    /// Takes pods in order until N percent of the cluster's GPU milli has arrived [default: all pods].
    #[arg(long, value_name = "N")]
    pub arrived: Option<u32>,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor datasets import opendc`.
#[derive(Debug, Args)]
pub struct OpendcArgs {
    /// The tasks.
    #[arg(long, value_name = "F")]
    pub tasks: PathBuf,
    /// Their use of CPU over time.
    #[arg(long, value_name = "F")]
    pub fragments: PathBuf,
    /// The fleet that they join.
    #[arg(long, value_name = "DIR")]
    pub fleet: PathBuf,
    /// A deadline is submission, plus duration, plus this.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "24h")]
    pub slack: Duration,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor datasets import gpu-servers`.
#[derive(Debug, Args)]
pub struct GpuServersArgs {
    /// The telemetry.
    #[arg(long, value_name = "F")]
    pub telemetry: PathBuf,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the fleet directory goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}

/// Flags of `lessor completions`.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// The shell.
    #[arg(value_enum)]
    pub shell: Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn verbs_and_flags_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn deadline_and_work_exclude_each_other() {
        let parsed =
            Cli::try_parse_from(["lessor", "plan", "--fleet", "f", "--out", "o", "--deadline", "1s", "--work", "5"]);
        assert_eq!(parsed.unwrap_err().kind(), clap::error::ErrorKind::ArgumentConflict);
    }
}
