//! What gangs get where they do not fit: others' places, if they pay for them.
//!
//! The plain meaning of a displacement: of all sets of gangs that may be displaced, the cheapest in compensation and lost work
//! that leaves room for every member at once, if that and the price stay within the bid. Tiles are those of a
//! [request alone](super::displace).
//! Deviations: many gangs are chosen greedily (see [`cheapest`](super::cheapest)), and members are placed by first fit, which
//! is exact on accounts that form a tree (equal members, each account above a tile above all of it) and may miss room where
//! zones cross it.

use std::collections::BTreeSet;

use lessor_models::fleet::NodeIndex;

use super::cheapest::cheapest;
use super::displace::{GANGS_MAX, LEASES_MAX, NODES_MAX};
use super::victims::Group;
use super::wanted::Wanted;
use crate::authority::apply::Authority;
use crate::authority::vocabulary::decision::{Decision, Seat};
use crate::authority::vocabulary::lease::RevocationCause;
use crate::authority::vocabulary::money::Money;
use crate::ledger::Entry;

/// Tiles looked at for what one gang is offered instead, so that a refusal stays cheap.
pub(in crate::authority) const TILES_MAX: usize = 64;

/// The largest gang that displaces others, or is offered something else.
pub(in crate::authority) const MEMBERS_MAX: u32 = 128;

/// A gang: equal entries, so many.
#[derive(Clone, Copy, Debug)]
pub(in crate::authority) struct Members<'a> {
    pub(in crate::authority) entry: &'a Entry,
    pub(in crate::authority) count: u32,
}

/// Where a gang's members lie.
type Places = Vec<Seat>;

impl Authority {
    /// An offer in place of others' leases, if the bid pays for it.
    pub(in crate::authority) fn displace_for_gang(&mut self, wanted: Wanted<'_>) -> Option<Decision> {
        let Wanted { request, span, entry } = wanted;
        let bid = request.bid.filter(|_| request.count <= MEMBERS_MAX)?;
        let tiles = self.tiles_to_clear(request.scope, entry.class);
        let groups = self.displaceable(&tiles, entry);
        let (chosen, places) = self.cheapest_for_gang(&groups, &tiles, Members { entry, count: request.count })?;
        let cost = chosen.iter().fold(Money::ZERO, |sum, at| sum.plus(groups[*at].cost));
        // Prices are those of now, while those that are displaced are there.
        let seat = |place: &Seat| Seat { rate: self.rate(place.node, entry), ..*place };
        let seats: Vec<Seat> = places.iter().map(seat).collect();
        let price = seats.iter().fold(cost, |sum, seat| sum.plus(seat.rate.over(span)));
        let tiles: Vec<NodeIndex> = seats.iter().map(|seat| seat.node).collect();
        if price > bid || !self.keeps_offers(&tiles, entry) {
            return None;
        }
        let until = self.now.after(self.terms.notice);
        let slots = chosen.iter().flat_map(|at| &groups[*at].slots);
        let revoked = slots.map(|slot| self.revocation(*slot, RevocationCause::Preempted, until)).collect();
        let (first, others) = seats.split_first()?;
        Some(Decision::Offered { grant: wanted.granted(*first, others.to_vec()), revoked })
    }

    /// Gangs that may be displaced and hold something that an entry needs at one of the tiles or above it, the cheapest first.
    fn displaceable(&self, tiles: &[NodeIndex], entry: &Entry) -> Vec<Group> {
        let nodes = self.around(tiles, NODES_MAX).into_iter();
        let giving = nodes.filter(|node| self.slots.may_give_way(*node, entry.class));
        let slots = giving.flat_map(|node| self.slots.at_node(node));
        let free = slots.filter(|slot| self.may_displace(*slot, entry)).take(LEASES_MAX).collect();
        let groups = self.groups(free, &BTreeSet::new()).into_iter();
        let whole = groups.filter(|group| group.slots.iter().all(|slot| self.may_displace(*slot, entry)));
        let mut helping: Vec<Group> = whole.filter(|group| self.holds_any_of(&group.slots, entry)).collect();
        helping.sort_by_key(|group| (group.cost, group.gang));
        helping.truncate(GANGS_MAX);
        helping
    }

    /// Whether leases hold anything of what an entry asks for.
    fn holds_any_of(&self, slots: &[u32], entry: &Entry) -> bool {
        slots.iter().any(|slot| {
            let held = self.slots.draw(*slot).amounts();
            held.zip(entry.draw.amounts()).any(|(held, asked)| held > 0 && asked > 0)
        })
    }

    /// Some tiles, and the nodes under each account above them that is not too large to be searched, until there are more than so
    /// many.
    pub(in crate::authority) fn around(&self, tiles: &[NodeIndex], enough: usize) -> BTreeSet<NodeIndex> {
        let mut nodes: BTreeSet<NodeIndex> = tiles.iter().copied().collect();
        let owners: BTreeSet<_> =
            tiles.iter().flat_map(|tile| self.ledger.steps(*tile)).map(|step| step.owner).collect();
        for owner in owners {
            let under = self.ledger.under(owner);
            if under.len() <= NODES_MAX && nodes.len() <= enough {
                nodes.extend(under);
            }
        }
        nodes
    }

    /// The cheapest gangs without which all members have a place, and those places.
    fn cheapest_for_gang(
        &mut self,
        groups: &[Group],
        tiles: &[NodeIndex],
        members: Members<'_>,
    ) -> Option<(Vec<usize>, Places)> {
        let costs: Vec<Money> = groups.iter().map(|group| group.cost).collect();
        let chosen = cheapest(&costs, |chosen| self.places(tiles, members, &all_slots(groups, chosen)).is_some())?;
        let places = self.places(tiles, members, &all_slots(groups, &chosen))?;
        Some((chosen, places))
    }

    /// Where all members fit at once if some leases gave back what they hold, and at what price; the ledger is as before
    /// afterwards. O(tiles plus members plus leases, each times path).
    pub(in crate::authority) fn places(
        &mut self,
        tiles: &[NodeIndex],
        Members { entry, count }: Members<'_>,
        given_back: &[u32],
    ) -> Option<Places> {
        for slot in given_back {
            let (node, held, mask) = self.held_at(*slot);
            self.ledger.take_back(node, &held, mask);
        }
        let mut places = Places::new();
        let mut left = tiles.iter().copied().peekable();
        // Members are equal, and what is left only shrinks: a tile that is too full for one is too full for all after it.
        while let Some(&node) = left.peek().filter(|_| places.len() < count as usize) {
            let devices = self.ledger.choose_devices(node, entry.devices).ok();
            match devices.filter(|_| self.ledger.check(node, entry).is_none()) {
                Some(device_mask) => {
                    let rate = self.rate(node, entry);
                    self.ledger.post(node, entry, device_mask);
                    places.push(Seat { node, device_mask, rate });
                }
                None => drop(left.next()),
            }
        }
        for seat in places.iter().rev() {
            self.ledger.take_back(seat.node, entry, seat.device_mask);
        }
        for slot in given_back.iter().rev() {
            let (node, held, mask) = self.held_at(*slot);
            self.ledger.post(node, &held, mask);
        }
        (places.len() == count as usize).then_some(places)
    }

    fn held_at(&self, slot: u32) -> (NodeIndex, Entry, u64) {
        let record = self.slots.record(slot);
        (record.node, self.slots.entry(slot), record.device_mask)
    }
}

/// The leases of some groups.
fn all_slots(groups: &[Group], chosen: &[usize]) -> Vec<u32> {
    chosen.iter().flat_map(|group| groups[*group].slots.iter().copied()).collect()
}
