//! What one capsule of a job is worth at each site, less what its unavoidable use costs there.
//!
//! ```text
//! margin(j, t) = worth(j, t) - sum over accounts on t's path, slots and intervals of  p * least use
//! ```
//!
//! Worth depends on the economy, use on the class, cost on the path: each is worked out once, however many sites there are.

use super::bound::{BoundError, scaled};
use super::eligibility;
use super::priced_sites::{PricedSites, SLOTS};
use crate::draw;
use crate::fleet::{Level, NodeIndex};
use crate::instance::Instance;
use crate::job::Job;
use crate::objective::{Site, capsule_value, latency};
use crate::resources::Kind;
use crate::tile_class::TileClass;
use crate::time::{Interval, MICROS_PER_SECOND, Timestamp};

/// The margins of one job, worked out as they are asked for.
pub(super) struct Margins<'a> {
    instance: &'a Instance,
    sites: &'a PricedSites,
    job: &'a Job,
    /// By class, then slot and interval: the least use in units times seconds; `None` where the class cannot run the job.
    uses: Vec<Option<Vec<i128>>>,
    /// By price path.
    costs: Vec<Option<i128>>,
    /// By economy: the delay to the job's data that was met last, with the worth at that delay.
    worths: Vec<Option<(u64, i128)>>,
}

impl<'a> Margins<'a> {
    pub(super) fn new(instance: &'a Instance, sites: &'a PricedSites, job: &'a Job) -> Margins<'a> {
        let classes = instance.fleet().classes().iter();
        let uses = classes.map(|class| least_use(&sites.intervals, job, class)).collect();
        let (costs, worths) = (vec![None; sites.paths.len()], vec![None; sites.economies.len()]);
        Margins { instance, sites, job, uses, costs, worths }
    }

    /// Calls back with each site that the job may use and its margin there, scaled by 2^`DUAL_SHIFT`.
    pub(super) fn for_each(
        &mut self,
        mut each: impl FnMut(usize, i128) -> Result<(), BoundError>,
    ) -> Result<(), BoundError> {
        let (sites, job) = (self.sites, self.job);
        let mut visit = |at: usize, tile| self.at(at, tile)?.map_or(Ok(()), |margin| each(at, margin));
        if job.locality.is_none() && job.data.is_none() {
            // Without a place of its own a job may use a site's every tile, or none of them.
            sites.distinct.iter().enumerate().try_for_each(|(at, site)| visit(at, site.tile))
        } else {
            sites.spots.iter().try_for_each(|spot| visit(spot.site, spot.tile))
        }
    }

    /// The margin on a tile of a site; `None` where the job may not run there.
    fn at(&mut self, site: usize, tile: NodeIndex) -> Result<Option<i128>, BoundError> {
        let (fleet, site) = (self.instance.fleet(), &self.sites.distinct[site]);
        let economy = &self.sites.economies[site.economy];
        let Some(uses) = &self.uses[economy.class.at()] else { return Ok(None) };
        if eligibility::first_broken(fleet, self.job, tile).is_some() {
            return Ok(None);
        }
        let delay_us = latency::delay_to_data_us(fleet, self.job, tile).unwrap_or(0);
        let worth = match self.worths[site.economy] {
            Some((delay, worth)) if delay == delay_us => worth,
            _ => {
                let class = &fleet.classes()[economy.class.at()];
                let place = Site { class, energy_price: economy.energy_price, heat_mw: economy.heat_mw };
                let worth = capsule_value(self.job, &place, delay_us, self.instance.weights());
                scaled(i128::from(worth))?
            }
        };
        self.worths[site.economy] = Some((delay_us, worth));
        let cost = match self.costs[site.path] {
            Some(cost) => cost,
            None => self.sites.paths[site.path].iter().try_fold(0i128, |sum, &(column, price)| {
                let cost = uses[column].checked_mul(price).ok_or(BoundError::Overflow)?;
                sum.checked_add(cost).ok_or(BoundError::Overflow)
            })?,
        };
        self.costs[site.path] = Some(cost);
        worth.checked_sub(cost).map(Some).ok_or(BoundError::Overflow)
    }
}

/// What a capsule uses on tiles of a class whatever its start; `None` where its window is too short or its devices too many.
fn least_use(intervals: &[Interval], job: &Job, class: &TileClass) -> Option<Vec<i128>> {
    let term = draw::term(job, class);
    if job.earliest.after(term) > job.deadline || job.demand.devices > class.devices {
        return None;
    }
    let mut amounts = [0u64; SLOTS];
    amounts[..Kind::COUNT].copy_from_slice(&draw::draw(&job.demand, class, Level::Tile).0);
    amounts[Kind::COUNT..].copy_from_slice(&job.demand.bandwidth_bps);
    let first = Interval { start: job.earliest, end: job.earliest.after(term) };
    let last = Interval { start: Timestamp(job.deadline.0.saturating_sub_unsigned(term.0)), end: job.deadline };
    // Overlap is smallest at an extreme start: it rises and then falls as the start moves.
    let seconds = |&interval: &Interval| overlap_seconds(first, interval).min(overlap_seconds(last, interval));
    let seconds: Vec<i128> = intervals.iter().map(seconds).map(i128::from).collect();
    // 53 bits of amount and 44 of seconds stay far below 127.
    Some(amounts.iter().flat_map(|&amount| seconds.iter().map(move |seconds| i128::from(amount) * seconds)).collect())
}

fn overlap_seconds(run: Interval, interval: Interval) -> u64 {
    run.end.min(interval.end).since(run.start.max(interval.start)).0 / MICROS_PER_SECOND
}
