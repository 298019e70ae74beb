//! Table `jobs`: what is asked for, on what terms, and what it is worth. This file reads; `jobs_write` writes.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::draw;
use lessor_models::fleet::{ClassIndex, Fleet};
use lessor_models::job::{Domain, Job, JobIndex, Relation, ServiceClass, Spread, Term};
use lessor_models::resources::AMOUNT_MAX;
use lessor_models::tile_class::Band;
use lessor_models::time::{SPAN_MAX, Span, Timestamp};

use super::demand::DemandColumns;
pub use super::jobs_write::write_jobs;
use super::zones::Rows;
use crate::table::cells::Cells;
use crate::table::error::{DatasetError, Problem};
use crate::table::source::{Batch, TableReader};
use crate::table::spec::ColumnType::{Amount, Flag, Text, Texts, Time, U8, U16, U32};
use crate::table::spec::{TableSpec, optional, required};
use crate::table::words::{Finder, domain, unknown, word};

/// The schema of `jobs.parquet`.
pub const JOBS: TableSpec = TableSpec {
    name: "jobs",
    row: "one job: a set of identical capsules",
    columns: &[
        required("name", Text, "unique name"),
        optional("count", U32, "capsules asked for, at least 1; NULL: 1"),
        optional("gang_min", U32, "fewer capsules than this are none, at most count; NULL: 0, any number helps"),
        required("bid", Amount, "worth of one capsule in micro-credits"),
        optional("wanted", U32, "capsules that earn the bonus, at most count; NULL: 0"),
        optional("bonus", Amount, "completion bonus in micro-credits, earned once; NULL: 0"),
        optional("service", Text, "service class A, B, C or D; NULL: D"),
        optional("compute_mops", Amount, "compute of one capsule in Mop/s; NULL: 0"),
        optional("operation", Text, "scalar, vector or matrix; NULL: scalar"),
        optional("memory_bytes", Amount, "memory of one capsule in bytes; NULL: 0"),
        optional("tile_bandwidth_bps", Amount, "traffic across its tile's uplink in bit/s; NULL: 0"),
        optional("cell_bandwidth_bps", Amount, "traffic across its cell's uplink in bit/s; NULL: 0"),
        optional("cluster_bandwidth_bps", Amount, "traffic across its cluster's uplink in bit/s; NULL: 0"),
        optional("region_bandwidth_bps", Amount, "traffic across its region's uplink in bit/s; NULL: 0"),
        optional("layer_bandwidth_bps", Amount, "traffic out of its layer in bit/s; NULL: 0"),
        optional("power_mw", Amount, "power beside what compute and devices draw, in milliwatts; NULL: 0"),
        optional("heat_mw", Amount, "heat beside what the power drawn rejects, in milliwatts; NULL: 0"),
        optional("storage_bytes", Amount, "storage of one capsule in bytes; NULL: 0"),
        optional("reversible_mops", Amount, "reversible compute of one capsule in Mop/s; NULL: 0"),
        optional("devices", U8, "distinct devices of one tile, at most 64; NULL: 0"),
        optional("device_milli", U16, "thousandths of each device, 1 to 1000; NULL: 1000 where devices are asked for"),
        optional("term_us", Amount, "run time in microseconds; this or work_mop"),
        optional(
            "work_mop",
            Amount,
            "work in 10^6 operations, run time is work over compute times class rate; or term_us",
        ),
        required("earliest", Time, "no capsule starts before"),
        optional("deadline", Time, "every capsule has ended by then; NULL: the end of the horizon, see below"),
        optional("band_low_mk", U32, "the tile's band must not reach below, in millikelvin; NULL: any"),
        optional(
            "band_high_mk",
            U32,
            "the tile's band must not reach above, in millikelvin; given exactly where low is",
        ),
        optional(
            "classes",
            Texts,
            "names of the tile classes allowed, each with all its descriptors; NULL or empty: all",
        ),
        optional(
            "spread_domain",
            Text,
            "a level or a zone kind in whose members capsules are counted; NULL: no spread",
        ),
        optional(
            "spread_most",
            U32,
            "capsules in one member at most, at least 1; NULL: any number; only where a domain is",
        ),
        optional(
            "spread_least",
            U32,
            "members with capsules, at least 1 and at most count: the placed capsules lie in so many, or each in its own \
             where fewer are placed; NULL: 1; with a domain, this or spread_most",
        ),
        optional(
            "affinity_job",
            Text,
            "only in members of the domain where this other job runs, all the time that a capsule does; NULL: none",
        ),
        optional("affinity_domain", Text, "a level or a zone kind; given exactly where the job is"),
        optional(
            "anti_affinity_job",
            Text,
            "only in members of the domain where this other job does not run meanwhile; NULL: none",
        ),
        optional("anti_affinity_domain", Text, "a level or a zone kind; given exactly where the job is"),
        optional("locality", Text, "only under this node; NULL: anywhere"),
        optional("data", Text, "the node with the job's data, distance to it costs; NULL: no data"),
        optional("latency_max_us", Amount, "greatest one-way delay to the data in microseconds; NULL: any"),
        optional("preemptible", Flag, "whether capsules may be preempted; NULL: false"),
        optional("checkpoint_us", Amount, "time to write a checkpoint in microseconds; NULL: it cannot"),
        optional(
            "move_cost",
            Amount,
            "cost of moving one capsule that runs, or of stopping it and starting it anew, in micro-credits; NULL: 0",
        ),
        optional("move_cost_once", Amount, "cost of moving any of its capsules in micro-credits, paid once; NULL: 0"),
    ],
};

/// Reads jobs and their names, in table order.
///
/// A null deadline is the end of the horizon: the last of all stated deadlines and, of the jobs without one, of earliest
/// start plus term, where a term given as work counts as on the slowest class that the job allows.
///
/// # Errors
/// The first defect found, with its row and column. What [`lessor_models::instance::Instance::new`] checks is left to it.
pub fn read_jobs(path: &Path, fleet: &Fleet) -> Result<(Vec<String>, Vec<Job>), DatasetError> {
    let mut reader = TableReader::open(path, &JOBS)?;
    let mut links = Links::new(fleet);
    let mut read = JobRows::default();
    while let Some(batch) = reader.next()? {
        read_batch(&batch, &mut links, &mut read)?;
    }
    let JobRows { names, mut jobs, relations, open_deadlines } = read;
    let mut rows = Rows::new(&names);
    for relation in relations {
        let other = rows.find(&relation.other).ok_or_else(|| DatasetError::Cell {
            path: path.to_owned(),
            row: relation.row,
            column: relation.column,
            problem: Box::new(unknown("job", &relation.other, "jobs")),
        })?;
        let linked = Some(Relation { job: JobIndex(other), domain: relation.domain });
        let job = &mut jobs[relation.row];
        *(if relation.anti { &mut job.anti_affinity } else { &mut job.affinity }) = linked;
    }
    close_deadlines(fleet, &mut jobs, &open_deadlines);
    Ok((names, jobs))
}

#[derive(Default)]
struct JobRows {
    names: Vec<String>,
    jobs: Vec<Job>,
    relations: Vec<OpenRelation>,
    open_deadlines: Vec<usize>,
}

/// A relation to a job that may stand in a later row.
struct OpenRelation {
    row: usize,
    column: &'static str,
    other: String,
    domain: Domain,
    anti: bool,
}

/// What the names in a row may refer to.
struct Links<'f> {
    nodes: Finder<'f>,
    classes: BTreeMap<&'f str, Vec<ClassIndex>>,
}

impl<'f> Links<'f> {
    fn new(fleet: &'f Fleet) -> Links<'f> {
        let mut classes: BTreeMap<&str, Vec<ClassIndex>> = BTreeMap::new();
        for (class, index) in fleet.classes().iter().zip(0..) {
            classes.entry(&class.name).or_default().push(ClassIndex(index));
        }
        Links { nodes: Finder::new(fleet.names()), classes }
    }
}

fn read_batch(batch: &Batch, links: &mut Links, read: &mut JobRows) -> Result<(), DatasetError> {
    let names = batch.column("name");
    let (demand, worth) = (DemandColumns::new(batch), WorthColumns::new(batch));
    let (window, rules) = (WindowColumns::new(batch), RuleColumns::new(batch));
    for row in batch.rows() {
        let earliest = window.earliest.need_time(row)?;
        let mut job = Job::empty(earliest, Span(1));
        worth.read(row, &mut job)?;
        job.demand = demand.read(row)?;
        if !window.read(row, &mut job)? {
            read.open_deadlines.push(batch.file_row(row));
        }
        rules.read(row, links, &mut job)?;
        rules.read_relations(row, &mut read.relations)?;
        read.names.push(names.need_text(row)?.to_owned());
        read.jobs.push(job);
    }
    Ok(())
}

/// What a job is worth and costs.
struct WorthColumns<'b> {
    count: Cells<'b>,
    gang_min: Cells<'b>,
    bid: Cells<'b>,
    wanted: Cells<'b>,
    bonus: Cells<'b>,
    service: Cells<'b>,
    preemptible: Cells<'b>,
    checkpoint: Cells<'b>,
    move_cost: Cells<'b>,
    move_cost_once: Cells<'b>,
}

impl<'b> WorthColumns<'b> {
    fn new(batch: &'b Batch) -> WorthColumns<'b> {
        WorthColumns {
            count: batch.column("count"),
            gang_min: batch.column("gang_min"),
            bid: batch.column("bid"),
            wanted: batch.column("wanted"),
            bonus: batch.column("bonus"),
            service: batch.column("service"),
            preemptible: batch.column("preemptible"),
            checkpoint: batch.column("checkpoint_us"),
            move_cost: batch.column("move_cost"),
            move_cost_once: batch.column("move_cost_once"),
        }
    }

    fn read(&self, row: usize, job: &mut Job) -> Result<(), DatasetError> {
        job.count = self.count.narrow(row).unwrap_or(1);
        job.gang_min = self.gang_min.narrow(row).unwrap_or(0);
        job.bid = self.bid.need_integer(row)?;
        job.wanted = self.wanted.narrow(row).unwrap_or(0);
        job.bonus = self.bonus.integer(row).unwrap_or(0);
        let service = self.service.parse(row, |found| word(found, &ServiceClass::ALL, ServiceClass::name))?;
        job.service = service.unwrap_or_default();
        job.preemptible = self.preemptible.flag(row).unwrap_or(false);
        job.checkpoint = self.checkpoint.integer(row).map(Span);
        job.move_cost = self.move_cost.integer(row).unwrap_or(0);
        job.move_cost_once = self.move_cost_once.integer(row).unwrap_or(0);
        Ok(())
    }
}

/// When a job runs and for how long.
struct WindowColumns<'b> {
    earliest: Cells<'b>,
    deadline: Cells<'b>,
    term: Cells<'b>,
    work: Cells<'b>,
}

impl<'b> WindowColumns<'b> {
    fn new(batch: &'b Batch) -> WindowColumns<'b> {
        WindowColumns {
            earliest: batch.column("earliest"),
            deadline: batch.column("deadline"),
            term: batch.column("term_us"),
            work: batch.column("work_mop"),
        }
    }

    /// Reads term and deadline; false where the deadline is left open.
    fn read(&self, row: usize, job: &mut Job) -> Result<bool, DatasetError> {
        job.term = match (self.term.integer(row), self.work.integer(row)) {
            (Some(term), None) if term == 0 || term > SPAN_MAX.0 => {
                let problem = Problem::OutOfRange { found: term.into(), least: 1, most: SPAN_MAX.0 };
                return Err(self.term.refuse(row, problem));
            }
            (Some(term), None) => Term::Fixed(Span(term)),
            (None, Some(0)) => {
                return Err(self.work.refuse(row, Problem::OutOfRange { found: 0, least: 1, most: AMOUNT_MAX }));
            }
            (None, Some(work)) => Term::Work(work),
            (Some(_), Some(_)) | (None, None) => {
                return Err(self.term.refuse(row, Problem::Either { other: self.work.name }));
            }
        };
        let Some(deadline) = self.deadline.time(row) else { return Ok(false) };
        if deadline <= job.earliest {
            let problem = Problem::EndsBeforeStart { start: job.earliest.0, end: deadline.0 };
            return Err(self.deadline.refuse(row, problem));
        }
        job.deadline = deadline;
        Ok(true)
    }
}

/// The rules on where a job may run.
struct RuleColumns<'b> {
    band: [Cells<'b>; 2],
    classes: Cells<'b>,
    spread: SpreadColumns<'b>,
    affinity: [Cells<'b>; 2],
    anti_affinity: [Cells<'b>; 2],
    locality: Cells<'b>,
    data: Cells<'b>,
    latency: Cells<'b>,
}

impl<'b> RuleColumns<'b> {
    fn new(batch: &'b Batch) -> RuleColumns<'b> {
        let pair = |names: [&'static str; 2]| names.map(|name| batch.column(name));
        RuleColumns {
            band: pair(["band_low_mk", "band_high_mk"]),
            classes: batch.column("classes"),
            spread: SpreadColumns::new(batch),
            affinity: pair(["affinity_job", "affinity_domain"]),
            anti_affinity: pair(["anti_affinity_job", "anti_affinity_domain"]),
            locality: batch.column("locality"),
            data: batch.column("data"),
            latency: batch.column("latency_max_us"),
        }
    }

    fn read(&self, row: usize, links: &mut Links, job: &mut Job) -> Result<(), DatasetError> {
        let band = both(self.band, row, self.band.map(|cells| cells.narrow(row)))?;
        job.band = band.map(|[low_mk, high_mk]| Band { low_mk, high_mk });
        for name in self.classes.texts(row) {
            let found = links.classes.get(name);
            let found = found.ok_or_else(|| self.classes.refuse(row, unknown("tile class", name, "nodes")))?;
            job.classes.extend(found);
        }
        job.classes.sort_unstable();
        job.classes.dedup();
        job.spread = self.spread.read(row)?;
        job.locality = self.locality.parse(row, |name| links.nodes.node(name))?;
        job.data = self.data.parse(row, |name| links.nodes.node(name))?;
        job.latency_max_us = self.latency.integer(row);
        Ok(())
    }

    /// Relations are resolved when every name is known.
    fn read_relations(&self, row: usize, open: &mut Vec<OpenRelation>) -> Result<(), DatasetError> {
        for (cells, anti) in [(self.affinity, false), (self.anti_affinity, true)] {
            let domain = cells[1].parse(row, domain)?;
            check_pair(cells, row, cells[0].text(row).is_some(), domain.is_some())?;
            if let Some((other, domain)) = cells[0].text(row).zip(domain) {
                let (row, column) = (cells[0].batch.file_row(row), cells[0].name);
                open.push(OpenRelation { row, column, other: other.to_owned(), domain, anti });
            }
        }
        Ok(())
    }
}

/// How a job is spread.
struct SpreadColumns<'b> {
    domain: Cells<'b>,
    most: Cells<'b>,
    least: Cells<'b>,
}

impl<'b> SpreadColumns<'b> {
    fn new(batch: &'b Batch) -> SpreadColumns<'b> {
        let [domain, most, least] = ["spread_domain", "spread_most", "spread_least"].map(|name| batch.column(name));
        SpreadColumns { domain, most, least }
    }

    fn read(&self, row: usize) -> Result<Option<Spread>, DatasetError> {
        let domain = self.domain.parse(row, domain)?;
        let (most, least) = (self.most.narrow(row), self.least.narrow(row));
        if least == Some(0) {
            let problem = Problem::OutOfRange { found: 0, least: 1, most: u32::MAX.into() };
            return Err(self.least.refuse(row, problem));
        }
        let stated = if least.is_some() { self.least } else { self.most };
        check_pair([self.domain, stated], row, domain.is_some(), most.is_some() || least.is_some())?;
        let spread = |domain| Spread { domain, most: most.unwrap_or(u32::MAX), least: least.unwrap_or(0) };
        Ok(domain.map(spread))
    }
}

/// Two values that are given together or not at all.
fn both<T: Copy>(cells: [Cells; 2], row: usize, values: [Option<T>; 2]) -> Result<Option<[T; 2]>, DatasetError> {
    check_pair(cells, row, values[0].is_some(), values[1].is_some())?;
    Ok(values[0].zip(values[1]).map(|(first, second)| [first, second]))
}

fn check_pair(cells: [Cells; 2], row: usize, first: bool, second: bool) -> Result<(), DatasetError> {
    match (first, second) {
        (true, false) => Err(cells[1].refuse(row, Problem::Partner { partner: cells[0].name })),
        (false, true) => Err(cells[0].refuse(row, Problem::Partner { partner: cells[1].name })),
        _ => Ok(()),
    }
}

/// Sets the deadlines left open to the end of the horizon.
fn close_deadlines(fleet: &Fleet, jobs: &mut [Job], open: &[usize]) {
    if open.is_empty() {
        return;
    }
    let mut is_open = vec![false; jobs.len()];
    for &row in open {
        is_open[row] = true;
    }
    let soonest = |job: &Job| job.earliest.after(longest_term(fleet, job));
    let ends = jobs.iter().zip(&is_open).map(|(job, &open)| if open { soonest(job) } else { job.deadline });
    let end = ends.max().unwrap_or(Timestamp(0));
    for &row in open {
        jobs[row].deadline = end;
    }
}

/// The job's term on the slowest class that it allows.
fn longest_term(fleet: &Fleet, job: &Job) -> Span {
    fleet.classes_for(job).map(|class| draw::term(job, class)).max().unwrap_or(Span(1))
}
