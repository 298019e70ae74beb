//! Jobs of one hour in a day's corner of whole hours: how they are planned, and the best there is by trying every way.

use lessor_engine::planner::{Method, Outcome, PlannerOptions, Stops, plan};
use lessor_models::check;
use lessor_models::fleet::NodeIndex;
use lessor_models::instance::Instance;
use lessor_models::job::JobIndex;
use lessor_models::plan::Placement;
use lessor_models::time::{MICROS_PER_HOUR, Timestamp};
use lessor_solver::support::stop::Stop;

/// Hours of a day's corner.
pub(crate) const HOURS: i64 = 6;

/// Jobs of one capsule and one hour.
pub(crate) const JOBS: usize = 4;

pub(crate) fn hour(count: i64) -> Timestamp {
    Timestamp(count * i64::try_from(MICROS_PER_HOUR).unwrap())
}

pub(crate) fn planned(instance: &Instance, method: Method) -> Outcome {
    let (a, b, c) = (Stop::new(), Stop::new(), Stop::new());
    let stops = Stops { bound: &a, search: &b, fill: &b, explain: &c };
    let options = PlannerOptions { method, seed: 1, work: Some(40_000), memory: None };
    plan(instance, &options, stops, &mut |_| {})
}

/// The most that any placing of whole hours on tiles is worth, one capsule a tile and hour, by trying all of them; prices change
/// at whole hours, so no other start is cheaper on both sides of it.
pub(crate) fn best(instance: &Instance, tiles: [NodeIndex; 2], from: usize, taken: &mut Vec<Placement>) -> i128 {
    if from == instance.jobs().len() {
        return check::value(instance, taken);
    }
    let mut most = best(instance, tiles, from + 1, taken);
    for (tile, at) in tiles.into_iter().flat_map(|tile| (0..HOURS).map(move |at| (tile, hour(at)))) {
        if taken.iter().all(|placement| (placement.tile, placement.start) != (tile, at)) {
            let job = JobIndex(u32::try_from(from).unwrap());
            taken.push(Placement { job, tile, start: at, count: 1, devices: 0 });
            most = most.max(best(instance, tiles, from + 1, taken));
            taken.pop();
        }
    }
    most
}
