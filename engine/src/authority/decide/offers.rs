//! Offers that wait, and whom they must not be broken for.
//!
//! An offer begins once what it waits for has returned, if its leases fit then; what others were promised does not count as
//! free. So an offer that is made after it, and whose own leases have not returned yet, may keep it from beginning. Nobody is
//! offered anything that could do so to an offer of the same or of a more protected class.

use lessor_models::fleet::NodeIndex;
use lessor_models::resources::{Kind, Resources};

use super::victims::{less, plus};
use crate::authority::apply::Authority;
use crate::authority::vocabulary::lease::LeaseId;
use crate::ledger::{Entry, OwnerIndex};

/// Offers that may wait at once for another one to be made: each is looked at.
const OFFERS_MAX: usize = 256;

impl Authority {
    /// Whether every offer that waits could begin as it could before if leases were promised too, one at each of some tiles.
    /// O(offers times leases that they wait for times path).
    pub(in crate::authority) fn keeps_offers(&self, tiles: &[NodeIndex], entry: &Entry) -> bool {
        if self.waits_for.is_empty() {
            return true;
        }
        let owners = self.owners_above(tiles);
        self.waits_for.len() < OFFERS_MAX
            && self.waits_for.iter().all(|(offer, awaited)| {
                self.slots.record(*offer).class > entry.class
                    || owners.iter().all(|owner| self.leaves_room(*owner, (*offer, awaited), (tiles, entry)))
            })
    }

    fn owners_above(&self, tiles: &[NodeIndex]) -> Vec<OwnerIndex> {
        let steps = tiles.iter().flat_map(|tile| self.ledger.steps(*tile));
        let mut owners: Vec<OwnerIndex> = steps.map(|step| step.owner).collect();
        owners.sort_unstable();
        owners.dedup();
        owners
    }

    /// Whether an owner has room for an offer once what it waits for has returned, and nothing else has.
    fn leaves_room(
        &self,
        owner: OwnerIndex,
        (offer, awaited): (u32, &[LeaseId]),
        (tiles, entry): (&[NodeIndex], &Entry),
    ) -> bool {
        let asked = self.freed(&self.members(offer), owner);
        if asked == Resources::ZERO {
            return true;
        }
        let awaited: Vec<u32> = awaited.iter().filter_map(|lease| self.slots.find(*lease)).collect();
        let held = less(self.ledger.at(owner).1, &self.freed(&awaited, owner));
        let more = tiles.iter().map(|tile| self.ledger.drawn(*tile, &entry.draw, owner));
        let more = more.fold(Resources::ZERO, |sum, drawn| plus(&sum, &drawn));
        // What the offer itself will hold is among what is promised.
        let ceiling = self.ledger.ceiling(owner, self.slots.record(offer).class);
        let is_met = |kind| {
            let sum = held.get(kind).saturating_add(more.get(kind));
            asked.get(kind) == 0 || more.get(kind) == 0 || sum <= ceiling.get(kind)
        };
        Kind::ALL.into_iter().all(is_met)
    }
}
