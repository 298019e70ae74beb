//! Verbs and flags of `lessor bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use crate::duration_text;

use super::{EXIT_CODES, FamilyFlag};

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
    /// Plans generated fleets of several sizes, each in a process of its own, checks every plan, and draws the curves.
    #[command(after_help = format!("{BENCH_PLAN_EXAMPLES}\n\n{EXIT_CODES}"))]
    Plan(BenchPlanArgs),
}

/// Flags of `lessor bench plan`.
#[derive(Debug, Args)]
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
    /// Each plan is there by then, counted from the start of its process.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, conflicts_with = "work_per_tile")]
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
