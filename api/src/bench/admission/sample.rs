//! What is left unallocated, and what the cluster draws, by how much has arrived.

use serde::Serialize;

/// Where curves are read off, in percent of the cluster's devices that have been asked for.
pub(super) const MARKS: [u32; 5] = [20, 40, 60, 80, 100];

/// One percent of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Point {
    /// Milli-devices asked for so far, in percent of the cluster's, rounded.
    pub(super) arrived_percent: u32,
    /// Milli-devices that nobody holds, in percent of the cluster's: the mean over the requests of this percent.
    pub(super) unallocated_percent: f64,
    /// What the cluster draws after the last of them.
    pub(super) power_w: f64,
}

/// Follows a sequence and gathers its curve.
#[derive(Clone, Debug)]
pub(super) struct Sampler {
    /// Milli-devices of the cluster, asked for, and held.
    all: u64,
    arrived: u64,
    held: u64,
    power_mw: u64,
    curve: Vec<Point>,
    /// Requests of the last percent.
    count: f64,
}

impl Sampler {
    /// Before the first request: a cluster with so many milli-devices that draws so much empty.
    pub(super) fn new(all: u64, power_mw: u64) -> Sampler {
        Sampler { all, arrived: 0, held: 0, power_mw, curve: Vec::new(), count: 0.0 }
    }

    /// A request for so many milli-devices came; if it was granted, the cluster draws so much more.
    pub(super) fn came(&mut self, milli: u64, grown_mw: Option<u64>) {
        self.arrived += milli;
        if let Some(grown_mw) = grown_mw {
            self.held += milli;
            self.power_mw += grown_mw;
        }
        let percent = |milli: u64| 100.0 * milli as f64 / self.all.max(1) as f64;
        let arrived_percent =
            u32::try_from((200 * self.arrived + self.all) / (2 * self.all).max(1)).unwrap_or(u32::MAX);
        let unallocated = 100.0 - percent(self.held);
        let power_w = self.power_mw as f64 / 1e3;
        match self.curve.last_mut().filter(|point| point.arrived_percent == arrived_percent) {
            Some(point) => {
                self.count += 1.0;
                point.unallocated_percent += (unallocated - point.unallocated_percent) / self.count;
                point.power_w = power_w;
            }
            None => {
                self.count = 1.0;
                self.curve.push(Point { arrived_percent, unallocated_percent: unallocated, power_w });
            }
        }
    }

    /// The curve, a point for each percent that a request fell into.
    pub(super) fn into_curve(self) -> Vec<Point> {
        self.curve
    }
}

/// The points of a curve at the marks that it reaches. Where a request leads across a mark, the first point beyond stands for it.
pub(super) fn at_marks(curve: &[Point]) -> Vec<Point> {
    let at = |mark: u32| {
        let reached = curve.iter().find(|point| point.arrived_percent >= mark)?;
        Some(Point { arrived_percent: mark, ..*reached })
    };
    MARKS.into_iter().filter_map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_that_a_large_request_leads_across_is_read_off_behind_it() {
        let mut sampler = Sampler::new(100, 0);
        for (milli, grown) in [(20, Some(1)), (45, Some(2)), (33, Some(4)), (8, None)] {
            sampler.came(milli, grown);
        }
        let marks = at_marks(&sampler.into_curve());
        let found: Vec<(u32, f64, f64)> =
            marks.iter().map(|point| (point.arrived_percent, point.unallocated_percent, point.power_w)).collect();
        // Asked for in all: 20, 65, 98 and 106.
        let expected = [(20, 80.0, 0.001), (40, 35.0, 0.003), (60, 35.0, 0.003), (80, 2.0, 0.007), (100, 2.0, 0.007)];
        assert_eq!(found, expected);
        assert!(at_marks(&[Point { arrived_percent: 19, unallocated_percent: 81.0, power_w: 0.0 }]).is_empty());
    }

    #[test]
    fn a_point_is_the_mean_of_its_percent_and_its_last_power() {
        // Of 10,000: 40 and 90 round to 0 and 1 percent, 130 and 149 to 1; the third is refused.
        let mut sampler = Sampler::new(10_000, 1_000);
        for (milli, grown) in [(40, Some(500)), (50, Some(0)), (40, None), (19, Some(1_500))] {
            sampler.came(milli, grown);
        }
        let curve = sampler.into_curve();
        let found: Vec<(u32, f64)> = curve.iter().map(|point| (point.arrived_percent, point.power_w)).collect();
        assert_eq!(found, [(0, 1.5), (1, 3.0)]);
        // Held: 90, 90 and 109 of 10,000.
        let mean = 100.0 - (0.90 + 0.90 + 1.09) / 3.0;
        assert!((curve[1].unallocated_percent - mean).abs() < 1e-9, "{curve:?}");
    }
}
