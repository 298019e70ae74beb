//! What is left of one tile or account over time, told apart to the instant.
//!
//! Where a table of buckets has a row for every tile and bucket, a timeline has a step wherever something begins or ends there: few
//! where few capsules are, and none is rounded to a bucket.

use lessor_models::job::Demand;
use lessor_models::resources::Resources;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::{Interval, Timestamp};

use super::occupancy::{best_devices, change, times};
use crate::lowering::Grid;

/// What is left, step by step.
#[derive(Clone, Debug)]
pub(crate) struct Timeline {
    /// Ascending; each lasts until the next one, the first from ever, and the last for ever.
    steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Step {
    at: Timestamp,
    left: Resources,
    devices: Vec<u16>,
}

/// What a capsule holds while it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Hold<'d> {
    /// What it draws.
    pub(crate) draw: &'d Resources,
    /// Its devices; `None` where none are counted.
    pub(crate) demand: Option<&'d Demand>,
}

impl Timeline {
    /// All that is given in each bucket, by so many devices at any time. O(buckets).
    pub(crate) fn new<'c>(grid: &Grid, devices: u8, capacity: impl Fn(usize) -> &'c Resources) -> Timeline {
        let step = |bucket: usize| Step {
            at: grid.bucket(bucket).start,
            left: *capacity(bucket),
            devices: vec![DEVICE_MILLI; devices.into()],
        };
        let mut steps: Vec<Step> = (0..grid.count()).map(step).collect();
        steps.dedup_by(|later, earlier| later.left == earlier.left);
        Timeline { steps }
    }

    /// The steps that an interval overlaps.
    fn over(&self, interval: Interval) -> &[Step] {
        let first = self.steps.partition_point(|step| step.at <= interval.start).saturating_sub(1);
        let last = self.steps.partition_point(|step| step.at < interval.end);
        &self.steps[first..last.max(first + 1)]
    }

    /// When the step after one that is over at an instant begins.
    fn after(&self, step: &Step) -> Option<Timestamp> {
        let next = self.steps.partition_point(|other| other.at <= step.at);
        self.steps.get(next).map(|next| next.at)
    }

    /// The first start from an instant to another one at which a capsule has room for all of its run, with the devices that it
    /// would hold. `run` is what a run from a start takes up. O(steps times steps that a run overlaps).
    pub(crate) fn first_start(
        &self,
        (from, latest): (Timestamp, Timestamp),
        hold: Hold<'_>,
        run: impl Fn(Timestamp) -> Interval,
    ) -> Option<(Timestamp, u64)> {
        let mut start = from;
        while start <= latest {
            let over = self.over(run(start));
            start = match over.iter().rfind(|step| !hold.draw.fits(&step.left)) {
                Some(full) => self.after(full)?,
                None => match devices(over, hold.demand) {
                    Some(devices) => return Some((start, devices)),
                    None => self.after(&over[0])?,
                },
            };
        }
        None
    }

    /// How many capsules have room for a run, devices left aside.
    pub(crate) fn room(&self, run: Interval, draw: &Resources) -> u64 {
        self.over(run).iter().map(|step| times(draw, &step.left)).min().unwrap_or(0)
    }

    /// Takes what so many capsules hold for a run, on the devices named, a bit each. The caller has made sure that it is there.
    pub(crate) fn take(&mut self, run: Interval, hold: Hold<'_>, (count, devices): (u64, u64)) {
        let (first, last) = (self.split(run.start), self.split(run.end));
        let milli = hold.demand.map_or(0, |demand| demand.device_milli);
        for step in &mut self.steps[first..last] {
            change(&mut step.left, hold.draw, count, true);
            let held = step.devices.iter_mut().enumerate().filter(|&(device, _)| devices >> device & 1 == 1);
            held.for_each(|(_, left)| *left -= milli);
        }
    }

    /// Makes a step begin at an instant; its position.
    fn split(&mut self, at: Timestamp) -> usize {
        let next = self.steps.partition_point(|step| step.at < at);
        if self.steps.get(next).is_none_or(|step| step.at != at) {
            let same = Step { at, ..self.steps[next.saturating_sub(1)].clone() };
            self.steps.insert(next, same);
        }
        next
    }
}

/// The devices that a capsule would hold over some steps.
fn devices(over: &[Step], demand: Option<&Demand>) -> Option<u64> {
    let Some(demand) = demand.filter(|demand| demand.devices > 0) else { return Some(0) };
    let least = |device: usize| over.iter().map(|step| step.devices[device]).min().unwrap_or(0);
    best_devices((0..over[0].devices.len()).map(least), demand)
}

#[cfg(test)]
mod tests {
    use lessor_models::resources::Kind;
    use lessor_models::time::Span;

    use super::*;

    /// What runs for so many microseconds from a start on.
    fn run(span: u64) -> impl Fn(Timestamp) -> Interval {
        move |start| Interval { start, end: start.after(Span(span)) }
    }

    fn timeline(devices: usize) -> Timeline {
        let left = Resources::of(Kind::Compute, 10);
        Timeline { steps: vec![Step { at: Timestamp(0), left, devices: vec![DEVICE_MILLI; devices] }] }
    }

    #[test]
    fn runs_follow_each_other_to_the_instant_and_fill_gaps() {
        let (mut timeline, six, four) = (timeline(0), Resources::of(Kind::Compute, 6), Resources::of(Kind::Compute, 4));
        let first = |timeline: &Timeline, draw, span| {
            let all = (Timestamp(0), Timestamp(100));
            timeline.first_start(all, Hold { draw, demand: None }, run(span)).map(|(start, _)| start.0)
        };
        for (draw, span, at) in [(&six, 7, 0), (&six, 5, 7), (&four, 3, 0), (&four, 9, 3), (&six, 100, 12)] {
            assert_eq!(first(&timeline, draw, span), Some(at));
            timeline.take(run(span)(Timestamp(at)), Hold { draw, demand: None }, (1, 0));
        }
        assert_eq!(
            (first(&timeline, &six, 1), timeline.room(run(5)(Timestamp(12)), &Resources::of(Kind::Compute, 2))),
            (None, 2)
        );
    }

    #[test]
    fn one_device_has_enough_for_the_whole_run() {
        let mut timeline = timeline(2);
        let (draw, demand) = (Resources::ZERO, Demand { devices: 1, device_milli: 600, ..Demand::default() });
        let hold = Hold { draw: &draw, demand: Some(&demand) };
        timeline.take(run(5)(Timestamp(0)), hold, (1, 1));
        timeline.take(run(5)(Timestamp(6)), hold, (1, 2));
        // At zero only the second device has enough, and from six on only the first.
        let first = |span| timeline.first_start((Timestamp(0), Timestamp(9)), hold, run(span));
        assert_eq!((first(6), first(7)), (Some((Timestamp(0), 2)), Some((Timestamp(5), 1))));
    }
}
