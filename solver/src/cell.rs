//! The cell level: which tile each capsule of a cell's counts goes to, within the cell's shares.
//!
//! Bin-centric greedy packing with the dot product (Panigrahy, Talwar, Uyeda & Wieder 2011, section 3): a tile is filled by
//! the capsule whose draw points most into what is left of it, kind by kind weighted by how scarce the counts make it. A
//! filled tile is a pattern; it is repeated on the tiles after it while they are alike and the counts last. Static grids
//! only: where time matters, capsules are inserted one by one.

use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::DEVICE_MILLI;

use crate::index::{GroupIndex, JobClassIndex, TileIndex};
use crate::layer::{Counts, Share};
use crate::lowering::{Cell, Lowered};
use crate::occupancy::{Item, Occupancy, times};

/// Packs one cell. Reads the occupancy; the caller places what comes back.
///
/// O(patterns times capsules in one times job classes).
#[must_use]
pub fn pack(occupancy: &Occupancy<'_>, cell: &Cell, counts: &Counts, shares: Vec<Share>) -> Vec<(TileIndex, Item)> {
    let mut packing = Packing { occupancy, lowered: occupancy.lowered(), shares, placed: Vec::new() };
    for at in cell.groups.clone() {
        let group = GroupIndex::new(at);
        if !counts.of_group[at].is_empty() && !packing.lowered.group(group).closed {
            packing.fill_group(group, &counts.of_group[at]);
        }
    }
    packing.placed
}

struct Packing<'a> {
    occupancy: &'a Occupancy<'a>,
    lowered: &'a Lowered<'a>,
    shares: Vec<Share>,
    placed: Vec<(TileIndex, Item)>,
}

/// A job class while a group is filled.
struct Candidate {
    class: JobClassIndex,
    left: u64,
    draw: Resources,
    /// The draw over the group's capacity, weighted by scarcity.
    weight: [f32; Kind::COUNT],
    devices: u8,
    milli: u16,
}

/// What is left of one tile while it is filled.
#[derive(Clone, PartialEq)]
struct Room {
    left: Resources,
    devices: Vec<u16>,
}

/// One filled tile: candidates by position, with the devices that each capsule takes.
type Pattern = Vec<(usize, u64)>;

impl Packing<'_> {
    fn fill_group(&mut self, group: GroupIndex, counts: &[(JobClassIndex, u64)]) {
        let mut candidates = self.candidates(group, counts);
        let capacity = *self.lowered.group(group).capacity(0);
        let mut last: Option<(Room, Pattern)> = None;
        for tile in self.lowered.group(group).tiles.clone().map(TileIndex::new) {
            let room = Room {
                left: *self.occupancy.tile_left(tile, 0),
                devices: self.occupancy.devices_left(tile, 0..1).collect(),
            };
            let repeats = last
                .as_ref()
                .is_some_and(|(before, pattern)| *before == room && self.is_covered(group, &candidates, pattern));
            if !repeats {
                let pattern = self.fill(group, &capacity, room.clone(), &mut candidates);
                last = Some((room, pattern));
            }
            let Some((_, pattern)) = &last else { continue };
            if pattern.is_empty() && candidates.iter().all(|candidate| candidate.left == 0) {
                break;
            }
            let pattern = pattern.clone();
            self.apply(group, tile, &pattern, &mut candidates);
        }
    }

    fn candidates(&self, group: GroupIndex, counts: &[(JobClassIndex, u64)]) -> Vec<Candidate> {
        let at = self.lowered.group(group);
        let capacity = at.capacity(0);
        let mut asked = [0.0f64; Kind::COUNT];
        for &(class, count) in counts {
            let draw = self.lowered.draw(class, group);
            asked.iter_mut().zip(draw.0).for_each(|(sum, amount)| *sum += amount as f64 * count as f64);
        }
        let tiles = at.tiles.len() as f64;
        let scarcity = |k: usize| (asked[k] / (capacity.0[k] as f64 * tiles).max(1.0)).min(2.0);
        let candidate = |&(class, left): &(JobClassIndex, u64)| {
            let draw = *self.lowered.draw(class, group);
            let demand = &self.lowered.job(class).demand;
            let mut weight = [0.0; Kind::COUNT];
            for (k, weight) in weight.iter_mut().enumerate() {
                *weight = crate::numbers::narrow(draw.0[k] as f64 / (capacity.0[k] as f64).max(1.0) * scarcity(k));
            }
            Candidate { class, left, draw, weight, devices: demand.devices, milli: demand.device_milli }
        };
        counts.iter().map(candidate).collect()
    }

    /// Fills one tile; counts and shares are debited by `apply`.
    fn fill(&self, group: GroupIndex, capacity: &Resources, mut room: Room, candidates: &mut [Candidate]) -> Pattern {
        let mut pattern = Pattern::new();
        let mut used: Vec<u64> = vec![0; candidates.len()];
        let mut active: Vec<usize> = (0..candidates.len()).filter(|&at| candidates[at].left > 0).collect();
        let mut shares = self.shares.clone();
        loop {
            active.retain(|&at| {
                let candidate = &candidates[at];
                used[at] < candidate.left && candidate.draw.fits(&room.left) && has_devices(candidate, &room.devices)
            });
            let mut share_of_left = [0.0f32; Kind::COUNT];
            for (k, share) in share_of_left.iter_mut().enumerate() {
                *share = crate::numbers::narrow(room.left.0[k] as f64 / (capacity.0[k] as f64).max(1.0));
            }
            let score =
                |at: usize| -> f32 { candidates[at].weight.iter().zip(&share_of_left).map(|(w, l)| w * l).sum() };
            let best =
                active.iter().copied().map(|at| (score(at), at)).max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let Some((_, at)) = best else { return pattern };
            let candidate = &mut candidates[at];
            if !debit(self.lowered, group, candidate.class, &mut shares) {
                // The cell's share is spent: this class gets no more here.
                candidate.left = used[at];
                continue;
            }
            used[at] += 1;
            room.left = room.left.saturating_sub(&candidate.draw);
            pattern.push((at, take_devices(candidate, &mut room.devices)));
        }
    }

    /// Whether counts and shares still cover a whole pattern.
    fn is_covered(&self, group: GroupIndex, candidates: &[Candidate], pattern: &Pattern) -> bool {
        let mut asked = vec![0u64; candidates.len()];
        for &(at, _) in pattern {
            asked[at] += 1;
        }
        let counted = asked.iter().zip(candidates).all(|(asked, candidate)| *asked <= candidate.left);
        let mut shares = self.shares.clone();
        counted && pattern.iter().all(|&(at, _)| debit(self.lowered, group, candidates[at].class, &mut shares))
    }

    fn apply(&mut self, group: GroupIndex, tile: TileIndex, pattern: &Pattern, candidates: &mut [Candidate]) {
        let mut sorted = pattern.clone();
        sorted.sort_unstable();
        let holds_devices: Vec<bool> = candidates.iter().map(|candidate| candidate.devices > 0).collect();
        for same in sorted.chunk_by(|a, b| a.0 == b.0 && !holds_devices[a.0]) {
            let candidate = &mut candidates[same[0].0];
            for _ in same {
                let debited = debit(self.lowered, group, candidate.class, &mut self.shares);
                debug_assert!(debited, "a pattern was checked against the shares");
            }
            let count = u32::try_from(same.len()).expect("a tile holds less than 2^32 capsules");
            candidate.left -= u64::from(count);
            let start = self.lowered.job(candidate.class).earliest;
            let item = Item { class: candidate.class, count, start, devices: same[0].1, is_current: false };
            self.placed.push((tile, item));
        }
    }
}

/// Debits one capsule from the shares on its path, all or none.
fn debit(lowered: &Lowered<'_>, group: GroupIndex, class: JobClassIndex, shares: &mut [Share]) -> bool {
    let path = &lowered.group(group).path;
    let position = |shares: &[Share], account| shares.binary_search_by_key(&account, |share: &Share| share.account);
    let fits = path.iter().all(|&(account, level)| {
        let draw = lowered.draw_at(class, group, level);
        position(shares, account).is_ok_and(|at| times(&draw, &shares[at].most) > 0)
    });
    if fits {
        for &(account, level) in path {
            if let Ok(at) = position(shares, account) {
                shares[at].most = shares[at].most.saturating_sub(&lowered.draw_at(class, group, level));
            }
        }
    }
    fits
}

fn has_devices(candidate: &Candidate, devices: &[u16]) -> bool {
    let needed = usize::from(candidate.devices);
    needed == 0 || devices.iter().filter(|&&left| left >= candidate.milli).count() >= needed
}

/// Takes the devices with least left that still has enough.
fn take_devices(candidate: &Candidate, devices: &mut [u16]) -> u64 {
    let mut mask = 0;
    for _ in 0..candidate.devices {
        let free = devices.iter().enumerate().filter(|&(at, &left)| mask >> at & 1 == 0 && left >= candidate.milli);
        let Some(at) = free.min_by_key(|&(at, &left)| (left, at)).map(|(at, _)| at) else { break };
        devices[at] -= candidate.milli;
        debug_assert!(devices[at] < DEVICE_MILLI, "a device was taken");
        mask |= 1 << at;
    }
    mask
}
