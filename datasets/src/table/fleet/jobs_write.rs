//! Writing table `jobs`.

use std::path::Path;

use lessor_models::fleet::{ClassIndex, Fleet};
use lessor_models::instance::Instance;
use lessor_models::job::{Job, Relation, Spread, Term};

use super::demand::{put_demand, some_unless_zero};
use super::jobs::JOBS;
use crate::table::error::{DatasetError, Problem};
use crate::table::sink::{Columns, write_table};

/// Writes the jobs of an instance.
///
/// # Errors
/// A file that cannot be written, or a job that allows only some of the descriptors of a class's name.
pub fn write_jobs(path: &Path, instance: &Instance) -> Result<(), DatasetError> {
    let fleet = instance.fleet();
    for (row, job) in instance.jobs().iter().enumerate() {
        if let Some(name) = part_of_class(fleet, &job.classes) {
            let problem = Box::new(Problem::PartOfClass { name: name.to_owned() });
            return Err(DatasetError::Unwritable { path: path.to_owned(), row, column: "classes", problem });
        }
    }
    write_table(path, &JOBS, instance.jobs().len(), |rows, columns| {
        let jobs = &instance.jobs()[rows.clone()];
        columns.text("name", rows.map(|row| Some(instance.job_names().get(row))));
        put_worth(columns, jobs);
        put_demand(columns, jobs);
        put_window(columns, jobs);
        put_rules(columns, jobs, instance);
    })
}

/// A class name of which the list holds some descriptors but not all.
fn part_of_class<'f>(fleet: &'f Fleet, classes: &[ClassIndex]) -> Option<&'f str> {
    if classes.is_empty() {
        return None;
    }
    let name = |class: &ClassIndex| fleet.classes()[class.at()].name.as_str();
    let missing = |index: u32| classes.binary_search(&ClassIndex(index)).is_err();
    let others = fleet.classes().iter().zip(0..).filter(|&(_, index)| missing(index));
    others.map(|(class, _)| class.name.as_str()).find(|other| classes.iter().any(|class| name(class) == *other))
}

fn put_worth(columns: &mut Columns, jobs: &[Job]) {
    let mut put = |name: &str, value: &dyn Fn(&Job) -> Option<u64>| columns.integer(name, jobs.iter().map(value));
    put("count", &|job| Some(job.count.into()));
    put("gang_min", &|job| some_unless_zero(job.gang_min.into()));
    put("bid", &|job| Some(job.bid));
    put("wanted", &|job| some_unless_zero(job.wanted.into()));
    put("bonus", &|job| some_unless_zero(job.bonus));
    put("checkpoint_us", &|job| job.checkpoint.map(|span| span.0));
    put("move_cost", &|job| some_unless_zero(job.move_cost));
    put("move_cost_once", &|job| some_unless_zero(job.move_cost_once));
    columns.text("service", jobs.iter().map(|job| Some(job.service.name())));
    columns.flag("preemptible", jobs.iter().map(|job| Some(job.preemptible)));
}

fn put_window(columns: &mut Columns, jobs: &[Job]) {
    let term = |job: &Job| match job.term {
        Term::Fixed(span) => (Some(span.0), None),
        Term::Work(work) => (None, Some(work)),
    };
    columns.integer("term_us", jobs.iter().map(|job| term(job).0));
    columns.integer("work_mop", jobs.iter().map(|job| term(job).1));
    columns.time("earliest", jobs.iter().map(|job| Some(job.earliest)));
    columns.time("deadline", jobs.iter().map(|job| Some(job.deadline)));
}

fn put_rules(columns: &mut Columns, jobs: &[Job], instance: &Instance) {
    let fleet = instance.fleet();
    columns.integer("band_low_mk", jobs.iter().map(|job| job.band.map(|band| band.low_mk.into())));
    columns.integer("band_high_mk", jobs.iter().map(|job| job.band.map(|band| band.high_mk.into())));
    columns.texts("classes", jobs.iter().map(|job| class_names(fleet, &job.classes)));
    columns.text("spread_domain", jobs.iter().map(|job| job.spread.map(|spread| spread.domain.name())));
    let most = |spread: Spread| (spread.most < u32::MAX || spread.least == 0).then_some(spread.most.into());
    columns.integer("spread_most", jobs.iter().map(|job| job.spread.and_then(most)));
    let least = |spread: Spread| (spread.least > 0).then_some(spread.least.into());
    columns.integer("spread_least", jobs.iter().map(|job| job.spread.and_then(least)));
    let other = |relation: Option<Relation>| relation.map(|relation| instance.job_name(relation.job));
    let domain = |relation: Option<Relation>| relation.map(|relation| relation.domain.name());
    columns.text("affinity_job", jobs.iter().map(|job| other(job.affinity)));
    columns.text("affinity_domain", jobs.iter().map(|job| domain(job.affinity)));
    columns.text("anti_affinity_job", jobs.iter().map(|job| other(job.anti_affinity)));
    columns.text("anti_affinity_domain", jobs.iter().map(|job| domain(job.anti_affinity)));
    columns.text("locality", jobs.iter().map(|job| job.locality.map(|node| fleet.name(node))));
    columns.text("data", jobs.iter().map(|job| job.data.map(|node| fleet.name(node))));
    columns.integer("latency_max_us", jobs.iter().map(|job| job.latency_max_us));
}

/// The names of classes, each once.
fn class_names<'f>(fleet: &'f Fleet, classes: &[ClassIndex]) -> Vec<&'f str> {
    let mut names: Vec<&str> = classes.iter().map(|class| fleet.classes()[class.at()].name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
}
