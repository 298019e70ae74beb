//! What a plan is worth, in exact integers: one file a term, each with its exact form and its optimistic bound.
//!
//! Every term is a number of micro-credits for one capsule on one tile, except the completion bonus, which is a threshold, moves,
//! and what [`strain`] a plan puts on its tiles.
//! A cost rounds up and a value rounds down, so that a sum of terms never flatters a plan.

pub mod balance;
pub mod carbon;
pub mod dues;
pub mod energy;
pub mod headroom;
pub mod latency;
pub mod moves;
pub mod risk;
pub mod strain;
pub mod tariff;
pub mod terms;
pub mod thermal;
pub mod value;

use crate::fleet::{Fleet, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Job, JobIndex};
use crate::plan::Placement;
use crate::resources::{Kind, Kinds};
use crate::tile_class::TileClass;
use crate::time::Timestamp;
use balance::Balance;
use headroom::Headroom;
use tariff::{Tariff, Tariffs};

/// The weights and default prices of the objective: policy, read from one file.
///
/// A weight in thousandths scales its term; zero switches it off. Bids and bonuses are the unit that costs are weighed
/// against, and have no weight of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weights {
    /// Weight of the energy cost, in thousandths.
    pub energy_permille: u32,
    /// Weight of the cost of emissions, in thousandths.
    pub carbon_permille: u32,
    /// Weight of what accounts cost that the market priced, in thousandths.
    pub dues_permille: u32,
    /// Weight of the risk cost, in thousandths.
    pub risk_permille: u32,
    /// Weight of the thermal cost, in thousandths.
    pub thermal_permille: u32,
    /// Weight of the latency cost, in thousandths.
    pub latency_permille: u32,
    /// Weight of the move cost, in thousandths.
    pub moves_permille: u32,
    /// What moving a capsule costs where its job states no cost, in thousandths of its bid.
    pub move_share_permille: u32,
    /// What a capsule on the move holds at both ends until it has arrived, and at the end left while it is paused: such as memory
    /// that is copied.
    pub transient: Kinds,
    /// Weight of what reserves used up cost, in thousandths.
    pub headroom_permille: u32,
    /// Weight of what kinds out of balance cost, in thousandths.
    pub balance_permille: u32,
    /// Price of energy where no zone states one, in micro-credits per kilowatt-hour.
    pub energy_price: u64,
    /// Price of what making energy emits, in micro-credits per kilogram of carbon dioxide.
    pub carbon_price: u64,
    /// Price of heat rejected at a full thermal envelope, in micro-credits per kilowatt-hour.
    pub thermal_price: u64,
    /// Price of one-way delay to a job's data, in micro-credits per millisecond and hour of term.
    pub latency_price: u64,
    /// The safety capacities of tiles.
    pub headroom: Vec<Headroom>,
    /// What should be left on tiles of one kind for what is left of another.
    pub balance: Vec<Balance>,
}

impl Default for Weights {
    fn default() -> Weights {
        Weights {
            energy_permille: 1_000,
            carbon_permille: 1_000,
            dues_permille: 1_000,
            risk_permille: 1_000,
            thermal_permille: 1_000,
            latency_permille: 1_000,
            moves_permille: 1_000,
            move_share_permille: 1,
            transient: Kinds::NONE,
            headroom_permille: 1_000,
            balance_permille: 1_000,
            energy_price: 100_000,
            carbon_price: 70_000,
            thermal_price: 10_000,
            latency_price: 1_000,
            headroom: Vec::new(),
            balance: Vec::new(),
        }
    }
}

/// What the objective needs to know of a tile: two tiles of one site are worth the same to every job without data.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// The tile's class.
    pub class: &'a TileClass,
    /// What energy costs and emits at the tile, and what accounts cost, over time.
    pub tariff: Tariff<'a>,
    /// The tile's heat capacity, in milliwatts.
    pub heat_mw: u64,
}

impl<'a> Site<'a> {
    /// The site of a tile.
    ///
    /// # Panics
    /// When the node is not a tile.
    #[must_use]
    pub fn of(fleet: &'a Fleet, tile: NodeIndex, weights: &Weights) -> Site<'a> {
        Site::with(fleet, tile, Tariff::of(fleet, tile, weights))
    }

    /// The site of a tile whose tariff is known.
    fn with(fleet: &'a Fleet, tile: NodeIndex, tariff: Tariff<'a>) -> Site<'a> {
        let class = fleet.class_of(tile).expect("a site is a tile's");
        Site {
            class: &fleet.classes()[class.at()],
            tariff,
            heat_mw: fleet.base_capacity(Owner::Node(tile)).get(Kind::Heat),
        }
    }
}

/// Worth of one capsule of a job at a site, without its bonus: its bid less what it costs to run there from a start on.
///
/// `delay_us` is the one-way delay to the job's data, zero where it has none. No term but the bonus, moves and strain depends on
/// anything else; at [`tariff::cheapest_start`] this is the optimistic bound.
#[must_use]
pub fn capsule_value(job: &Job, site: &Site<'_>, start: Timestamp, delay_us: u64, weights: &Weights) -> i64 {
    let cost = tariff::cost(job, site, start, weights)
        .saturating_add(risk::cost(job, site, weights))
        .saturating_add(thermal::cost(job, site, weights))
        .saturating_add(latency::cost(job, site, delay_us, weights));
    let bid = i64::try_from(job.bid).unwrap_or(i64::MAX);
    bid.saturating_sub(i64::try_from(cost).unwrap_or(i64::MAX))
}

/// The exact value of a whole plan: every capsule's worth, plus bonuses, less moves and what strains tiles.
#[must_use]
pub fn plan_value(instance: &Instance, placements: &[Placement]) -> i128 {
    plan_value_under(instance, placements, instance.weights())
}

/// The same under other weights.
#[must_use]
pub fn plan_value_under(instance: &Instance, placements: &[Placement], weights: &Weights) -> i128 {
    let mut total = 0i128;
    let mut placed = vec![0u64; instance.jobs().len()];
    let mut tariffs = Tariffs::new(instance.fleet(), weights);
    for placement in placements {
        let job = &instance.jobs()[placement.job.at()];
        let site = Site::with(instance.fleet(), placement.tile, tariffs.of(placement.tile));
        let delay = latency::delay_to_data_us(instance.fleet(), job, placement.tile).unwrap_or(0);
        let worth = capsule_value(job, &site, placement.start, delay, weights);
        total += i128::from(worth) * i128::from(placement.count);
        placed[placement.job.at()] += u64::from(placement.count);
    }
    for (job, &count) in instance.jobs().iter().zip(&placed) {
        total += i128::from(value::bonus(job, count));
    }
    let strains = strain::of(instance, placements, weights);
    total - moves::cost_under(instance, placements, weights) - strains.headroom - strains.balance
}

/// The sum of what accepted capsules bid, bonuses included: the scale of the gap.
#[must_use]
pub fn accepted_bids(instance: &Instance, placements: &[Placement]) -> u128 {
    let mut placed = vec![0u64; instance.jobs().len()];
    for placement in placements {
        placed[placement.job.at()] += u64::from(placement.count);
    }
    let jobs = (0..).map(JobIndex).zip(&placed);
    jobs.map(|(index, &count)| {
        let job = &instance.jobs()[index.at()];
        u128::from(job.bid) * u128::from(count) + u128::from(value::bonus(job, count))
    })
    .sum()
}

/// `price * amount / unit`, rounded up and scaled by a weight in thousandths; saturates.
fn priced(amount: u128, price: u128, unit: u128) -> u64 {
    let cost = amount.checked_mul(price).map_or(u128::MAX, |product| product.div_ceil(unit));
    u64::try_from(cost).unwrap_or(u64::MAX)
}

/// A cost scaled by a weight in thousandths, rounded up.
fn weighted(cost: u64, permille: u32) -> u64 {
    let scaled = (u128::from(cost) * u128::from(permille)).div_ceil(1_000);
    u64::try_from(scaled).unwrap_or(u64::MAX)
}
