//! Verbs and flags of `lessor bench`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Subcommand};

use super::bench_admission::{BENCH_ADMISSION_EXAMPLES, BenchAdmissionArgs};
use super::bench_cats::{BENCH_CATS_EXAMPLES, BenchCatsArgs};
use super::bench_leases::BenchLeasesLiveArgs;
use super::duration_text;
use super::{EXIT_CODES, FamilyFlag, GapMethodFlag, OpenbMethodFlag, RoadefMethodFlag, VbpMethodFlag};
use crate::client::ServerUrl;

const BENCH_PLAN_EXAMPLES: &str = "\
Examples:
  lessor bench plan --tiles 10000,31623,100000 --family small,mixed,devices --out curves
      how time, memory and gap of construction and proof grow with the fleet, at fixed job classes
  lessor bench plan --tiles 10000 --load 0.8,1.0,1.3 --deadline 20s --repeat 3 --out gaps
      the gap after twenty seconds at three loads, each from three seeds
  lessor bench plan --tiles 1000,10000 --capsules-per-tile 10 --distinct --json --out curves --force
      every job a class of its own, and one JSON object on standard output";

const BENCH_GAP_EXAMPLES: &str = "\
Examples:
  lessor bench gap d20100 d20200 --seconds 60 --seeds 1,2,3 --reference best_known.csv --out compared
      the program on two instances from three seeds, its costs held against the best that is known
  lessor bench gap d20200 --method auto,annealing --peer 'cpsat=python3 cpsat_gap.py {instance} {seconds} {out}' --out compared
      two methods and another program on the same instance, each with the same seconds";

const BENCH_VBP_EXAMPLES: &str = "\
Example:
  lessor bench vbp class1_250_3_5.vbp --seconds 30 --reference best_known.csv --out compared";

const BENCH_OPENB_EXAMPLES: &str = "\
Example:
  lessor bench openb default_42.csv default_43.csv --nodes openb_node_list_gpu_node.csv --seconds 20 --out compared";

const BENCH_REBALANCE_EXAMPLES: &str = "\
Example:
  lessor bench rebalance model_a1_4.txt model_a2_1.txt --seconds 300 --reference reference_values.csv --out compared
      reads assignment_a1_4.txt and assignment_a2_1.txt beside the models as what runs before";

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

/// Verbs of `lessor bench leases`.
#[derive(Debug, Args)]
pub struct BenchLeasesArgs {
    /// What to measure.
    #[command(subcommand)]
    pub verb: BenchLeasesVerb,
}

/// The verbs of `lessor bench leases`.
#[derive(Debug, Subcommand)]
pub enum BenchLeasesVerb {
    /// Grants and releases by single calls and over a session, beside an echo on the same transport and beside the same bytes
    /// appended and synced.
    Load(BenchLeasesLoadArgs),
    /// Grants a million leases, brings them back after a restart, and lets all of them end within one second.
    Live(BenchLeasesLiveArgs),
    /// Kills a real server again and again while clients lease from it, and looks whether all that was acknowledged is there.
    Kill(BenchLeasesKillArgs),
    /// Offers a real server several times as many calls as it can serve, and looks whether class A is served, memory stays and
    /// refusals say what they are.
    Overload(BenchLeasesOverloadArgs),
    /// Lets the machine of the service live in simulated worlds in which everything goes wrong, each from one seed, and looks
    /// whether all that is promised holds.
    Simulate(BenchLeasesSimulateArgs),
}

/// Flags of `lessor bench leases load`.
#[derive(Debug, Args)]
pub struct BenchLeasesLoadArgs {
    /// Tiles of the fleet that is leased.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tiles: u32,
    /// How long each measurement lasts.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "10s")]
    pub length: Duration,
    /// Single calls under way at once.
    #[arg(long, value_name = "N", default_value_t = 256, value_parser = clap::value_parser!(u32).range(1..=4_096))]
    pub unary: u32,
    /// Calls of the session under way at once.
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=8_192))]
    pub session: u32,
    /// Talks TLS.
    #[arg(long)]
    pub tls: bool,
    /// An etcd to hold beside the single calls, in the clear on loopback: a lease and a key with it for each grant.
    #[arg(long, value_name = "URL", value_parser = ServerUrl::parse)]
    pub etcd: Option<ServerUrl>,
    /// Where the journal is, on the device that is to be measured [default: a directory that is removed after].
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases kill`.
#[derive(Debug, Args)]
pub struct BenchLeasesKillArgs {
    /// How often the server is killed.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub kills: u32,
    /// The seed of lives and choices.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases overload`.
#[derive(Debug, Args)]
pub struct BenchLeasesOverloadArgs {
    /// How many times the peak of single calls is offered.
    #[arg(long, value_name = "N", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub times: u32,
    /// For how long.
    #[arg(long, value_name = "TIME", value_parser = duration_text::parse, default_value = "60s")]
    pub length: Duration,
    /// Tiles of the fleet that is leased.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub tiles: u32,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
}

/// Flags of `lessor bench leases simulate`.
#[derive(Debug, Args)]
pub struct BenchLeasesSimulateArgs {
    /// Worlds.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub seeds: u32,
    /// How long each of them lasts, in its own time.
    #[arg(long, value_name = "H", default_value_t = 2, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub hours: u32,
    /// The seed of the first world; each of the others has the next one.
    #[arg(long, value_name = "S", default_value_t = 1)]
    pub seed: u64,
    /// Prints one JSON object on standard output, and nothing else.
    #[arg(long)]
    pub json: bool,
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
