//! Relations between jobs, and between jobs and places: affinity, anti-affinity, data with a latency.

use lessor_models::fleet::{Level, NodeIndex, ZoneKind};
use lessor_models::job::{Domain, Job, JobIndex, Relation};

use super::dice::Dice;
use super::rules::Ground;
use super::windows;

/// Jobs with an affinity, an anti-affinity, and data, in thousandths.
const RELATED_PERMILLE: [u64; 3] = [25, 25, 40];

/// Draws relations. A job that others relate to relates to none, so that there are no chains; and a job is near one alone that may
/// be there all the time that it takes.
pub(super) fn draw(jobs: &mut [Job], ground: &Ground, dice: &mut Dice) {
    let count = u32::try_from(jobs.len()).expect("jobs are counted in u32");
    // The first tenth are numerous and stay plain; they are what others relate to.
    let targets = (count / 10).max(1);
    let (plain, others) = jobs.split_at_mut(targets as usize);
    for job in others {
        let target = u32::try_from(dice.between(0, u64::from(targets) - 1)).expect("a row is a u32");
        let [affine, averse, _] = RELATED_PERMILLE;
        let drawn = dice.between(0, 999);
        if drawn < affine {
            let domain = dice.pick(&[Domain::Level(Level::Cell), Domain::Level(Level::Cluster)]);
            let mut from_there = (target..targets).chain(0..target);
            let lasting = from_there.find(|&at| windows::may_last(&plain[at as usize], job));
            job.affinity = lasting.map(|at| Relation { job: JobIndex(at), domain });
        } else if drawn < affine + averse {
            let domain = dice.pick(&[Domain::Level(Level::Tile), Domain::Zone(ZoneKind::FailureDomain)]);
            job.anti_affinity = Some(Relation { job: JobIndex(target), domain });
        } else if drawn < RELATED_PERMILLE.iter().sum() {
            let cluster = dice.between(u64::from(ground.clusters.start), u64::from(ground.clusters.end) - 1);
            job.data = Some(NodeIndex(u32::try_from(cluster).expect("a row is a u32")));
            // Within the region 0.4 ms, across regions 10.4 ms and more.
            job.latency_max_us = dice.chance(500).then_some(1_000);
        }
    }
}
