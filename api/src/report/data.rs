//! What the report is made from: plain numbers and names, so that whoever has a plan can fill it.

use lessor_models::resources::Kind;
use serde::{Serialize, Serializer};

/// One amount per [`Kind`], in the kind's base unit and in vector order.
pub type Amounts = [u64; Kind::COUNT];

/// One capacity per [`Kind`], in the kind's base unit; `None` where the account does not limit the kind.
pub type Limits = [Option<u64>; Kind::COUNT];

/// Everything that the page shows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ReportData {
    /// The headline and how it was reached.
    pub meta: Meta,
    /// The cells of the fleet, those of one cluster together.
    pub cells: Vec<CellRow>,
    /// The zones.
    pub zones: Vec<ZoneRow>,
    /// How value and bound moved while the plan was made, in order of time.
    pub timeline: Vec<Progress>,
    /// Prices above zero, in any order.
    pub prices: Vec<PriceRow>,
    /// What runs and changes seats, wave by wave.
    pub waves: Vec<WaveRow>,
    /// Moves that no order allows, in any order.
    pub held_back: Vec<HeldBackRow>,
    /// What was left out, in any order.
    pub unplaced: Vec<UnplacedRow>,
    /// What each service class asked for and got, most protected first.
    pub service_classes: Vec<ServiceClassRow>,
    /// Sentences that a reader should know before the figures, such as why the search stopped.
    pub notes: Vec<String>,
}

/// The plan's headline.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Meta {
    /// What was planned, for people.
    pub title: String,
    /// The program's version.
    pub version: String,
    /// The run's seed.
    #[serde(serialize_with = "as_text")]
    pub seed: u64,
    /// The plan's value in micro-credits.
    #[serde(serialize_with = "as_text")]
    pub value: i128,
    /// The proven bound in micro-credits; `None` without a proof.
    #[serde(serialize_with = "as_optional_text")]
    pub bound: Option<i128>,
    /// The gap as a fraction, as `--json` states it; `None` without a proof.
    pub gap: Option<f64>,
    /// Capsules placed.
    pub placed: u64,
    /// Capsules asked for and not placed.
    pub unplaced: u64,
    /// Wall-clock seconds from process start; zero hides the figure.
    pub seconds: f64,
    /// The process's peak memory in bytes; zero hides the figure.
    pub peak_memory_bytes: u64,
    /// Tiles in the fleet.
    pub tiles: u64,
    /// Jobs.
    pub jobs: u64,
    /// Jobs that differ in more than name and count.
    pub job_classes: u64,
    /// Where the plan begins, in UTC microseconds; `None` where nothing runs.
    pub start_us: Option<i64>,
    /// Where the plan ends, in UTC microseconds; `None` where nothing runs.
    pub end_us: Option<i64>,
    /// The files that the plan was made from.
    pub inputs: Vec<InputFile>,
}

/// One input and its hash.
#[derive(Clone, Debug, Default, Serialize)]
pub struct InputFile {
    /// The file, as `run.json` names it.
    pub file: String,
    /// Its hash in hexadecimal.
    pub hash: String,
}

/// One cell.
///
/// Each kind's capacity and use are those of the instant at which the largest share of it is used, so that a share of
/// one says that the cell is full of that kind at some time of the plan.
#[derive(Clone, Debug, Default, Serialize)]
pub struct CellRow {
    /// The cell.
    pub name: String,
    /// The cluster it is in; empty where it is in none.
    pub cluster: String,
    /// The region it is in; empty where it is in none.
    pub region: String,
    /// Tiles in it.
    pub tiles: u64,
    /// Capsules that the plan places in it.
    pub capsules: u64,
    /// What it can give: the lesser of its own account and the sum of its tiles.
    pub capacity: Limits,
    /// What leases take of it.
    pub used: Amounts,
}

/// One zone, with capacity and use at each kind's busiest instant, as in [`CellRow`].
#[derive(Clone, Debug, Default, Serialize)]
pub struct ZoneRow {
    /// The zone.
    pub name: String,
    /// The name of the zone's kind, such as `power_feed`.
    pub kind: String,
    /// Tiles in it.
    pub tiles: u64,
    /// What its members may use together.
    pub capacity: Limits,
    /// What they use.
    pub used: Amounts,
}

/// Value and bound at one time of the search.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Progress {
    /// Seconds from process start.
    pub seconds: f64,
    /// The best value so far in micro-credits; `None` before the first plan.
    #[serde(serialize_with = "as_optional_text")]
    pub value: Option<i128>,
    /// The least bound so far in micro-credits; `None` before the first proof.
    #[serde(serialize_with = "as_optional_text")]
    pub bound: Option<i128>,
}

/// The price of one account during one interval.
#[derive(Clone, Debug, Default, Serialize)]
pub struct PriceRow {
    /// The node or zone.
    pub owner: String,
    /// Its level (`cell`) or its zone kind (`power_feed`).
    pub owner_type: String,
    /// The name of the resource kind.
    pub kind: String,
    /// Where it begins to hold, in UTC microseconds.
    pub start_us: i64,
    /// Where it ends, in UTC microseconds.
    pub end_us: i64,
    /// The account's capacity in that interval, in base units.
    pub capacity: u64,
    /// The price in micro-credits per 10^6 base units and hour.
    pub price: u64,
    /// The constraint that makes it scarce, in words.
    pub binding: String,
}

/// One wave of the way from what runs to the plan: how many capsules take each step.
#[derive(Clone, Debug, Default, Serialize)]
pub struct WaveRow {
    /// Capsules that leave a seat and enter another one.
    pub go: u64,
    /// Capsules that leave a seat, to enter another one in a later wave.
    pub pause: u64,
    /// Capsules that enter a seat after a pause.
    pub resume: u64,
    /// Capsules that stop for good.
    pub stop: u64,
}

/// A move that would have made the plan better, and that no order of moves allows.
#[derive(Clone, Debug, Default, Serialize)]
pub struct HeldBackRow {
    /// The job.
    pub job: String,
    /// Capsules that would have moved.
    pub count: u64,
    /// The tile that they stay on.
    pub from: String,
    /// The tile that they would have gone to.
    pub to: String,
    /// What they would have waited for without end, in words.
    pub wait: String,
    /// The job that holds it and waits itself; `None` where there will never be enough.
    pub behind: Option<String>,
}

/// A job that was not placed whole.
#[derive(Clone, Debug, Default, Serialize)]
pub struct UnplacedRow {
    /// The job.
    pub job: String,
    /// The name of its service class.
    pub service: String,
    /// Capsules asked for.
    pub asked: u64,
    /// Capsules missing.
    pub count: u64,
    /// Bid per capsule in micro-credits.
    pub bid: u64,
    /// The name of the reason, as in the table of unplaced jobs.
    pub reason: String,
    /// The irreducible set of accounts and rules that block it, in words.
    pub conflict: Vec<String>,
    /// The cheapest change found that lets one more in, in words.
    pub cure: Option<String>,
}

/// What one service class asked for and got.
#[derive(Clone, Debug, Default, Serialize)]
pub struct ServiceClassRow {
    /// The name of the class.
    pub class: String,
    /// Jobs.
    pub jobs: u64,
    /// Capsules asked for.
    pub asked: u64,
    /// Capsules placed.
    pub placed: u64,
    /// What the placed capsules bid, with completion bonuses, in micro-credits.
    #[serde(serialize_with = "as_text")]
    pub value: i128,
}

/// Text keeps every digit of an integer, where a number read by a script stops at 2^53.
fn as_text<T: std::fmt::Display, S: Serializer>(amount: &T, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(amount)
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn as_optional_text<T, S>(amount: &Option<T>, serializer: S) -> Result<S::Ok, S::Error>
where
    T: std::fmt::Display,
    S: Serializer,
{
    match amount {
        Some(amount) => serializer.collect_str(amount),
        None => serializer.serialize_none(),
    }
}
