//! Alike job classes share a column, so that the program stays small where jobs are many and all different.
//!
//! Classes that may use the same sites are halved at the median of the feature in which they spread most (a k-d tree;
//! Bentley 1975) until there are few enough. The prices that come out are a little off; the bound evaluated with them on
//! the true classes is a little looser and never wrong.

use lessor_models::resources::Kind;

use crate::index::{GroupIndex, JobClassIndex};
use crate::lowering::Lowered;

/// Classes that share a column: the first one's draws and worth, scaled to the mean of all.
#[derive(Clone, Debug)]
pub struct Cluster {
    /// Its classes.
    pub classes: Vec<JobClassIndex>,
    /// Their capsules together.
    pub count: f64,
    /// Mean draw of each kind over the first class's.
    pub scale: [f64; Kind::COUNT],
    /// Mean worth over the first class's.
    pub worth_scale: f64,
}

/// Features of a class: logarithms of its worth and of its draws.
const FEATURES: usize = Kind::COUNT + 1;

struct Point {
    class: JobClassIndex,
    features: [f64; FEATURES],
}

/// At most about `most` clusters; every class alone where that is enough.
#[must_use]
pub fn clusters(lowered: &Lowered<'_>, most: usize) -> Vec<Cluster> {
    if lowered.classes.len() <= most {
        return lowered.class_indexes().map(|class| cluster(lowered, vec![class])).collect();
    }
    let mut heaps: Vec<Vec<Point>> = Vec::new();
    let mut by_sites = std::collections::BTreeMap::new();
    for class in lowered.class_indexes() {
        by_sites.entry(usable_sites(lowered, class)).or_insert_with(Vec::new).push(point(lowered, class));
    }
    heaps.extend(by_sites.into_values());
    while heaps.len() < most {
        let widest = heaps.iter().enumerate().map(|(at, heap)| (at, spread(heap)));
        let Some((at, (feature, width))) = widest.max_by(|a, b| a.1.1.total_cmp(&b.1.1)) else { break };
        if width <= 0.0 {
            break;
        }
        let mut heap = heaps.swap_remove(at);
        heap.sort_by(|a, b| a.features[feature].total_cmp(&b.features[feature]).then(a.class.cmp(&b.class)));
        let upper = heap.split_off(heap.len() / 2);
        heaps.extend([heap, upper]);
    }
    heaps.into_iter().map(|heap| cluster(lowered, heap.into_iter().map(|point| point.class).collect())).collect()
}

/// What tells classes apart before any feature: where they may go, when, and whether a place of their own matters.
fn usable_sites(lowered: &Lowered<'_>, class: JobClassIndex) -> (Vec<u32>, u32) {
    let alone = if lowered.classes[class.at()].is_placeless { u32::MAX } else { class.0 };
    let mut seen = std::collections::BTreeMap::new();
    for group in lowered.group_indexes() {
        let at = lowered.group(group).site;
        seen.entry(at).or_insert_with(|| lowered.worth(class, group).is_some());
    }
    let usable = seen.into_iter().filter(|&(_, usable)| usable).map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX));
    (usable.collect(), alone)
}

fn first_usable(lowered: &Lowered<'_>, class: JobClassIndex) -> (GroupIndex, i64) {
    let usable = lowered.group_indexes().find_map(|group| Some((group, lowered.worth(class, group)?)));
    usable.unwrap_or((GroupIndex(0), 0))
}

fn point(lowered: &Lowered<'_>, class: JobClassIndex) -> Point {
    let (group, worth) = first_usable(lowered, class);
    let draw = lowered.draw(class, group);
    let mut features = [0.0; FEATURES];
    for (feature, amount) in features.iter_mut().zip(draw.0) {
        *feature = (amount as f64 + 1.0).ln();
    }
    features[FEATURES - 1] = (worth.max(0) as f64 + 1.0).ln();
    Point { class, features }
}

/// The feature in which a heap spreads most, and how much work splitting it there would save.
fn spread(heap: &[Point]) -> (usize, f64) {
    let width = |feature: usize| {
        let values = heap.iter().map(|point| point.features[feature]);
        let (low, high) = values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)));
        (high - low) * (heap.len() as f64).sqrt()
    };
    let widths = (0..FEATURES).map(|feature| (feature, width(feature)));
    widths.max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0))
}

fn cluster(lowered: &Lowered<'_>, classes: Vec<JobClassIndex>) -> Cluster {
    let (group, first_worth) = first_usable(lowered, classes[0]);
    let first = lowered.draw(classes[0], group).0;
    let (mut count, mut worth, mut draws) = (0.0, 0.0, [0.0; Kind::COUNT]);
    for &class in &classes {
        let capsules = lowered.classes[class.at()].count as f64;
        count += capsules;
        worth += capsules * lowered.worth(class, group).unwrap_or(0) as f64;
        for (sum, amount) in draws.iter_mut().zip(lowered.draw(class, group).0) {
            *sum += capsules * amount as f64;
        }
    }
    let mut scale = [1.0; Kind::COUNT];
    for k in 0..Kind::COUNT {
        scale[k] = if first[k] > 0 { draws[k] / count / first[k] as f64 } else { 1.0 };
    }
    let worth_scale = if first_worth > 0 { (worth / count / first_worth as f64).max(0.0) } else { 1.0 };
    Cluster { classes, count, scale, worth_scale }
}
