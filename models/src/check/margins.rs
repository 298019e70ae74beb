//! What one capsule of a job is worth at each site, less what its unavoidable use costs there.
//!
//! ```text
//! margin(j, t) = worth(j, t) - min over starts of
//!     sum over accounts on t's path, slots and intervals of  p * use  +  sum over pieces, and its shape, at their instants of  p
//!     +  energy, emissions and dues, where t's tariff changes
//! ```
//!
//! The least is at the earliest or the latest start, or at one that only just avoids a price: the last that ends before its
//! interval, or the first after it. Between two neighbors of these starts a run meets an interval nowhere or everywhere,
//! where it does the overlap is concave in the start, and what is concave is least at an end. An instant is an interval of
//! one microsecond that costs as soon as it is met. A tariff adds what is linear in the start between the starts at which an
//! end of the run is at one of its changes; these are tried too. Use rounds down to whole seconds and the cost of a tariff
//! that changes to whole micro-credits, for the bound; pieces and shapes are exact.
//!
//! Worth depends on the economy, use on the class, cost on the path and the tariff: each is worked out once, however many
//! sites there are. A tariff that does not change is part of the worth.

use std::collections::{BTreeMap, BTreeSet};

use super::bound::{BoundError, scaled};
use super::priced_sites::{Held, PricePath, PricedSites, SLOTS, slot};
use super::{eligibility, members};
use crate::draw;
use crate::fleet::{ClassIndex, Level, NodeIndex, Owner};
use crate::instance::Instance;
use crate::job::{Domain, Job, Spread};
use crate::objective::dues::Due;
use crate::objective::energy::MILLIWATT_MICROS_PER_KWH;
use crate::objective::tariff::Tariff;
use crate::objective::value::Tier;
use crate::objective::{Site, Weights, capsule_value, latency};
use crate::plan::PRICE_UNITS;
use crate::resources::{Kind, Resources};
use crate::time::{Interval, MICROS_PER_HOUR, MICROS_PER_SECOND, Span, StepFunction, Timestamp};

/// The margins of one job, worked out as they are asked for.
pub(super) struct Margins<'a> {
    instance: &'a Instance,
    sites: &'a PricedSites,
    job: &'a Job,
    /// By class; `None` where the class cannot run the job.
    uses: Vec<Option<Use>>,
    /// By payment: a price path and a tariff.
    costs: Vec<Option<i128>>,
    /// By economy: the delay to the job's data that was met last, with the worth at that delay.
    worths: Vec<Option<(u64, i128)>>,
}

/// What a capsule pays under each tariff, scaled: the least of starts that pay for the same otherwise. Empty where none of
/// the tariffs changes.
type Bills = Vec<i128>;

/// Amounts above zero, by position among all intervals and then the instants of what is held; sorted.
type Run = Vec<(usize, u64)>;

/// What a capsule uses on tiles of one class.
struct Use {
    /// What it draws from the tile while it runs.
    draw: Resources,
    /// By slot.
    amounts: [u64; SLOTS],
    /// What it holds that has a price.
    held: Vec<Held>,
    /// What it pays for, start by start, each once: whole seconds by interval, then how much it holds by instant.
    runs: BTreeMap<Run, Bills>,
}

impl<'a> Margins<'a> {
    pub(super) fn new(instance: &'a Instance, sites: &'a PricedSites, job: &'a Job) -> Result<Margins<'a>, BoundError> {
        let classes = (0..).map(ClassIndex).take(instance.fleet().classes().len());
        let uses = classes.map(|class| Use::new(instance, sites, job, class)).collect::<Result<_, _>>()?;
        let costs = vec![None; sites.payments];
        Ok(Margins { instance, sites, job, uses, costs, worths: vec![None; sites.economies.len()] })
    }

    /// The best margin on any tile, scaled by 2^`DUAL_SHIFT`; `None` where the job may not run at all.
    pub(super) fn best(&mut self) -> Result<Option<i128>, BoundError> {
        let mut best = None;
        if self.job.locality.is_some() || self.job.data.is_some() {
            self.for_each_spot(|_, margin| best = best.max(Some(margin)))?;
            return Ok(best);
        }
        // Without a place of its own a job may use a site's every tile, or none of them.
        let sites = self.sites;
        for (at, site) in sites.distinct.iter().enumerate() {
            best = best.max(self.at(at, site.tile)?);
        }
        Ok(best)
    }

    /// The margins that a spread allows, best first: every member of the domain at its best, as often as the spread says.
    ///
    /// A tile of several members counts in the first alone, and a tile of none is not limited: both relax.
    pub(super) fn spread_tiers(&mut self, spread: Spread) -> Result<Vec<Tier>, BoundError> {
        let (sites, fleet, count) = (self.sites, self.instance.fleet(), u64::from(self.job.count));
        let each = u64::from(spread.most);
        let mut of_member: BTreeMap<Owner, i128> = BTreeMap::new();
        let mut tiers: Vec<Tier> = Vec::new();
        self.for_each_spot(|at, margin| {
            let spot = &sites.spots[at];
            if spread.domain == Domain::Level(Level::Tile) {
                tiers.push((margin, each.saturating_mul(spot.tiles)));
            } else if let Some(&member) = members(fleet, spot.tile, spread.domain).first() {
                let best = of_member.entry(member).or_insert(margin);
                *best = margin.max(*best);
            } else {
                tiers.push((margin, count));
            }
        })?;
        tiers.extend(of_member.into_values().map(|margin| (margin, each)));
        tiers.sort_unstable_by_key(|tier| std::cmp::Reverse(tier.0));
        Ok(tiers)
    }

    /// Calls back with each spot that the job may use and its margin there, scaled by 2^`DUAL_SHIFT`.
    fn for_each_spot(&mut self, mut each: impl FnMut(usize, i128)) -> Result<(), BoundError> {
        let sites = self.sites;
        for (at, spot) in sites.spots.iter().enumerate() {
            if let Some(margin) = self.at(spot.site, spot.tile)? {
                each(at, margin);
            }
        }
        Ok(())
    }

    /// The margin on a tile of a site; `None` where the job may not run there.
    fn at(&mut self, site: usize, tile: NodeIndex) -> Result<Option<i128>, BoundError> {
        let (fleet, site) = (self.instance.fleet(), &self.sites.distinct[site]);
        let economy = &self.sites.economies[site.economy];
        let Some(uses) = &self.uses[economy.class.at()] else { return Ok(None) };
        if !uses.draw.fits(&economy.room) || eligibility::first_broken(fleet, self.job, tile).is_some() {
            return Ok(None);
        }
        let delay_us = latency::delay_to_data_us(fleet, self.job, tile).unwrap_or(0);
        let worth = match self.worths[site.economy] {
            Some((delay, worth)) if delay == delay_us => worth,
            _ => {
                let class = &fleet.classes()[economy.class.at()];
                let tariff = &self.sites.tariffs[economy.tariff];
                let tariff = if tariff.is_flat() { tariff.clone() } else { Tariff::flat(0) };
                let place = Site { class, tariff, heat_mw: economy.heat_mw };
                let worth = capsule_value(self.job, &place, self.job.earliest, delay_us, self.instance.weights());
                scaled(i128::from(worth))?
            }
        };
        self.worths[site.economy] = Some((delay_us, worth));
        let cost = match self.costs[site.payment] {
            Some(cost) => cost,
            None => uses.least_cost(self.sites, &self.sites.paths[site.path], economy.tariff)?,
        };
        self.costs[site.payment] = Some(cost);
        worth.checked_sub(cost).map(Some).ok_or(BoundError::Overflow)
    }
}

impl Use {
    /// What a capsule uses on tiles of a class; `None` where its window is too short or its devices too many.
    fn new(instance: &Instance, sites: &PricedSites, job: &Job, index: ClassIndex) -> Result<Option<Use>, BoundError> {
        let class = &instance.fleet().classes()[index.at()];
        let term = draw::term(job, class);
        if job.earliest.after(term) > job.deadline || job.demand.devices > class.devices {
            return Ok(None);
        }
        let mut amounts = [0u64; SLOTS];
        let draw = draw::draw(&job.demand, class, Level::Tile);
        amounts[..Kind::COUNT].copy_from_slice(&draw.0);
        amounts[Kind::COUNT..].copy_from_slice(&job.demand.bandwidth_bps);
        let piece = (job.demand.devices > 0).then_some(Held::Piece(job.demand.device_milli));
        let held: Vec<Held> = piece.into_iter().chain(sites.shape(index, draw)).collect();
        // Every instant of what it holds, with how much of it.
        let moments: Vec<(Timestamp, u64)> = held
            .iter()
            .flat_map(|&held| {
                let amount = if let Held::Piece(_) = held { job.demand.devices.into() } else { 1 };
                sites.instants_of(held).iter().map(move |&instant| (instant, amount))
            })
            .collect();
        let pays_for = |run: Interval| -> Run {
            let seconds = sites.intervals.iter().map(|&interval| overlap_seconds(run, interval));
            let held = |&(instant, amount)| if run.start <= instant && instant < run.end { amount } else { 0 };
            seconds.chain(moments.iter().map(held)).enumerate().filter(|amount| amount.1 > 0).collect()
        };
        let instants = moments.iter().map(|moment| moment.0);
        let changes: Vec<Timestamp> = sites.tariffs.iter().flat_map(Tariff::changes).collect();
        let mut starts = starts_to_try(job, term, &sites.intervals, instants);
        starts.extend(starts_at_changes(job, term, &changes));
        let power_mw = draw::power_mw(&job.demand, class);
        // Classes that bid in no market owe nothing.
        let charged = if job.service.trades() { amounts } else { [0; SLOTS] };
        let mut runs: BTreeMap<Run, Bills> = BTreeMap::new();
        for start in starts {
            let run = Interval { start, end: start.after(term) };
            let billed = sites.tariffs.iter().filter(|_| !changes.is_empty());
            let bills = billed.map(|tariff| scaled(bill((power_mw, &charged), tariff, run, instance.weights())));
            let bills: Bills = bills.collect::<Result<_, _>>()?;
            let least = runs.entry(pays_for(run)).or_insert_with(|| bills.clone());
            least.iter_mut().zip(bills).for_each(|(least, bill)| *least = bill.min(*least));
        }
        Ok(Some(Use { draw, amounts, held, runs }))
    }

    /// The least that a capsule costs whatever its start, at the prices along a path and under a tariff.
    fn least_cost(&self, sites: &PricedSites, path: &PricePath, tariff: usize) -> Result<i128, BoundError> {
        let intervals = sites.intervals.len();
        // As in a run: by interval what a second costs, then by instant what is held costs.
        let mut rates = vec![0i128; intervals];
        for &(column, price) in &path.capacity {
            let (slot, interval) = (column / intervals, column % intervals);
            let cost = i128::from(self.amounts[slot]).checked_mul(price).ok_or(BoundError::Overflow)?;
            rates[interval] = rates[interval].checked_add(cost).ok_or(BoundError::Overflow)?;
        }
        for &held in &self.held {
            let first = rates.len();
            rates.resize(first + sites.instants_of(held).len(), 0);
            path.held(held).for_each(|(instant, price)| rates[first + instant] = price);
        }
        let mut least: Option<i128> = None;
        for (run, bills) in &self.runs {
            let billed = if sites.tariffs[tariff].is_flat() { 0 } else { bills[tariff] };
            let cost = run.iter().try_fold(billed, |sum, &(position, amount)| {
                sum.checked_add(rates[position].checked_mul(i128::from(amount))?)
            });
            let cost = cost.ok_or(BoundError::Overflow)?;
            least = Some(least.map_or(cost, |least| least.min(cost)));
        }
        Ok(least.unwrap_or(0))
    }
}

/// The starts among which the cheapest is, each once.
fn starts_to_try(
    job: &Job,
    term: Span,
    intervals: &[Interval],
    instants: impl Iterator<Item = Timestamp>,
) -> BTreeSet<Timestamp> {
    let latest = Timestamp(job.deadline.0.saturating_sub_unsigned(term.0));
    let moments = instants.map(|instant| Interval { start: instant, end: instant.after(Span(1)) });
    let avoiding = |price: Interval| [Timestamp(price.start.0.saturating_sub_unsigned(term.0)), price.end];
    let avoiding = intervals.iter().copied().chain(moments).flat_map(avoiding);
    avoiding.filter(|&start| job.earliest < start && start < latest).chain([job.earliest, latest]).collect()
}

/// The starts inside a job's window at which an end of its run is at a change.
fn starts_at_changes(job: &Job, term: Span, changes: &[Timestamp]) -> impl Iterator<Item = Timestamp> {
    let ends_there = move |change: Timestamp| Timestamp(change.0.saturating_sub_unsigned(term.0));
    let starts = changes.iter().flat_map(move |&change| [change, ends_there(change)]);
    starts.filter(move |&start| job.earliest < start && start.after(term) < job.deadline)
}

/// What energy, emissions and dues cost over a run, in micro-credits, rounded down for the bound.
fn bill((power_mw, charged): (u64, &[u64; SLOTS]), tariff: &Tariff<'_>, run: Interval, weights: &Weights) -> i128 {
    let whole = |amount: u128, unit: u128, permille: u32| {
        let cost = amount / unit * u128::from(permille) / 1_000;
        i128::from(i64::try_from(cost).unwrap_or(i64::MAX))
    };
    let of = |function: &StepFunction, price: u64, unit: u128, permille: u32| {
        let amount = u128::from(power_mw).checked_mul(function.sum(run)).and_then(|a| a.checked_mul(price.into()));
        whole(amount.unwrap_or(u128::MAX), unit, permille)
    };
    let due = |due: &Due<'_>| u128::from(charged[slot(due.kind, due.level)]).saturating_mul(due.price.sum(run));
    let dues = tariff.dues.iter().map(due).fold(0, u128::saturating_add);
    let dues = whole(dues, u128::from(PRICE_UNITS) * u128::from(MICROS_PER_HOUR), weights.dues_permille);
    let energy = of(&tariff.price, 1, MILLIWATT_MICROS_PER_KWH, weights.energy_permille);
    let grams = of(&tariff.carbon, weights.carbon_price, MILLIWATT_MICROS_PER_KWH * 1_000_000, weights.carbon_permille);
    (energy + grams + dues).min(i64::MAX.into())
}

fn overlap_seconds(run: Interval, interval: Interval) -> u64 {
    run.end.min(interval.end).since(run.start.max(interval.start)).0 / MICROS_PER_SECOND
}
