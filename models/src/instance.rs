//! One complete input to a plan, checked.

use crate::account_prices::{AccountPrices, PriceError};
use crate::draw;
use crate::fleet::{Fleet, Level, NodeIndex};
use crate::job::{Job, JobIndex, Relation, Term};
use crate::names::{Names, NamesError};
use crate::objective::Weights;
use crate::plan::{CurrentPlacement, Placement, Price};
use crate::resources::AMOUNT_MAX;
use crate::tile_class::{DEVICE_MILLI, DEVICES_MAX};
use crate::time::{Interval, SPAN_MAX, TIMESTAMP_MAX, Timestamp};

/// A checked fleet with checked jobs, what runs now, and the weights of the objective.
#[derive(Clone, Debug)]
pub struct Instance {
    fleet: Fleet,
    job_names: Names,
    jobs: Vec<Job>,
    current: Vec<CurrentPlacement>,
    queued: Vec<Placement>,
    weights: Weights,
}

/// Why jobs or current placements were refused. Rows count from zero.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InstanceError {
    /// A bad list of job names.
    #[error("jobs: {0}")]
    JobNames(NamesError),
    /// A field of a job outside its range.
    #[error("jobs row {row}, column {field}: {problem}")]
    Job {
        /// The row.
        row: usize,
        /// The column, as in the table.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
    /// A current placement that cannot be.
    #[error("placements row {row}, column {field}: {problem}")]
    Current {
        /// The row.
        row: usize,
        /// The column, as in the table.
        field: &'static str,
        /// What is wrong and what would be right.
        problem: &'static str,
    },
}

impl Instance {
    /// Checks jobs and current placements against the fleet.
    ///
    /// # Errors
    /// The first field outside its range, with its row.
    pub fn new(
        fleet: Fleet,
        job_names: Vec<String>,
        jobs: Vec<Job>,
        weights: Weights,
    ) -> Result<Instance, InstanceError> {
        let job_names = Names::new(job_names).map_err(InstanceError::JobNames)?;
        if job_names.len() != jobs.len() {
            let problem = "there must be as many names as jobs";
            return Err(InstanceError::Job { row: jobs.len(), field: "name", problem });
        }
        for (row, job) in jobs.iter().enumerate() {
            check_job(&fleet, jobs.len(), row, job).map_err(|(field, problem)| InstanceError::Job {
                row,
                field,
                problem,
            })?;
        }
        Ok(Instance { fleet, job_names, jobs, current: Vec::new(), queued: Vec::new(), weights })
    }

    /// The same instance with capsules that already run.
    ///
    /// # Errors
    /// A placement on what is not a tile, of more capsules than the job has, or with the wrong devices.
    pub fn with_current(mut self, mut current: Vec<CurrentPlacement>) -> Result<Instance, InstanceError> {
        let mut held = vec![0u64; self.jobs.len()];
        for (row, placement) in current.iter().enumerate() {
            let outcome = self.check_current(placement, &mut held);
            outcome.map_err(|(field, problem)| InstanceError::Current { row, field, problem })?;
        }
        current.sort_unstable();
        self.current = current;
        Ok(self)
    }

    /// The same instance with what an earlier plan has yet to start: advice for a plan to begin with, which binds nobody.
    /// What names no job or no tile is left out.
    #[must_use]
    pub fn with_queued(mut self, mut queued: Vec<Placement>) -> Instance {
        let is_tile = |node: NodeIndex| node.at() < self.fleet.node_count() && self.fleet.level(node) == Level::Tile;
        queued.retain(|placement| placement.job.at() < self.jobs.len() && is_tile(placement.tile));
        queued.sort_unstable_by_key(|placement| (placement.start, placement.job, placement.tile, placement.devices));
        self.queued = queued;
        self
    }

    /// The same instance where the use of accounts costs what these prices say, and nothing else.
    ///
    /// # Errors
    /// A price beyond 2^53, of an account that is not there, over an empty interval, or where its account has another one.
    pub fn with_prices(mut self, prices: &[Price]) -> Result<Instance, PriceError> {
        let prices = AccountPrices::new(&self.fleet, prices)?;
        self.fleet.charge(prices);
        Ok(self)
    }

    fn check_current(
        &self,
        placement: &CurrentPlacement,
        held: &mut [u64],
    ) -> Result<(), (&'static str, &'static str)> {
        let job = self.jobs.get(placement.job.at()).ok_or(("job", "no such job"))?;
        let is_tile = placement.tile.at() < self.fleet.node_count() && self.fleet.level(placement.tile) == Level::Tile;
        if !is_tile {
            return Err(("node", "must name a tile"));
        }
        if placement.count == 0 {
            return Err(("count", "must be at least 1"));
        }
        held[placement.job.at()] += u64::from(placement.count);
        if held[placement.job.at()] > u64::from(job.count) {
            return Err(("count", "more capsules run than the job has"));
        }
        let expected = if placement.count == 1 { u32::from(job.demand.devices) } else { 0 };
        let class = self.fleet.class_of(placement.tile).map(|class| &self.fleet.classes()[class.at()]);
        let devices = class.map_or(0, |class| u32::from(class.devices));
        if placement.devices.count_ones() != expected || (job.demand.devices > 0 && placement.count != 1) {
            return Err(("devices", "must list as many devices as the job demands, one capsule a row"));
        }
        if 64 - placement.devices.leading_zeros() > devices {
            return Err(("devices", "lists a device that the tile does not have"));
        }
        Ok(())
    }

    /// The fleet.
    #[must_use]
    #[inline]
    pub fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The fleet, to lower its limits.
    pub fn fleet_mut(&mut self) -> &mut Fleet {
        &mut self.fleet
    }

    /// The jobs, in table order.
    #[must_use]
    #[inline]
    pub fn jobs(&self) -> &[Job] {
        &self.jobs
    }

    /// A job's name.
    #[must_use]
    pub fn job_name(&self, job: JobIndex) -> &str {
        self.job_names.get(job.at())
    }

    /// The jobs' names.
    #[must_use]
    pub fn job_names(&self) -> &Names {
        &self.job_names
    }

    /// What runs when the plan begins, sorted.
    #[must_use]
    pub fn current(&self) -> &[CurrentPlacement] {
        &self.current
    }

    /// What an earlier plan has yet to start, in the order of starts.
    #[must_use]
    pub fn queued(&self) -> &[Placement] {
        &self.queued
    }

    /// The instant at which a plan takes over what runs: the latest `earliest` of the jobs that run; `None` where none does.
    ///
    /// What runs has started, and nothing starts before its job's `earliest`: the present is not before this instant.
    #[must_use]
    pub fn takeover(&self) -> Option<Timestamp> {
        self.current.iter().map(|current| self.jobs[current.job.at()].earliest).max()
    }

    /// Whether a job has time left before its deadline on some class of tiles, so that it may start later than at once.
    #[must_use]
    pub fn may_start_later(&self, job: &Job) -> bool {
        self.fleet.classes().iter().any(|class| job.earliest.after(draw::term(job, class)) < job.deadline)
    }

    /// The weights of the objective.
    #[must_use]
    #[inline]
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The same instance under other weights.
    #[must_use]
    pub fn with_weights(self, weights: Weights) -> Instance {
        Instance { weights, ..self }
    }

    /// From the earliest start to the last deadline; empty at zero where there is no job.
    #[must_use]
    pub fn horizon(&self) -> Interval {
        let start = self.jobs.iter().map(|job| job.earliest).min().unwrap_or_default();
        let end = self.jobs.iter().map(|job| job.deadline).max().unwrap_or_default();
        Interval { start, end }
    }
}

type Refusal = (&'static str, &'static str);

fn check_job(fleet: &Fleet, job_count: usize, row: usize, job: &Job) -> Result<(), Refusal> {
    check_numbers(job)?;
    check_devices(job)?;
    check_times(job)?;
    if job.classes.iter().any(|class| class.at() >= fleet.classes().len()) {
        return Err(("classes", "names a tile class that no tile has"));
    }
    if job.classes.windows(2).any(|pair| pair[0] >= pair[1]) {
        return Err(("classes", "must not repeat a class"));
    }
    if job.band.is_some_and(|band| band.low_mk > band.high_mk) {
        return Err(("band_low_mk", "must not exceed band_high_mk"));
    }
    if job.spread.is_some_and(|spread| spread.most == 0) {
        return Err(("spread_most", "must be at least 1"));
    }
    if job.spread.is_some_and(|spread| spread.least > job.count) {
        return Err(("spread_least", "must not exceed count"));
    }
    let known = |relation: Option<Relation>| relation.is_none_or(|r| r.job.at() < job_count && r.job.at() != row);
    if !known(job.affinity) {
        return Err(("affinity_job", "must name another job of the table"));
    }
    if !known(job.anti_affinity) {
        return Err(("anti_affinity_job", "must name another job of the table"));
    }
    let there = |node: Option<NodeIndex>| node.is_none_or(|node| node.at() < fleet.node_count());
    if !there(job.locality) || !there(job.data) {
        return Err(("locality", "must name a node of the fleet"));
    }
    Ok(())
}

fn check_numbers(job: &Job) -> Result<(), Refusal> {
    if job.count == 0 {
        return Err(("count", "must be at least 1"));
    }
    if job.gang_min > job.count {
        return Err(("gang_min", "must not exceed count"));
    }
    if job.wanted > job.count {
        return Err(("wanted", "must not exceed count"));
    }
    let demand = &job.demand;
    let amounts = [
        ("bid", job.bid),
        ("bonus", job.bonus),
        ("move_cost", job.move_cost),
        ("move_cost_once", job.move_cost_once),
        ("compute_mops", demand.compute_mops),
        ("memory_bytes", demand.memory_bytes),
        ("power_mw", demand.power_mw),
        ("heat_mw", demand.heat_mw),
        ("storage_bytes", demand.storage_bytes),
        ("reversible_mops", demand.reversible_mops),
    ];
    let bandwidths = demand.bandwidth_bps.iter().map(|&amount| ("bandwidth_bps", amount));
    match amounts.into_iter().chain(bandwidths).find(|&(_, amount)| amount > AMOUNT_MAX) {
        Some((field, _)) => Err((field, "must not exceed 2^53")),
        None => Ok(()),
    }
}

fn check_devices(job: &Job) -> Result<(), Refusal> {
    let (devices, milli) = (job.demand.devices, job.demand.device_milli);
    if devices > DEVICES_MAX {
        return Err(("devices", "must not exceed 64"));
    }
    if milli > DEVICE_MILLI {
        return Err(("device_milli", "must not exceed 1000: ask for more devices instead"));
    }
    if (devices == 0) != (milli == 0) {
        return Err(("device_milli", "must be above zero exactly where devices are asked for"));
    }
    Ok(())
}

fn check_times(job: &Job) -> Result<(), Refusal> {
    let outside = |when: Timestamp| when.0.unsigned_abs() > TIMESTAMP_MAX.0.unsigned_abs();
    if outside(job.earliest) {
        return Err(("earliest", "is beyond the supported range of time"));
    }
    if outside(job.deadline) {
        return Err(("deadline", "is beyond the supported range of time"));
    }
    if job.deadline <= job.earliest {
        return Err(("deadline", "must be after earliest"));
    }
    match job.term {
        Term::Fixed(span) if span.0 == 0 || span > SPAN_MAX => Err(("term_us", "must be between 1 and a century")),
        Term::Fixed(span) if job.earliest.after(span) > job.deadline => {
            Err(("deadline", "must leave room for the term after earliest"))
        }
        Term::Work(0) => Err(("work_mop", "must be at least 1")),
        Term::Work(_) if job.demand.compute_mops == 0 => {
            Err(("compute_mops", "must be above zero where work is given"))
        }
        Term::Fixed(_) | Term::Work(_) => Ok(()),
    }
}
