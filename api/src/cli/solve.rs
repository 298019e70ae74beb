//! Verbs and flags of `lessor solve`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::exit_codes::EXIT_CODES;

const ASSIGNMENT_EXAMPLES: &str = "\
Example:
  lessor solve assignment assign400.txt --out columns.txt
      one column for each row, counted from zero; the cost and a bound on it are printed";

const CATS_EXAMPLES: &str = "\
Examples:
  lessor solve cats regions.txt --seconds 20 --out outcome.json
      the winning bids, their value and a bound on it; winners pay their bids
  lessor solve cats regions.txt --payments core --seconds 20 --out outcome.json
      the same, with payments that no coalition blocks";

const DOUBLE_EXAMPLES: &str = "\
Example:
  lessor solve double bids.csv asks.csv --out trades.json
      who trades with whom, what buyers pay and what sellers get";

const GAP_EXAMPLES: &str = "\
Example:
  lessor solve gap d20200 --seconds 60 --out agents.txt
      one agent for each item, counted from zero; the cost and a bound on it are printed";

const VBP_EXAMPLES: &str = "\
Example:
  lessor solve vbp class1_250_3_5.vbp --seconds 30 --out bins.txt
      one bin for each item, counted from zero; the number of bins and a bound on it are printed";

const OPENB_EXAMPLES: &str = "\
Example:
  lessor solve openb default_42.csv --nodes openb_node_list_gpu_node.csv --seconds 20 --out placement.csv
      a node and devices for each pod that is placed; what is left of the cluster's GPU milli and a bound on it are printed";

const ROADEF_EXAMPLES: &str = "\
Example:
  lessor solve roadef model_a1_4.txt assignment_a1_4.txt --seconds 300 --out machines.txt
      one machine for each process, counted from zero; the cost and a bound on it are printed";

/// Verbs of `lessor solve`.
#[derive(Debug, Args)]
pub struct SolveArgs {
    /// What to solve.
    #[command(subcommand)]
    pub family: SolveFamily,
}

/// Public families of instances.
#[derive(Debug, Subcommand)]
pub enum SolveFamily {
    /// Linear assignment: every row to a column of its own at least cost, by auction.
    #[command(after_help = format!("{ASSIGNMENT_EXAMPLES}\n\n{EXIT_CODES}"))]
    Assignment(SolveAssignmentArgs),
    /// A combinatorial auction in the format of CATS: who wins, and who pays what.
    #[command(after_help = format!("{CATS_EXAMPLES}\n\n{EXIT_CODES}"))]
    Cats(SolveCatsArgs),
    /// A double auction of vectors: a trade is one bid with one ask whose vector covers it, for the greatest surplus.
    #[command(after_help = format!("{DOUBLE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Double(SolveDoubleArgs),
    /// Generalized assignment: every item to one agent at least cost, within the agents' capacities.
    #[command(after_help = format!("{GAP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Gap(SolveGapArgs),
    /// A batch of openb pods: as much as possible of a cluster's GPU milli given out, within CPU, memory and whole devices.
    #[command(after_help = format!("{OPENB_EXAMPLES}\n\n{EXIT_CODES}"))]
    Openb(SolveOpenbArgs),
    /// Machine reassignment (ROADEF/EURO challenge 2012): processes move so that machines are loaded well, at least cost.
    #[command(after_help = format!("{ROADEF_EXAMPLES}\n\n{EXIT_CODES}"))]
    Roadef(SolveRoadefArgs),
    /// Vector packing: items of several dimensions into as few equal bins as possible.
    #[command(after_help = format!("{VBP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Vbp(SolveVbpArgs),
}

/// Flags of `lessor solve assignment`.
#[derive(Debug, Args)]
pub struct SolveAssignmentArgs {
    /// The instance, in the format of the OR-Library.
    #[arg(value_name = "INSTANCE")]
    pub instance: PathBuf,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// Flags of `lessor solve cats`.
#[derive(Debug, Args)]
pub struct SolveCatsArgs {
    /// The instance, in the format of CATS, with whole amounts.
    #[arg(value_name = "INSTANCE")]
    pub instance: PathBuf,
    /// What winners pay.
    #[arg(long, value_name = "RULE", value_enum, default_value_t = PaymentRuleFlag::PayAsBid)]
    pub payments: PaymentRuleFlag,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// Flags of `lessor solve double`.
#[derive(Debug, Args)]
pub struct SolveDoubleArgs {
    /// The bids, as CSV: id, value, and the vector q0, q1 and so on.
    #[arg(value_name = "BIDS")]
    pub bids: PathBuf,
    /// The asks, as CSV with the same columns.
    #[arg(value_name = "ASKS")]
    pub asks: PathBuf,
    /// Who trades, and what they pay and get.
    #[arg(long, value_name = "RULE", value_enum, default_value_t = DoubleRuleFlag::Vcg)]
    pub rule: DoubleRuleFlag,
    /// What limits a run and reproduces it.
    #[command(flatten)]
    pub limits: SolveLimitArgs,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Where the answer goes; a file that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// Flags of `lessor solve gap`.
#[derive(Debug, Args)]
pub struct SolveGapArgs {
    /// The instance, in the format of the OR-Library.
    #[arg(value_name = "INSTANCE")]
    pub instance: PathBuf,
    /// The method.
    #[arg(long, value_name = "M", value_enum, default_value_t = GapMethodFlag::Auto)]
    pub method: GapMethodFlag,
    /// A limit in rounds in place of time: the answer is that of the seed, on any number of threads.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub work: Option<u32>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// Flags of `lessor solve roadef`.
#[derive(Debug, Args)]
pub struct SolveRoadefArgs {
    /// The model, in the format of the challenge.
    #[arg(value_name = "MODEL")]
    pub model: PathBuf,
    /// The machine of each process before.
    #[arg(value_name = "INITIAL")]
    pub initial: PathBuf,
    /// The method.
    #[arg(long, value_name = "M", value_enum, default_value_t = RoadefMethodFlag::Auto)]
    pub method: RoadefMethodFlag,
    /// A limit in thousands of steps for each process in place of time: the answer is that of the seed, on any number of threads.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub work: Option<u32>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// Flags of `lessor solve vbp`.
#[derive(Debug, Args)]
pub struct SolveVbpArgs {
    /// The instance, in the format of VPSolver.
    #[arg(value_name = "INSTANCE")]
    pub instance: PathBuf,
    /// The method.
    #[arg(long, value_name = "M", value_enum, default_value_t = VbpMethodFlag::Auto)]
    pub method: VbpMethodFlag,
    /// A limit in rounds in place of time: the answer is that of the seed, on any number of threads.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub work: Option<u32>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// Flags of `lessor solve openb`.
#[derive(Debug, Args)]
pub struct SolveOpenbArgs {
    /// The arrival sequence, as CSV.
    #[arg(value_name = "SEQUENCE")]
    pub sequence: PathBuf,
    /// The node list, as CSV.
    #[arg(long, value_name = "FILE")]
    pub nodes: PathBuf,
    /// The batch: the longest prefix of the sequence that asks for at most so many percent of the cluster's GPU milli.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub arrived: u32,
    /// The method.
    #[arg(long, value_name = "M", value_enum, default_value_t = OpenbMethodFlag::Auto)]
    pub method: OpenbMethodFlag,
    /// A limit in rounds, each twice as long as the one before, in place of time: the answer is that of the seed, on any number
    /// of threads.
    #[arg(long, value_name = "N", conflicts_with = "seconds")]
    pub work: Option<u32>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: SolveCommonArgs,
}

/// What limits a run and reproduces it.
#[derive(Debug, Args)]
pub struct SolveLimitArgs {
    /// The answer is there by then, counted from the start of the process.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub seconds: f64,
    /// Seed of the search.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Threads [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
}

/// Flags of every family whose answer is searched for.
#[derive(Debug, Args)]
pub struct SolveCommonArgs {
    /// What limits a run and reproduces it.
    #[command(flatten)]
    pub limits: SolveLimitArgs,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Each incumbent as it is found: a line `seconds,cost,bound` of this file, which is replaced.
    #[arg(long, value_name = "FILE")]
    pub incumbents: Option<PathBuf>,
    /// Where the answer goes; a file that is there is replaced.
    #[arg(long, value_name = "FILE")]
    pub out: PathBuf,
}

/// What winners of a combinatorial auction pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PaymentRuleFlag {
    /// Their bids.
    PayAsBid,
    /// One price for a unit of each good.
    Uniform,
    /// What others lose by their being there.
    Vcg,
    /// Of the payments that no coalition blocks, those of least revenue, and of these the nearest to VCG.
    Core,
    /// Of the payments that no coalition blocks, the nearest to VCG.
    NearestCore,
}

/// How a double auction is cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoubleRuleFlag {
    /// The greatest surplus, at VCG payments on both sides; the operator bears the deficit.
    Vcg,
    /// Trade reduction for each vector by itself: the operator never pays.
    TradeReduction,
}

/// How a generalized assignment problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GapMethodFlag {
    /// All of them, as they help.
    Auto,
    /// Prices and annealing.
    Annealing,
    /// Prices with a few dives to begin with, then dives in large neighborhoods.
    Neighborhood,
    /// Prices with a few dives to begin with, then one integer program.
    Exact,
}

/// How a batch of openb pods is placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OpenbMethodFlag {
    /// All of them, as they help.
    Auto,
    /// Each pod where it leaves least, the largest first.
    Fit,
    /// Patterns of the relaxation in whole numbers, arranged on nodes.
    Patterns,
    /// Nodes emptied and filled again, from the first fit on.
    Recreate,
}

/// How a vector packing problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum VbpMethodFlag {
    /// All of them, as they help.
    Auto,
    /// Greedy filling, shaken by chance.
    Fit,
    /// Greedy filling, then shifts and swaps in one bin fewer.
    Squeeze,
    /// Column generation, then dives.
    Dive,
    /// Column generation, then an integer program over its columns.
    Cover,
}

/// How a machine reassignment problem is solved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RoadefMethodFlag {
    /// All of them, as they help.
    Auto,
    /// The start repaired, or another made in its place.
    Repair,
    /// Simulated annealing over shifts, swaps and ejection chains, a chain a thread.
    Annealing,
    /// The same with convoys of processes that depend on each other, by all threads on one chain.
    Team,
}
