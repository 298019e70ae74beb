//! What a gang would be granted instead of what it was refused: each member smaller, all of them later, or all elsewhere.
//!
//! Members are tried by first fit on a few tiles. What is offered now is then placed as a request for it would be, so that it
//! is granted whatever the policy of placement is.

use lessor_models::fleet::{Level, NodeIndex, Owner};
use lessor_models::time::{Interval, Timestamp};

use super::counter::scaled;
use super::displace::LEASES_MAX;
use super::gang::{MEMBERS_MAX, Members, TILES_MAX};
use super::price;
use super::wanted::Wanted;
use crate::authority::apply::Authority;
use crate::authority::vocabulary::decision::Seat;
use crate::authority::vocabulary::event::Scope;
use crate::authority::vocabulary::money::Money;
use crate::authority::vocabulary::refusal::CounterOffer;
use crate::ledger::{Devices, Draw, Entry};

/// Nodes looked at for the whole gang beside each node on the way up from the one asked for.
const BESIDE_MAX: usize = 16;

/// Of all those, how many are asked to place the whole gang.
const TRIED_MAX: usize = 4;

impl Authority {
    pub(in crate::authority) fn counter_offer_for_gang(&mut self, wanted: Wanted<'_>) -> CounterOffer {
        let request = wanted.request;
        if request.count > MEMBERS_MAX {
            return CounterOffer::default();
        }
        let tiles = self.sample(request.scope, TILES_MAX);
        let smaller = self.smaller_gang(&tiles, wanted);
        let later = if self.foresees_price(request) { self.later_gang(&tiles, wanted) } else { None };
        let elsewhere = match request.scope {
            Scope::Under(node) => self.elsewhere_for_gang(node, wanted),
            Scope::Anywhere | Scope::OfClasses(_) => None,
        };
        CounterOffer { smaller, later, elsewhere }
    }

    /// The greatest part of each member's vector, in thousandths, of which all members fit, and the lowest node above all of
    /// them.
    fn smaller_gang(&mut self, tiles: &[NodeIndex], wanted: Wanted<'_>) -> Option<(NodeIndex, u16)> {
        let Wanted { request, entry, .. } = wanted;
        let (mut low, mut high) = (0, 999);
        let mut found = None;
        while low < high {
            let middle = u16::midpoint(low, high + 1);
            let part = Entry { draw: scaled(&entry.draw, middle), ..*entry };
            match self.places(tiles, Members { entry: &part, count: request.count }, &[]) {
                Some(places) => (low, found) = (middle, Some((places, part))),
                None => high = middle - 1,
            }
        }
        let (places, part) = found?;
        let node = self.lowest_above(&places)?;
        let is_something = part.draw.amounts().any(|amount| amount > 0);
        (is_something && self.takes_gang(node, wanted.with(&part))).then_some((node, low))
    }

    /// The lowest node that all places lie under, if there is one.
    fn lowest_above(&self, places: &[Seat]) -> Option<NodeIndex> {
        let (first, others) = places.split_first()?;
        self.way_up(first.node).find(|above| others.iter().all(|place| self.ledger.is_under(place.node, *above)))
    }

    /// A node and those above it, in order.
    fn way_up(&self, node: NodeIndex) -> impl Iterator<Item = NodeIndex> + '_ {
        self.ledger.path(node).filter_map(|owner| match owner {
            Owner::Node(node) => Some(node),
            Owner::Zone(_) => None,
        })
    }

    /// Whether what a gang wants would be granted now under a node.
    fn takes_gang(&mut self, node: NodeIndex, wanted: Wanted<'_>) -> bool {
        let placed = self.place_gang(Scope::Under(node), wanted);
        placed.is_ok_and(|grant| wanted.pays(price(&grant, wanted.span)))
    }

    /// When all members fit at the latest, if nobody renews and nothing else is granted: once enough leases have returned.
    fn later_gang(&mut self, tiles: &[NodeIndex], wanted: Wanted<'_>) -> Option<Timestamp> {
        let Wanted { request, span, entry } = wanted;
        let members = Members { entry, count: request.count };
        let slots = self.around(tiles, usize::MAX).into_iter().flat_map(|node| self.slots.at_node(node));
        let mut leaving: Vec<u32> = slots.take(LEASES_MAX + 1).collect();
        if leaving.len() > LEASES_MAX {
            return None;
        }
        leaving.sort_unstable_by_key(|slot| (self.slots.record(*slot).returns_at, self.slots.id(*slot)));
        let (mut low, mut high) = (1, leaving.len());
        let mut enough = None;
        while low <= high {
            let middle = usize::midpoint(low, high);
            if self.places(tiles, members, &leaving[..middle]).is_some() {
                (high, enough) = (middle - 1, Some(middle));
            } else {
                low = middle + 1;
            }
        }
        let at = self.slots.record(leaving[enough? - 1]).returns_at;
        // All that have returned by then leave room, and members may find it where it is dearer.
        let returned = leaving.partition_point(|slot| self.slots.record(*slot).returns_at <= at);
        let places = self.places(tiles, members, &leaving[..returned])?;
        let cost = places.iter().fold(Money::ZERO, |sum, seat| sum.plus(seat.rate.over(span)));
        if !wanted.pays(cost) {
            return None;
        }
        // Where capacity changes before the gang would be over, nobody looked whether it fits then.
        let until = at.after(Interval { start: self.now, ..entry.interval }.span());
        places.iter().all(|seat| self.ledger.is_steady(seat.node, until)).then_some(at)
    }

    /// A node beside the one asked for, or beside one above it, under which all members fit; the nearest of those looked at.
    fn elsewhere_for_gang(&mut self, asked: NodeIndex, wanted: Wanted<'_>) -> Option<NodeIndex> {
        let Wanted { request, entry, .. } = wanted;
        let all = Entry { draw: times(&entry.draw, request.count), devices: Devices::NONE, ..*entry };
        let way_up: Vec<NodeIndex> = self.way_up(asked).collect();
        let parents = way_up.iter().skip(1).copied().map(Some).chain([None]);
        let mut beside = Vec::new();
        for (node, parent) in way_up.iter().copied().zip(parents) {
            let siblings: Vec<NodeIndex> = match parent {
                Some(parent) => self.ledger.children(parent).iter().copied().take(BESIDE_MAX + 1).collect(),
                None => self.ledger.roots().take(BESIDE_MAX + 1).collect(),
            };
            // What a node and those above it have for all members together says most: many fall away by it.
            beside.extend(siblings.into_iter().filter(|&near| near != node && self.ledger.check(near, &all).is_none()));
        }
        beside.into_iter().take(TRIED_MAX).find(|near| self.takes_gang(*near, wanted))
    }
}

/// What so many equal draws take together; what is beyond all amounts is the greatest.
fn times(draw: &Draw, count: u32) -> Draw {
    let all = |amount: u64| amount.saturating_mul(u64::from(count));
    let mut resources = *draw.resources();
    resources.0.iter_mut().for_each(|amount| *amount = all(*amount));
    Draw::crossing(resources, Level::ALL.map(|level| all(draw.uplink_bps(level))))
}
