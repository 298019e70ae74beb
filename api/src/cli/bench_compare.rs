//! Flags of `lessor bench` for methods and other programs side by side on public instances.

use std::path::PathBuf;

use clap::Args;

use super::solve::{GapMethodFlag, OpenbMethodFlag, PaymentRuleFlag, RoadefMethodFlag, VbpMethodFlag};

pub(super) const BENCH_CATS_EXAMPLES: &str = "\
Example:
  lessor bench cats regions_small_s1.txt --payments pay-as-bid,vcg,core --seconds 20 --reference cats_optima.csv --out compared
      three payment rules on one auction: what their winners are worth, the bounds on it, what is paid, and what each takes";

pub(super) const BENCH_GAP_EXAMPLES: &str = "\
Examples:
  lessor bench gap d20100 d20200 --seconds 60 --seeds 1,2,3 --reference best_known.csv --out compared
      the program on two instances from three seeds, its costs held against the best that is known
  lessor bench gap d20200 --method auto,annealing --peer 'cpsat=python3 cpsat_gap.py {instance} {seconds} {out}' --out compared
      two methods and another program on the same instance, each with the same seconds";

pub(super) const BENCH_VBP_EXAMPLES: &str = "\
Example:
  lessor bench vbp class1_250_3_5.vbp --seconds 30 --reference best_known.csv --out compared";

pub(super) const BENCH_OPENB_EXAMPLES: &str = "\
Example:
  lessor bench openb default_42.csv default_43.csv --nodes openb_node_list_gpu_node.csv --seconds 20 --out compared";

pub(super) const BENCH_REBALANCE_EXAMPLES: &str = "\
Example:
  lessor bench rebalance model_a1_4.txt model_a2_1.txt --seconds 300 --reference reference_values.csv --out compared
      reads assignment_a1_4.txt and assignment_a2_1.txt beside the models as what runs before";

/// Flags of `lessor bench cats`.
#[derive(Debug, Args)]
pub struct BenchCatsArgs {
    /// Instances, in the format of CATS.
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<PathBuf>,
    /// Payment rules of `lessor solve cats`, each a contender.
    #[arg(long, value_name = "RULE,..", value_delimiter = ',', value_enum, default_values_t = [PaymentRuleFlag::PayAsBid])]
    pub payments: Vec<PaymentRuleFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}

/// Flags of `lessor bench gap`.
#[derive(Debug, Args)]
pub struct BenchGapArgs {
    /// Instances, in the format of the OR-Library.
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<PathBuf>,
    /// Methods of `lessor solve gap`, each a contender.
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_enum, default_values_t = [GapMethodFlag::Auto])]
    pub method: Vec<GapMethodFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}

/// Flags of `lessor bench vbp`.
#[derive(Debug, Args)]
pub struct BenchVbpArgs {
    /// Instances, in the format of VPSolver.
    #[arg(value_name = "INSTANCE", required = true)]
    pub instances: Vec<PathBuf>,
    /// Methods of `lessor solve vbp`, each a contender.
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_enum, default_values_t = [VbpMethodFlag::Auto])]
    pub method: Vec<VbpMethodFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}

/// Flags of `lessor bench openb`.
#[derive(Debug, Args)]
pub struct BenchOpenbArgs {
    /// Arrival sequences, as CSV.
    #[arg(value_name = "SEQUENCE", required = true)]
    pub sequences: Vec<PathBuf>,
    /// The node list, as CSV.
    #[arg(long, value_name = "FILE")]
    pub nodes: PathBuf,
    /// Each batch: the longest prefix of a sequence that asks for at most so many percent of the cluster's GPU milli.
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub arrived: u32,
    /// Methods of `lessor solve openb`, each a contender.
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_enum, default_values_t = [OpenbMethodFlag::Auto])]
    pub method: Vec<OpenbMethodFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}

/// Flags of `lessor bench rebalance`.
#[derive(Debug, Args)]
pub struct BenchRebalanceArgs {
    /// Models, in the format of the challenge.
    #[arg(value_name = "MODEL", required = true)]
    pub models: Vec<PathBuf>,
    /// The machine of each process before, where there is one model [default: the file beside it with `assignment` in
    /// place of `model`].
    #[arg(long, value_name = "FILE")]
    pub initial: Option<PathBuf>,
    /// Methods of `lessor solve roadef`, each a contender.
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_enum, default_values_t = [RoadefMethodFlag::Auto])]
    pub method: Vec<RoadefMethodFlag>,
    /// What all families have in common.
    #[command(flatten)]
    pub common: BenchCompareArgs,
}

/// Flags of every comparison on public instances.
#[derive(Debug, Args)]
pub struct BenchCompareArgs {
    /// Another program as a contender: words with {instance}, {seconds}, {threads}, {seed}, {incumbents} and {out} in them,
    /// and for some families {model}, {initial}, {nodes}, {arrived}.
    #[arg(long, value_name = "NAME=COMMAND")]
    pub peer: Vec<String>,
    /// The public table of best results known for these instances, as CSV.
    #[arg(long, value_name = "FILE")]
    pub reference: Option<PathBuf>,
    /// Each contender is told to be done by then.
    #[arg(long, value_name = "S", default_value_t = 60.0)]
    pub seconds: f64,
    /// How long after that a contender may still run before it is ended [default: as long again and 10 s].
    #[arg(long, value_name = "S")]
    pub grace: Option<f64>,
    /// Seeds; every contender solves every instance with each.
    #[arg(long, value_name = "S,..", value_delimiter = ',', default_values_t = [1])]
    pub seeds: Vec<u64>,
    /// Threads of each contender [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the comparison goes.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
