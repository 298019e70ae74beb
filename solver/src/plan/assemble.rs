//! From an occupancy to a plan's placements: classes become jobs again.

use lessor_models::job::JobIndex;
use lessor_models::objective::value;
use lessor_models::plan::Placement;

use super::occupancy::Occupancy;
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};

/// How many of a class's placed capsules each of its jobs gets: the first jobs are filled first.
#[must_use]
pub fn per_job(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> Vec<(JobIndex, u64)> {
    let mut left = placed;
    let fill = |&job: &JobIndex| {
        let filled = left.min(u64::from(lowered.instance.jobs()[job.at()].count));
        left -= filled;
        (job, filled)
    };
    lowered.classes[class.at()].jobs.iter().map(fill).collect()
}

/// What so many placed capsules of a class earn in bonuses, in micro-credits: its jobs are alike where there are any.
#[must_use]
pub fn bonuses(lowered: &Lowered<'_>, class: JobClassIndex, placed: u64) -> i128 {
    let job = lowered.job(class);
    let (whole, rest) = (placed / u64::from(job.count), placed % u64::from(job.count));
    i128::from(whole) * i128::from(value::bonus(job, job.count.into())) + i128::from(value::bonus(job, rest))
}

/// The placements, sorted by job, tile and start. O(items log items).
#[must_use]
pub fn placements(occupancy: &Occupancy<'_>) -> Vec<Placement> {
    let lowered = occupancy.lowered();
    let mut filling: Vec<(usize, u32)> = vec![(0, 0); lowered.classes.len()];
    let mut placements = Vec::new();
    for (at, &tile) in lowered.tiles.iter().enumerate() {
        let mut items = occupancy.items(TileIndex::new(at)).to_vec();
        items.sort_unstable();
        for item in items {
            let jobs = &lowered.classes[item.class.at()].jobs;
            let mut left = item.count;
            while left > 0 {
                let (at, filled) = &mut filling[item.class.at()];
                let job = jobs[*at];
                let each = lowered.instance.jobs()[job.at()].count;
                let count = left.min(each - *filled);
                placements.push(Placement { job, tile, start: item.start, count, devices: item.devices });
                left -= count;
                *filled += count;
                if *filled == each {
                    (*at, *filled) = (*at + 1, 0);
                }
            }
        }
    }
    placements.sort_unstable();
    placements.dedup_by(|next, kept| {
        let same = Placement { count: kept.count, ..*next } == *kept && kept.devices == 0;
        if same {
            kept.count += next.count;
        }
        same
    });
    placements
}
