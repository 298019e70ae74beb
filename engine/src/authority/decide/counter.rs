//! Which account binds where nothing fits, and what would be granted instead.
//!
//! A refusal must stay cheap while everybody asks for what is not there, so all of this looks at a few tiles and leases only.
//! What was found so is looked at again before it is offered, as a request for it would be: its bid must pay for it too.

use lessor_models::fleet::{Level, NodeIndex};
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};
use lessor_models::time::Timestamp;

use super::displace::NODES_MAX;
use super::placement::Ask;
use super::victims::less;
use super::wanted::Wanted;
use crate::authority::apply::Authority;
use crate::authority::vocabulary::event::{Request, Scope};
use crate::authority::vocabulary::money::Money;
use crate::authority::vocabulary::refusal::CounterOffer;
use crate::ledger::{Barrier, Draw, Entry, Kept, OwnerIndex};

/// Tiles looked at where a scope has many.
const SAMPLE_MAX: usize = 16;

/// Leases under an account that is short, beyond which nobody says when it has room again.
const RETURNS_MAX: usize = 256;

impl Authority {
    /// The tile in the scope that comes nearest to taking an entry, among a few, and what stands in the way there.
    pub(in crate::authority) fn binding(&self, scope: Scope, entry: &Entry) -> (Option<NodeIndex>, Barrier) {
        let best = self.nearest(&self.sample(scope, SAMPLE_MAX), entry);
        let node = match scope {
            Scope::Under(node) => node,
            Scope::Anywhere | Scope::OfClasses(_) => NodeIndex(0),
        };
        let Some(tile) = best else { return (None, Barrier::Closed { node }) };
        // What all tiles of a scope share speaks before what one of them lacks.
        let above = if scope == Scope::Under(tile) { None } else { self.ledger.check_above(tile, entry) };
        let barrier = above.or_else(|| self.ledger.check(tile, entry));
        (Some(tile), barrier.unwrap_or(Barrier::Closed { node: tile }))
    }

    /// The tile that comes nearest to taking an entry.
    fn nearest(&self, tiles: &[NodeIndex], entry: &Entry) -> Option<NodeIndex> {
        tiles.iter().copied().max_by_key(|tile| (self.ledger.permille(*tile, entry), std::cmp::Reverse(*tile)))
    }

    /// The first tiles of a scope, in tree order.
    pub(in crate::authority) fn sample(&self, scope: Scope, most: usize) -> Vec<NodeIndex> {
        let mut stack: Vec<NodeIndex> = match scope {
            Scope::Under(node) => vec![node],
            Scope::Anywhere => self.ledger.roots().collect(),
            Scope::OfClasses(classes) => return self.ledger.first_of(classes, most),
        };
        stack.reverse();
        let mut tiles = Vec::new();
        while let Some(node) = stack.pop().filter(|_| tiles.len() < most) {
            if self.ledger.is_tile(node) {
                tiles.push(node);
            } else {
                stack.extend(self.ledger.children(node).iter().take(most).rev());
            }
        }
        tiles
    }

    pub(in crate::authority) fn counter_offer(&mut self, wanted: Wanted<'_>) -> CounterOffer {
        let Wanted { request, entry, .. } = wanted;
        if request.count != 1 {
            return self.counter_offer_for_gang(wanted);
        }
        let tiles = self.sample(request.scope, SAMPLE_MAX);
        let tile = self.nearest(&tiles, entry);
        let smaller = tile.and_then(|tile| self.smaller(tile, wanted));
        let later = tile.filter(|_| self.foresees_price(request)).and_then(|tile| {
            // By then another tile may have room, too, and be the one that is chosen.
            let is_paid = tiles.iter().all(|tile| self.pays(*tile, wanted));
            if is_paid { self.later(tile, entry) } else { None }
        });
        let elsewhere = match request.scope {
            Scope::Anywhere => None,
            Scope::Under(_) | Scope::OfClasses(_) => {
                let ask = Ask { scope: Scope::Anywhere, entry, now: self.now };
                let found = self.placement.place(&self.ledger, &ask).map(|(tile, _)| tile);
                let outside = found.filter(|tile| !request.scope.has(&self.ledger, *tile));
                outside.filter(|tile| self.takes(*tile, wanted))
            }
        };
        CounterOffer { smaller, later, elsewhere }
    }

    fn smaller(&self, tile: NodeIndex, wanted: Wanted<'_>) -> Option<(NodeIndex, u16)> {
        self.granted_part(tile, wanted, self.ledger.permille(tile, wanted.entry))
    }

    /// The part of what one lease wants that its bid pays for at a tile where all of it costs more.
    pub(in crate::authority) fn smaller_for_bid(
        &self,
        wanted: Wanted<'_>,
        tile: NodeIndex,
        price: Money,
    ) -> Option<(NodeIndex, u16)> {
        let bid = wanted.request.bid.filter(|_| wanted.request.count == 1)?;
        let permille = i128::from(bid.0) * 1_000 / i128::from(price.0.max(1));
        self.granted_part(tile, wanted, u16::try_from(permille).ok()?)
    }

    /// So many thousandths of what is wanted, where that would be granted.
    fn granted_part(&self, tile: NodeIndex, wanted: Wanted<'_>, permille: u16) -> Option<(NodeIndex, u16)> {
        let entry = wanted.entry;
        let part = Entry { draw: scaled(&entry.draw, permille), ..*entry };
        let is_something = (1..1_000).contains(&permille) && part.draw.amounts().any(|amount| amount > 0);
        (is_something && self.takes(tile, wanted.with(&part))).then_some((tile, permille))
    }

    /// Whether what is wanted would be granted at a tile now.
    fn takes(&self, tile: NodeIndex, wanted: Wanted<'_>) -> bool {
        self.ledger.check(tile, wanted.entry).is_none() && self.pays(tile, wanted)
    }

    /// Whether the bid pays for what is wanted at a tile, as prices are now.
    fn pays(&self, tile: NodeIndex, wanted: Wanted<'_>) -> bool {
        wanted.request.bid.is_none() || wanted.pays(self.rate(tile, wanted.entry).over(wanted.span))
    }

    /// Whether nothing that is known of makes room dearer later than the bid of a request was held against: offers that wait use
    /// more once they begin, and what is used more is dearer.
    pub(in crate::authority) fn foresees_price(&self, request: &Request) -> bool {
        request.bid.is_none() || self.terms.scarcity_permille == 0 || self.waits_for.is_empty()
    }

    /// When a tile takes an entry at the latest, if nobody renews and nothing else is granted: every account that is short
    /// has room once enough of its leases have returned, in order of time.
    fn later(&self, tile: NodeIndex, entry: &Entry) -> Option<Timestamp> {
        let short = self.ledger.shortfalls(tile, entry)?;
        let owners: Vec<OwnerIndex> = self.ledger.steps(tile).iter().map(|step| step.owner).collect();
        let mut latest = self.now;
        for (owner, lacking) in owners.into_iter().zip(short).filter(|(_, lacking)| *lacking != Resources::ZERO) {
            latest = latest.max(self.covered_at(owner, lacking, entry.class)?);
        }
        latest = latest.max(self.devices_at(tile, entry)?);
        // Where capacity changes before the lease would be over, nobody looked whether it fits then.
        let until = latest.after(entry.interval.span());
        self.ledger.is_steady(tile, until).then_some(latest)
    }

    /// When enough leases of an account have returned. What a class with a floor gives back may only fill the floor again.
    fn covered_at(&self, owner: OwnerIndex, mut lacking: Resources, class: ServiceClass) -> Option<Timestamp> {
        let has_floors = self.ledger.floors(self.ledger.owner(owner)).is_some_and(|floors| floors != Kept::NOTHING);
        let nodes = self.ledger.under(owner);
        if nodes.len() > NODES_MAX {
            return None;
        }
        let slots = nodes.into_iter().flat_map(|node| self.slots.at_node(node));
        let slots: Vec<u32> = slots.take(RETURNS_MAX + 1).collect();
        if slots.len() > RETURNS_MAX {
            return None;
        }
        for slot in self.by_return(slots) {
            let record = self.slots.record(slot);
            if has_floors && record.class <= ServiceClass::B && record.class != class {
                continue;
            }
            lacking = less(&lacking, &self.ledger.drawn(record.node, self.slots.draw(slot), owner));
            if lacking == Resources::ZERO {
                return Some(record.returns_at);
            }
        }
        None
    }

    fn devices_at(&self, tile: NodeIndex, entry: &Entry) -> Option<Timestamp> {
        let mut given = Vec::new();
        let mut at = self.now;
        let mut leaving = self.by_return(self.slots.at_node(tile).collect()).into_iter();
        while self.ledger.choose_after(tile, entry.devices, &given).is_err() {
            let record = self.slots.record(leaving.next()?);
            given.push((record.device_mask, record.devices.milli));
            at = record.returns_at;
        }
        Some(at)
    }

    fn by_return(&self, mut slots: Vec<u32>) -> Vec<u32> {
        slots.sort_unstable_by_key(|slot| (self.slots.record(*slot).returns_at, self.slots.id(*slot)));
        slots
    }
}

/// So many thousandths of a draw, rounded down; devices are no part of it.
pub(in crate::authority) fn scaled(draw: &Draw, permille: u16) -> Draw {
    let part = |amount: u64| {
        let scaled = u128::from(amount) * u128::from(permille) / 1_000;
        u64::try_from(scaled).expect("a part of an amount is an amount")
    };
    let mut resources = Resources::ZERO;
    for kind in Kind::ALL.into_iter().filter(|kind| *kind != Kind::Accelerator) {
        resources = resources.with(kind, part(draw.resources().get(kind)));
    }
    let resources = resources.with(Kind::Accelerator, draw.resources().get(Kind::Accelerator));
    Draw::crossing(resources, Level::ALL.map(|level| part(draw.uplink_bps(level))))
}
