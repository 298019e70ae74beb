//! Verbs and flags of `lessor bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::bench_admission::{BENCH_ADMISSION_EXAMPLES, BenchAdmissionArgs};
use super::bench_compare::{
    BENCH_CATS_EXAMPLES, BENCH_GAP_EXAMPLES, BENCH_OPENB_EXAMPLES, BENCH_REBALANCE_EXAMPLES, BENCH_VBP_EXAMPLES,
    BenchCatsArgs, BenchGapArgs, BenchOpenbArgs, BenchRebalanceArgs, BenchVbpArgs,
};
use super::bench_leases::BenchLeasesArgs;
use super::datasets::FamilyFlag;
use super::duration_text;
use super::exit_codes::EXIT_CODES;
use crate::plan::method::PlanMethod;

const BENCH_PLAN_EXAMPLES: &str = "\
Examples:
  lessor bench plan --tiles 10000,31623,100000 --family small,mixed,devices --out curves
      how time, memory and gap of construction and proof grow with the fleet, at fixed job classes
  lessor bench plan --tiles 10000 --load 0.8,1.0,1.3 --deadline 20s --repeat 3 --out gaps
      the gap after twenty seconds at three loads, each from three seeds
  lessor bench plan --tiles 1000,10000 --capsules-per-tile 10 --distinct --json --out curves --force
      every job a class of its own, and one JSON object on standard output";

/// Verbs of `lessor bench`.
#[derive(Debug, Args)]
pub struct BenchArgs {
    /// What to measure.
    #[command(subcommand)]
    pub verb: BenchVerb,
}

/// The verbs of `lessor bench`.
#[derive(Debug, Subcommand)]
pub enum BenchVerb {
    /// Admits the pods of openb sequences one by one, each by the engine and with nothing later seen, and checks the placements.
    #[command(after_help = format!("{BENCH_ADMISSION_EXAMPLES}\n\n{EXIT_CODES}"))]
    Admission(BenchAdmissionArgs),
    /// Compares payment rules and other programs on combinatorial auctions, with outcomes that are checked here.
    #[command(after_help = format!("{BENCH_CATS_EXAMPLES}\n\n{EXIT_CODES}"))]
    Cats(BenchCatsArgs),
    /// Plans generated fleets of several sizes, each in a process of its own, checks every plan, and draws the curves.
    #[command(after_help = format!("{BENCH_PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Plan(BenchPlanArgs),
    /// Compares methods and other programs on generalized assignment problems, with answers that are checked here.
    #[command(after_help = format!("{BENCH_GAP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Gap(BenchGapArgs),
    /// Compares methods and other programs on vector packing problems, with answers that are checked here.
    #[command(after_help = format!("{BENCH_VBP_EXAMPLES}\n\n{EXIT_CODES}"))]
    Vbp(BenchVbpArgs),
    /// Compares methods and other programs on batches of openb pods, with answers that are checked here.
    #[command(after_help = format!("{BENCH_OPENB_EXAMPLES}\n\n{EXIT_CODES}"))]
    Openb(BenchOpenbArgs),
    /// Compares methods and other programs on machine reassignment problems, with answers that are checked here.
    #[command(after_help = format!("{BENCH_REBALANCE_EXAMPLES}\n\n{EXIT_CODES}"))]
    Rebalance(BenchRebalanceArgs),
    /// Measures the lease service: its rate and its answer times, and whether it keeps what it said when it is killed.
    Leases(BenchLeasesArgs),
}

/// Flags of `lessor bench plan`.
#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is one switch of the command line")]
pub struct BenchPlanArgs {
    /// Numbers of tiles, each 1 to 20,000,000.
    #[arg(long, value_name = "N,..", value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000],
          value_parser = clap::value_parser!(u32).range(1..=20_000_000))]
    pub tiles: Vec<u32>,
    /// What capsules are like.
    #[arg(long, value_name = "FAMILY,..", value_delimiter = ',', value_enum, default_values_t = [FamilyFlag::Mixed])]
    pub family: Vec<FamilyFlag>,
    /// Demand for the scarcest kind against the fleet's capacity of it.
    #[arg(long, value_name = "X,..", value_delimiter = ',', default_values_t = [1.0])]
    pub load: Vec<f64>,
    /// Number of job classes, the same for every size.
    #[arg(long, value_name = "N", default_value_t = 500)]
    pub job_classes: u32,
    /// Number of capsules for each tile [default: as many as the load needs].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub capsules_per_tile: Option<u32>,
    /// Every job is a class of its own.
    #[arg(long)]
    pub distinct: bool,
    /// Capacities change over the day.
    #[arg(long)]
    pub steps: bool,
    /// Methods of `lessor plan`, each of which plans every fleet; with several the page compares them.
    #[arg(long, value_name = "M,..", value_delimiter = ',', value_enum, default_values_t = [PlanMethod::Auto])]
    pub method: Vec<PlanMethod>,
    /// Each plan is there by then, counted from the start of its process.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse_deadline, conflicts_with = "work_per_tile")]
    pub deadline: Option<Duration>,
    /// A limit in work (search moves) for each tile in place of time [default: 0, construction and proof alone].
    #[arg(long, value_name = "N")]
    pub work_per_tile: Option<u64>,
    /// How often each size is run; the seed rises by one each time.
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub repeat: u16,
    /// Seed of the first fleet and of its search.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Threads of each plan [default: as many as the machine runs at once].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub threads: Option<u16>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
    /// Replaces an existing output directory.
    #[arg(long)]
    pub force: bool,
    /// Where the curves go.
    #[arg(long, value_name = "DIR")]
    pub out: PathBuf,
}
