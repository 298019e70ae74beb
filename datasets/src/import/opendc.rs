//! OpenDC traces: tasks and how much CPU they used over time. They bring no hosts and join a given fleet.
//!
//! - A task is a job of one capsule, named `task-` and its id. 1 MHz counts as 1 Mop/s, 1 MB is 10^6 bytes.
//! - It asks for the greatest CPU use that its fragments show, at most the `cpu_capacity` that it reserved, and for all of
//!   that where it has no fragment: what a task uses at its peak it must be given, what it never used others may have.
//! - It runs for its duration from its submission on, and must have ended by submission + duration + slack.
//! - It bids [`CORE_HOUR_BID`] micro-credits for each of its cores and hours, rounded up.
//! - A task that is larger than any tile stays unplaced; that is not an error.

use std::collections::BTreeMap;
use std::path::Path;

use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::job::{Demand, Job, JobIndex, Term};
use lessor_models::objective::Weights;
use lessor_models::resources::AMOUNT_MAX;
use lessor_models::time::{MICROS_PER_HOUR, SPAN_MAX, Span, TIMESTAMP_MAX, Timestamp};

use super::ImportError;
use super::frame::{Frame, FrameColumn, Holds, rounded_up};
use crate::table::{DatasetError, Problem};

/// What a task bids for one core and hour, in micro-credits: of the order of what clouds charge.
pub const CORE_HOUR_BID: u64 = 10_000;

/// How long after submission and duration a task may end, where nothing else is said.
pub const SLACK: Span = Span(24 * MICROS_PER_HOUR);

const MICROS_PER_MILLISECOND: u64 = 1_000;
const BYTES_PER_MB: u64 = 1_000_000;

const TASKS: [FrameColumn; 6] = [
    FrameColumn { name: "id", holds: Holds::Whole },
    FrameColumn { name: "submission_time", holds: Holds::Whole },
    FrameColumn { name: "duration", holds: Holds::Whole },
    FrameColumn { name: "cpu_count", holds: Holds::Whole },
    FrameColumn { name: "cpu_capacity", holds: Holds::Real },
    FrameColumn { name: "mem_capacity", holds: Holds::Whole },
];

const FRAGMENTS: [FrameColumn; 2] =
    [FrameColumn { name: "id", holds: Holds::Whole }, FrameColumn { name: "cpu_usage", holds: Holds::Real }];

/// Reads tasks and fragments and lets them join a fleet.
///
/// # Errors
/// The first file, row or column that is not as the trace's format says; a fragment of a task that is not there.
pub fn opendc(tasks: &Path, fragments: &Path, fleet: Fleet, slack: Span) -> Result<Instance, ImportError> {
    let slack = slack.min(SPAN_MAX);
    let mut list = TaskList::default();
    let mut frame = Frame::open(tasks, &TASKS)?;
    while let Some(chunk) = frame.next()? {
        for row in chunk.rows() {
            list.add(&chunk, row, slack)?;
        }
    }
    if list.jobs.is_empty() {
        return Err(ImportError::NoRow { path: tasks.to_owned() });
    }
    for (job, peak) in list.jobs.iter_mut().zip(peaks(fragments, &list.by_id)?) {
        if let Some(peak) = peak {
            job.demand.compute_mops = peak.min(job.demand.compute_mops);
        }
    }
    let instance = Instance::new(fleet, list.names, list.jobs, Weights::default());
    instance.map_err(|source| DatasetError::instance(tasks, tasks, source).into())
}

#[derive(Default)]
struct TaskList {
    names: Vec<String>,
    jobs: Vec<Job>,
    by_id: BTreeMap<u64, JobIndex>,
}

impl TaskList {
    fn add(&mut self, chunk: &super::frame::Chunk, row: usize, slack: Span) -> Result<(), DatasetError> {
        let id = chunk.whole(row, 0, 0)?;
        let micros = |column: usize, least: u64| -> Result<u64, DatasetError> {
            let milliseconds = chunk.whole(row, column, least)?;
            let most = TIMESTAMP_MAX.0.unsigned_abs() / MICROS_PER_MILLISECOND;
            let problem = Problem::OutOfRange { found: milliseconds.into(), least, most };
            if milliseconds > most {
                Err(chunk.refuse(row, column, problem))
            } else {
                Ok(milliseconds * MICROS_PER_MILLISECOND)
            }
        };
        let submission = Timestamp(0).after(Span(micros(1, 0)?));
        let term = Span(micros(2, 1)?);
        let cores = chunk.whole(row, 3, 0)?;
        let megahertz = chunk.real(row, 4).and_then(rounded_up);
        let not_a_capacity = Problem::Model("must be a number of MHz from 0 to 2^53");
        let compute_mops = megahertz.ok_or_else(|| chunk.refuse(row, 4, not_a_capacity))?;
        let memory = chunk.whole(row, 5, 0)?.checked_mul(BYTES_PER_MB).filter(|&bytes| bytes <= AMOUNT_MAX);
        let too_much = Problem::Model("must be at most 2^53 bytes");
        let memory_bytes = memory.ok_or_else(|| chunk.refuse(row, 5, too_much))?;
        let bid = (u128::from(cores) * u128::from(term.0) * u128::from(CORE_HOUR_BID)).div_ceil(MICROS_PER_HOUR.into());
        let job = Job {
            bid: u64::try_from(bid).unwrap_or(u64::MAX).clamp(1, AMOUNT_MAX),
            demand: Demand { compute_mops, memory_bytes, ..Demand::default() },
            term: Term::Fixed(term),
            deadline: submission.after(term).after(slack),
            ..Job::empty(submission, term)
        };
        let index = JobIndex(u32::try_from(self.jobs.len()).expect("a file of 2^32 tasks does not fit in memory"));
        if let Some(first) = self.by_id.insert(id, index) {
            let problem = Problem::Repeated { name: id.to_string(), first: first.at() };
            return Err(chunk.refuse(row, 0, problem));
        }
        self.names.push(format!("task-{id}"));
        self.jobs.push(job);
        Ok(())
    }
}

/// The greatest use in any fragment of each task, in MHz rounded up; `None` for a task without fragments.
fn peaks(path: &Path, by_id: &BTreeMap<u64, JobIndex>) -> Result<Vec<Option<u64>>, DatasetError> {
    let mut peaks = vec![None; by_id.len()];
    let mut frame = Frame::open(path, &FRAGMENTS)?;
    // Fragments of one task mostly follow each other, so the last task found is tried first.
    let mut last: Option<(u64, JobIndex)> = None;
    while let Some(chunk) = frame.next()? {
        for row in chunk.rows() {
            let id = chunk.whole(row, 0, 0)?;
            let known = last.filter(|&(seen, _)| seen == id).map(|(_, job)| job).or_else(|| by_id.get(&id).copied());
            let unknown = || Problem::Unknown { what: "task", name: id.to_string(), table: "tasks" };
            let job = known.ok_or_else(|| chunk.refuse(row, 0, unknown()))?;
            last = Some((id, job));
            let no_use = Problem::Model("must be a number of MHz from 0 to 2^53");
            let usage = chunk.real(row, 1).and_then(rounded_up).ok_or_else(|| chunk.refuse(row, 1, no_use))?;
            peaks[job.at()] = peaks[job.at()].max(Some(usage));
        }
    }
    Ok(peaks)
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float64Array, Int64Array};

    use super::super::tests::{public_file, write_parquet};
    use super::*;
    use crate::generate::Scenario;

    fn fleet() -> Fleet {
        Scenario::new(20, 1).generate().unwrap().fleet().clone()
    }

    struct Trace {
        _folder: tempfile::TempDir,
        tasks: PathBuf,
        fragments: PathBuf,
    }

    fn trace(ids: &[i64], durations: &[i64], fragments: &[(i64, f64)]) -> Trace {
        let folder = tempfile::tempdir().unwrap();
        let whole = |values: Vec<i64>| -> ArrayRef { Arc::new(Int64Array::from(values)) };
        let same = |value: i64| whole(vec![value; ids.len()]);
        let tasks = write_parquet(
            &folder.path().join("tasks.parquet"),
            vec![
                ("id", whole(ids.to_vec())),
                ("submission_time", same(3_600_000)),
                ("duration", whole(durations.to_vec())),
                ("cpu_count", same(16)),
                ("cpu_capacity", Arc::new(Float64Array::from(vec![33_600.0; ids.len()]))),
                ("mem_capacity", same(100)),
            ],
        );
        let fragments = write_parquet(
            &folder.path().join("fragments.parquet"),
            vec![
                ("id", whole(fragments.iter().map(|fragment| fragment.0).collect())),
                ("cpu_usage", Arc::new(Float64Array::from_iter_values(fragments.iter().map(|fragment| fragment.1)))),
            ],
        );
        Trace { _folder: folder, tasks, fragments }
    }

    fn import(trace: &Trace) -> Result<Instance, ImportError> {
        opendc(&trace.tasks, &trace.fragments, fleet(), SLACK)
    }

    #[test]
    fn a_task_asks_for_its_peak_and_bids_its_core_hours() {
        // Two hours of 16 cores; the first peaks at 12.5 MHz, the second shows no fragment.
        let trace = trace(&[7, 8], &[7_200_000, 7_200_000], &[(7, 3.0), (7, 12.5), (7, 0.0)]);
        let instance = import(&trace).unwrap();
        let asked: Vec<u64> = instance.jobs().iter().map(|job| job.demand.compute_mops).collect();
        assert_eq!(asked, [13, 33_600]);
        let job = &instance.jobs()[0];
        assert_eq!((job.bid, job.demand.memory_bytes), (32 * CORE_HOUR_BID, 100_000_000));
        assert_eq!(job.earliest, Timestamp(3_600_000_000));
        // Submitted after 1 h, 2 h long, 24 h of slack.
        assert_eq!(job.deadline, Timestamp(27 * 3_600_000_000));
        assert_eq!(instance.job_name(JobIndex(1)), "task-8");
    }

    #[test]
    fn bad_cells_are_named_with_file_row_and_column() {
        let refusal = |trace: Trace| import(&trace).unwrap_err().to_string();
        let zero = refusal(trace(&[7, 8], &[5, 0], &[]));
        assert!(zero.contains("tasks.parquet: row 1, column duration: 0 is outside 1 to"), "{zero}");
        let twice = refusal(trace(&[7, 7], &[5, 5], &[]));
        assert!(twice.contains("row 1, column id: \"7\" is already the name of row 0"), "{twice}");
        let negative = refusal(trace(&[-7], &[5], &[]));
        assert!(negative.contains("row 0, column id: -7 is outside"), "{negative}");
        let stray = refusal(trace(&[7], &[5], &[(7, 1.0), (9, 1.0)]));
        assert!(stray.contains("fragments.parquet: row 1, column id: no task is named \"9\""), "{stray}");
        let nan = refusal(trace(&[7], &[5], &[(7, f64::NAN)]));
        assert!(nan.contains("row 0, column cpu_usage: must be a number"), "{nan}");
        let none = refusal(trace(&[], &[], &[]));
        assert!(none.contains("tasks.parquet: holds no row"), "{none}");
    }

    #[test]
    fn truncated_empty_and_foreign_files_are_refused() {
        let trace = trace(&[7], &[5], &[(7, 1.0)]);
        let whole = std::fs::read(&trace.tasks).unwrap();
        let refusal = |bytes: &[u8]| {
            std::fs::write(&trace.tasks, bytes).unwrap();
            import(&trace).unwrap_err().to_string()
        };
        assert!(refusal(&whole[..whole.len() - 9]).contains("truncated Parquet"));
        assert!(refusal(b"").contains("the file is empty"));
        assert!(refusal(b"id,duration").contains("not a Parquet file"));
        let mut swapped = trace;
        std::mem::swap(&mut swapped.tasks, &mut swapped.fragments);
        let message = import(&swapped).unwrap_err().to_string();
        assert!(message.contains("column submission_time is missing"), "{message}");
    }

    #[test]
    fn the_public_week_joins_a_fleet() {
        let (Some(tasks), Some(fragments)) =
            (public_file("traces/surf_week_tasks.parquet"), public_file("traces/surf_week_fragments.parquet"))
        else {
            return;
        };
        let instance = opendc(&tasks, &fragments, fleet(), SLACK).unwrap();
        assert_eq!(instance.jobs().len(), 6_295);
        assert!(instance.jobs().iter().all(|job| job.demand.compute_mops <= 33_600));
        // Reserved are 33,600 MHz each; a good part of the tasks never uses a tenth of it.
        let light = instance.jobs().iter().filter(|job| job.demand.compute_mops <= 3_360).count();
        assert!((1_500..6_000).contains(&light), "{light}");
    }
}
