//! What gangs get where they do not fit: others' places, if they pay for them, or a smaller, a later, another gang.
//!
//! The plain meaning of a displacement: of all sets of gangs that may be displaced, the cheapest in compensation and lost work
//! that leaves room for every member at once, if that and the price stay within the bid. Tiles are the first of the scope.
//! Deviations: beyond [`EXACT_MAX`] gangs in question the set is found greedily, and members are placed by first fit, which is
//! exact on accounts that form a tree (equal members, each account above a tile above all of it) and may miss room where
//! zones cross it.

use std::collections::BTreeSet;

use lessor_models::fleet::NodeIndex;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::{Interval, Span, Timestamp};

use super::apply::Authority;
use super::decide::grant;
use super::decision::{Decision, Seat};
use super::displace::{EXACT_MAX, GANGS_MAX, LEASES_MAX, NODES_MAX};
use super::event::{Request, Scope};
use super::lease::RevocationCause;
use super::money::Money;
use super::refusal::CounterOffer;
use super::victims::Group;
use crate::ledger::{Draw, Entry};

/// Tiles looked at for one gang, so that a refusal stays cheap.
const TILES_MAX: usize = 64;

/// The largest gang that displaces others, or is offered something else.
const MEMBERS_MAX: u32 = 128;

/// The places of a gang's members, with the devices of each.
type Places = Vec<(NodeIndex, u64)>;

impl Authority {
    /// An offer in place of others' leases, if the bid pays for it.
    pub(super) fn displace_for_gang(&mut self, request: &Request, span: Span, entry: &Entry) -> Option<Decision> {
        let bid = request.bid.filter(|_| request.count <= MEMBERS_MAX)?;
        let tiles = self.sample(request.scope, TILES_MAX);
        let groups = self.displaceable(&tiles, entry);
        let (chosen, places) = self.cheapest_for_gang(&groups, &tiles, (entry, request.count))?;
        let cost = chosen.iter().fold(Money::ZERO, |sum, at| sum.plus(groups[*at].cost));
        let seat = |&(node, device_mask): &(NodeIndex, u64)| {
            let rate = self.rate(node, entry);
            Seat { node, device_mask, rate }
        };
        let seats: Vec<Seat> = places.iter().map(seat).collect();
        let price = seats.iter().fold(cost, |sum, seat| sum.plus(seat.rate.over(span)));
        if price > bid {
            return None;
        }
        let until = self.now.after(self.terms.notice);
        let slots = chosen.iter().flat_map(|at| &groups[*at].slots);
        let revoked = slots.map(|slot| self.revocation(*slot, RevocationCause::Preempted, until)).collect();
        let (first, others) = seats.split_first()?;
        Some(Decision::Offered { grant: grant(entry, self.terms.guard_band, (*first, others.to_vec())), revoked })
    }

    /// Gangs that may be displaced and hold something that an entry needs at one of the tiles or above it, the cheapest first.
    fn displaceable(&self, tiles: &[NodeIndex], entry: &Entry) -> Vec<Group> {
        let slots = self.around(tiles, NODES_MAX).into_iter().flat_map(|node| self.slots.at_node(node));
        let free = slots.filter(|slot| self.may_displace(*slot, entry)).take(LEASES_MAX).collect();
        let groups = self.groups(free, &BTreeSet::new()).into_iter();
        let mut whole: Vec<Group> =
            groups.filter(|group| group.slots.iter().all(|slot| self.may_displace(*slot, entry))).collect();
        whole.sort_by_key(|group| (group.cost, group.gang));
        whole.truncate(GANGS_MAX);
        whole
    }

    /// Some tiles, and the nodes under each account above them that is not too large to be searched, until there are more than so
    /// many.
    fn around(&self, tiles: &[NodeIndex], enough: usize) -> BTreeSet<NodeIndex> {
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
        wish: (&Entry, u32),
    ) -> Option<(Vec<usize>, Places)> {
        let all: Vec<usize> = (0..groups.len()).collect();
        self.places_without(groups, &all, (tiles, wish))?;
        if groups.len() > EXACT_MAX {
            let mut chosen = self.fewest(groups, (tiles, wish));
            for at in (0..chosen.len()).rev() {
                let without: Vec<usize> = chosen.iter().copied().filter(|group| *group != chosen[at]).collect();
                if self.places_without(groups, &without, (tiles, wish)).is_some() {
                    chosen = without;
                }
            }
            let places = self.places_without(groups, &chosen, (tiles, wish))?;
            return Some((chosen, places));
        }
        let mut sets: Vec<(Money, usize, Vec<usize>)> = (1..1_usize << groups.len())
            .map(|set| {
                let chosen: Vec<usize> = all.iter().copied().filter(|group| set >> group & 1 == 1).collect();
                let cost = chosen.iter().fold(Money::ZERO, |sum, group| sum.plus(groups[*group].cost));
                (cost, chosen.len(), chosen)
            })
            .collect();
        sets.sort();
        sets.into_iter().find_map(|(_, _, chosen)| {
            let places = self.places_without(groups, &chosen, (tiles, wish))?;
            Some((chosen, places))
        })
    }

    /// The shortest list of the cheapest gangs that suffices: each longer one does too.
    fn fewest(&mut self, groups: &[Group], wish: (&[NodeIndex], (&Entry, u32))) -> Vec<usize> {
        let (mut low, mut high) = (0, groups.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let chosen: Vec<usize> = (0..middle).collect();
            if self.places_without(groups, &chosen, wish).is_some() { high = middle } else { low = middle + 1 }
        }
        (0..high).collect()
    }

    fn places_without(
        &mut self,
        groups: &[Group],
        chosen: &[usize],
        (tiles, wish): (&[NodeIndex], (&Entry, u32)),
    ) -> Option<Places> {
        let slots: Vec<u32> = chosen.iter().flat_map(|group| groups[*group].slots.iter().copied()).collect();
        self.places(tiles, wish, &slots)
    }

    /// Where all members fit at once if some leases gave back what they hold; the ledger is as before afterwards. O(tiles plus
    /// members plus leases, each times path).
    fn places(&mut self, tiles: &[NodeIndex], (entry, count): (&Entry, u32), given_back: &[u32]) -> Option<Places> {
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
                Some(mask) => {
                    self.ledger.post(node, entry, mask);
                    places.push((node, mask));
                }
                None => drop(left.next()),
            }
        }
        for (node, mask) in places.iter().rev() {
            self.ledger.take_back(*node, entry, *mask);
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

    /// What a gang would be granted instead: each member smaller, all of them later, or all elsewhere.
    pub(super) fn counter_offer_for_gang(&mut self, request: &Request, entry: &Entry) -> CounterOffer {
        if request.count > MEMBERS_MAX {
            return CounterOffer::default();
        }
        let tiles = self.sample(request.scope, TILES_MAX);
        let wish = (entry, request.count);
        let smaller = self.smaller_gang(&tiles, wish);
        let later = self.later_gang(&tiles, wish);
        let elsewhere = match request.scope {
            Scope::Anywhere => None,
            Scope::Under(_) | Scope::OfClasses(_) => {
                let tiles = self.sample(Scope::Anywhere, TILES_MAX);
                self.places(&tiles, wish, &[]).map(|places| places[0].0)
            }
        };
        CounterOffer { smaller, later, elsewhere }
    }

    /// The greatest part of each member's vector, in thousandths, of which all members fit, and where the first would lie.
    fn smaller_gang(&mut self, tiles: &[NodeIndex], (entry, count): (&Entry, u32)) -> Option<(NodeIndex, u16)> {
        let (mut low, mut high) = (0, 999);
        let mut found = None;
        while low < high {
            let middle = u16::midpoint(low, high + 1);
            let part = Entry { draw: scaled(&entry.draw, middle), ..*entry };
            match self.places(tiles, (&part, count), &[]) {
                Some(places) => (low, found) = (middle, Some((places[0].0, middle))),
                None => high = middle - 1,
            }
        }
        found.filter(|(_, permille)| scaled(&entry.draw, *permille).amounts().any(|amount| amount > 0))
    }

    /// When all members fit at the latest, if nobody renews and nothing else is granted: once enough leases have returned.
    fn later_gang(&mut self, tiles: &[NodeIndex], wish: (&Entry, u32)) -> Option<Timestamp> {
        let slots = self.around(tiles, usize::MAX).into_iter().flat_map(|node| self.slots.at_node(node));
        let mut leaving: Vec<u32> = slots.take(LEASES_MAX + 1).collect();
        if leaving.len() > LEASES_MAX {
            return None;
        }
        leaving.sort_unstable_by_key(|slot| (self.slots.record(*slot).returns_at, self.slots.id(*slot)));
        let (mut low, mut high) = (1, leaving.len());
        let mut found = None;
        while low <= high {
            let middle = usize::midpoint(low, high);
            match self.places(tiles, wish, &leaving[..middle]) {
                Some(places) => (high, found) = (middle - 1, Some((middle, places))),
                None => low = middle + 1,
            }
        }
        let (count, places) = found?;
        let at = self.slots.record(leaving[count - 1]).returns_at;
        // Where capacity changes before the gang would be over, nobody looked whether it fits then.
        let until = at.after(Interval { start: self.now, ..wish.0.interval }.span());
        places.iter().all(|(node, _)| self.ledger.is_steady(*node, until)).then_some(at)
    }
}

/// So many thousandths of a draw, rounded down; devices are no part of it.
pub(super) fn scaled(draw: &Draw, permille: u16) -> Draw {
    let part = |amount: u64| {
        let scaled = u128::from(amount) * u128::from(permille) / 1_000;
        u64::try_from(scaled).expect("a part of an amount is an amount")
    };
    let mut resources = Resources::ZERO;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Accelerator) {
        resources = resources.with(kind, part(draw.resources().get(kind)));
    }
    let resources = resources.with(Kind::Accelerator, draw.resources().get(Kind::Accelerator));
    Draw::crossing(resources, lessor_models::fleet::Level::ALL.map(|level| part(draw.uplink_bps(level))))
}
