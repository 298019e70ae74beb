//! Prices to read: what a certificate prices in other ways than by capacity, as prices of the capacity that is short.

use std::collections::BTreeMap;

use lessor_models::certificate::{DUAL_SHIFT, Dual, Scope};
use lessor_models::resources::Kind;
use lessor_models::tile_class::DEVICE_MILLI;
use lessor_models::time::{Interval, Timestamp};

use super::patterns::{self, Piece};
use super::shapes::Shaped;
use super::timeline::Window;
use super::{Relaxation, Scopes, duals};
use crate::lowering::Lowered;
use crate::support::numbers::floor;

/// A merged group at an instant.
type Place = (usize, Timestamp);

/// A certificate's duals as prices to read: without those of capacity that is not there, and with what the best patterns are
/// worth: of devices as a price of accelerators, of tiles as one of the kind that the relaxation fills most.
#[must_use]
pub fn readable_duals(lowered: &Lowered<'_>, relaxation: &Relaxation) -> Vec<Dual> {
    let (scopes, timeline) = (Scopes::new(lowered, &relaxation.merged), &relaxation.timeline);
    let mut readable = duals(lowered, relaxation, relaxation.prices.iter());
    let scale = 2f64.powi(i32::try_from(DUAL_SHIFT).expect("a small constant"));
    for ((group, instant), (kind, worth)) in of_devices(relaxation).into_iter().chain(of_tiles(lowered, relaxation)) {
        let Some(part) = timeline.part_at(instant) else { continue };
        let interval = timeline.interval(Window::of(part));
        let seconds = timeline.seconds(interval, Window::of(part));
        let price = floor(worth / seconds.max(1.0) * scale);
        for ((class, under), _) in scopes.shares(group).filter(|_| price > 0) {
            readable.push(Dual { scope: Scope::Tiles { class, under }, kind, interval, price });
        }
    }
    readable
}

/// What the best pattern of a device is worth for each milli of it.
fn of_devices(relaxation: &Relaxation) -> BTreeMap<Place, (Kind, f64)> {
    let mut at: BTreeMap<Place, Vec<(u16, f64)>> = BTreeMap::new();
    for (Piece { group, milli, instant }, price) in relaxation.pieces.iter() {
        at.entry((group, instant)).or_default().push((milli, price));
    }
    let per_milli = |pieces: Vec<(u16, f64)>| patterns::best_pattern(&pieces).0 / f64::from(DEVICE_MILLI);
    at.into_iter().map(|(place, pieces)| (place, (Kind::Accelerator, per_milli(pieces)))).collect()
}

/// What capsules pay for their shapes for each unit of the kind that they and all others fill most.
fn of_tiles(lowered: &Lowered<'_>, relaxation: &Relaxation) -> BTreeMap<Place, (Kind, f64)> {
    let mut held: BTreeMap<Place, (f64, [f64; Kind::COUNT])> = BTreeMap::new();
    for (Shaped { group, instant, .. }, _) in relaxation.shapes.iter() {
        held.entry((group, instant)).or_default();
    }
    for count in &relaxation.counts {
        let at = relaxation.merged.groups[count.group][0];
        let Interval { start, end } = lowered.run(count.class, at, count.start);
        for (place, (paid, used)) in held.range_mut((count.group, start)..(count.group, end)) {
            let prices = relaxation.shapes.of(count.group, count.class).filter(|price| price.0 == place.1);
            *paid += count.capsules * prices.map(|(_, price)| price).sum::<f64>();
            let draw = lowered.draw(count.class, at);
            used.iter_mut().zip(draw.0).for_each(|(used, amount)| *used += count.capsules * amount as f64);
        }
    }
    let fullest = |(group, paid, used): (usize, f64, [f64; Kind::COUNT])| {
        let given = |kind: Kind| {
            let members = relaxation.merged.groups[group].iter().map(|&member| lowered.group(member));
            members.map(|group| group.capacity(0).get(kind) as f64 * group.tiles.len() as f64).sum::<f64>()
        };
        let share = |kind: Kind| used[kind.index()] / given(kind).max(1.0);
        let kind = Kind::ALL.into_iter().max_by(|&a, &b| share(a).total_cmp(&share(b)))?;
        Some((kind, paid / given(kind).max(1.0)))
    };
    let fullest = held.into_iter().map(|(place, (paid, used))| Some((place, fullest((place.0, paid, used))?)));
    fullest.flatten().collect()
}
