use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Domain, Job, JobIndex, Relation, Spread, Term};
use lessor_models::plan::Placement;
use lessor_models::time::{MICROS_PER_HOUR, Span, Timestamp};

use super::{Tally, advance};
use crate::generate::Scenario;

fn hours(hours: u64) -> Span {
    Span(hours * MICROS_PER_HOUR)
}

const CELL: Domain = Domain::Level(Level::Cell);

fn near(job: u32) -> Relation {
    Relation { job: JobIndex(job), domain: CELL }
}

fn at(hour: u64) -> Timestamp {
    Timestamp(0).after(hours(hour))
}

/// Capsules of three hours that have ended by hour 20.
fn job(count: u32) -> Job {
    Job { count, bid: 10, deadline: at(20), ..Job::empty(at(0), hours(3)) }
}

fn instance(jobs: Vec<Job>) -> Instance {
    let made = Scenario::new(8, 1).generate().unwrap();
    let names = (0..jobs.len()).map(|index| format!("job-{index}")).collect();
    Instance::new(made.fleet().clone(), names, jobs, made.weights().clone()).unwrap()
}

fn tile(instance: &Instance, index: usize) -> NodeIndex {
    instance.fleet().tiles().nth(index).unwrap()
}

/// Placements from jobs, tiles, hours and counts.
fn placed(instance: &Instance, rows: &[(u32, usize, u64, u32)]) -> Vec<Placement> {
    let place = |&(job, index, hour, count): &(u32, usize, u64, u32)| Placement {
        job: JobIndex(job),
        tile: tile(instance, index),
        start: at(hour),
        count,
        devices: 0,
    };
    rows.iter().map(place).collect()
}

fn advanced(instance: &Instance, rows: &[(u32, usize, u64, u32)], hour: u64) -> (Instance, Tally) {
    advance(instance, &placed(instance, rows), at(hour)).unwrap()
}

/// Each job's name, count, whole hours of its term and hour of its earliest start.
fn jobs(instance: &Instance) -> Vec<(&str, u32, u64, i64)> {
    let told = |(index, job): (u32, &Job)| {
        let Term::Fixed(term) = job.term else { panic!("{job:?}") };
        let hour = job.earliest.0 / i64::try_from(MICROS_PER_HOUR).unwrap();
        let name = instance.job_names().get(usize::try_from(index).unwrap());
        (name, job.count, term.0 / MICROS_PER_HOUR, hour)
    };
    (0..).zip(instance.jobs()).map(told).collect()
}

#[test]
fn what_ended_is_gone_what_runs_has_the_rest_of_its_term_and_what_waits_starts_from_then_on() {
    // Nine capsules: two ended, two with one hour left, one with two, one queued, three without a place.
    let before = instance(vec![job(9)]);
    let rows = [(0, 0, 0, 2), (0, 1, 3, 2), (0, 2, 4, 1), (0, 3, 5, 1)];
    let (after, tally) = advanced(&before, &rows, 5);
    assert_eq!(tally, Tally { ended: 2, running: 3, queued: 1, missing: 3, late: 0 });
    assert_eq!(jobs(&after), [("job-0", 2, 1, 5), ("job-0.2", 1, 2, 5), ("job-0.3", 4, 3, 5)]);
    let runs: Vec<_> = after.current().iter().map(|row| (row.job.0, row.tile, row.count)).collect();
    assert_eq!(runs, [(0, tile(&after, 1), 2), (1, tile(&after, 2), 1)]);
    assert_eq!(after.queued(), [Placement { job: JobIndex(2), ..placed(&before, &rows)[3] }]);
    // Before anything started it is the same work.
    let (same, tally) = advanced(&before, &rows, 0);
    assert_eq!((same.jobs(), tally.running, tally.queued), (before.jobs(), 0, 6));
    // And in the end there is none.
    let (over, tally) = advanced(&before, &rows, 18);
    assert_eq!((over.jobs(), tally), (&[][..], Tally { ended: 6, late: 3, ..Tally::default() }));
}

#[test]
fn work_that_is_left_is_what_a_tile_of_that_class_still_does() {
    let demand = Demand { compute_mops: 1_000, ..Demand::default() };
    let before = instance(vec![Job { demand, term: Term::Work(7_200_000), ..job(1) }]);
    let rate =
        u64::from(before.fleet().classes()[before.fleet().class_of(tile(&before, 0)).unwrap().at()].rate_permille);
    let (after, _) = advanced(&before, &[(0, 0, 0, 1)], 1);
    assert_eq!(after.jobs()[0].term, Term::Work(7_200_000 - 3_600 * rate));
}

#[test]
fn a_gang_stays_one_where_it_runs_and_is_complete_for_those_that_wait() {
    let before = instance(vec![Job { gang_min: 3, ..job(6) }, Job { gang_min: 2, ..job(4) }]);
    let (after, _) = advanced(&before, &[(0, 0, 1, 4), (0, 0, 6, 1)], 2);
    let gangs: Vec<_> = after.jobs().iter().map(|job| (job.count, job.gang_min)).collect();
    assert_eq!(gangs, [(4, 3), (2, 0), (4, 2)]);
}

#[test]
fn what_was_earned_of_a_bonus_counts_and_one_part_decides_the_rest() {
    let bonus = |wanted, rows: &[(u32, usize, u64, u32)], hour| {
        let before = instance(vec![Job { wanted, bonus: 70, ..job(8) }]);
        let (after, _) = advanced(&before, rows, hour);
        after.jobs().iter().map(|job| (job.count, job.wanted, job.bonus)).collect::<Vec<_>>()
    };
    // Two ended, three run and two more: the larger part decides about five, and what waits about seven.
    let rows = [(0, 0, 0, 2), (0, 1, 3, 3), (0, 2, 4, 2)];
    assert_eq!(bonus(2, &rows, 5), [(3, 0, 0), (2, 0, 0), (1, 0, 0)]);
    assert_eq!(bonus(5, &rows, 5), [(3, 1, 70), (2, 0, 0), (1, 0, 0)]);
    assert_eq!(bonus(7, &rows, 5), [(3, 3, 70), (2, 0, 0), (1, 0, 0)]);
    assert_eq!(bonus(8, &rows, 5), [(3, 0, 0), (2, 0, 0), (1, 1, 70)]);
    // Nobody earns it where what is lacking cannot end in time any more.
    assert_eq!(bonus(8, &[(0, 0, 16, 2)], 18), [(2, 0, 0)]);
}

#[test]
fn relations_lead_to_the_part_that_a_job_is_with_and_numbers_stay_within_counts() {
    // Tiles 0 and 1 are in cells of their own.
    let spread = Some(Spread::over(CELL, 3));
    let early = Job { deadline: at(4), ..job(1) };
    let before = instance(vec![early.clone(), job(4), Job { affinity: Some(near(1)), spread, ..job(3) }, early]);
    let (after, tally) = advanced(&before, &[(1, 0, 2, 1), (1, 1, 1, 2), (2, 0, 2, 2), (3, 0, 0, 1)], 3);
    let names: Vec<_> = after.job_names().iter().collect();
    assert_eq!(names, ["job-1", "job-1.2", "job-1.3", "job-2", "job-2.2"]);
    let jobs = after.jobs();
    // What waits has more before it than is left of those that run.
    assert_eq!((jobs[3].affinity, jobs[4].affinity), (Some(near(1)), Some(near(2))));
    assert_eq!([3, 4].map(|at: usize| jobs[at].spread.unwrap().least), [1, 1]);
    assert_eq!(tally, Tally { ended: 1, running: 5, queued: 0, missing: 2, late: 1 });
}

#[test]
fn what_runs_near_what_has_ended_is_free_and_what_waits_there_waits_without_a_place() {
    let before = instance(vec![job(3), Job { affinity: Some(near(0)), ..job(3) }]);
    let leads = [(0, 0, 0, 1), (0, 1, 2, 1), (0, 1, 6, 1)];
    let follows = [(1, 0, 2, 1), (1, 0, 6, 1), (1, 1, 6, 1)];
    let (after, tally) = advanced(&before, &[&leads[..], &follows].concat(), 4);
    let near: Vec<_> = after.jobs().iter().map(|job| job.affinity).collect();
    assert_eq!(near, [None, None, None, Some(self::near(1))]);
    assert_eq!(tally, Tally { ended: 1, running: 2, queued: 2, missing: 1, late: 0 });
    assert_eq!(after.queued().last().unwrap().tile, tile(&after, 1));
}

#[test]
fn who_waits_for_a_job_of_which_nothing_is_left_is_late_and_so_is_who_waits_for_them() {
    let waits = |leader| Job { affinity: Some(near(leader)), ..job(2) };
    let before = instance(vec![
        waits(1),
        waits(2),
        Job { deadline: at(4), ..job(1) },
        waits(4),
        Job { deadline: at(3), ..job(1) },
    ]);
    let (after, tally) = advanced(&before, &[(4, 0, 0, 1)], 5);
    // The last leader has run, and is gone all the same.
    assert_eq!(after.job_names().iter().next(), None);
    assert_eq!(tally, Tally { late: 7, ended: 1, ..Tally::default() });
}
