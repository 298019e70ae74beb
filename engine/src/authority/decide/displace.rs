//! Displacement: a request that finds no room buys out leases of less protected classes.
//!
//! The plain meaning: of all sets of gangs whose leases may be displaced, that which makes room at a tile at the least cost in
//! compensation and lost work; of all tiles looked at, that where this cost and the price of the lease are least together, if they
//! stay within the bid. Where many gangs of a tile are in question the set is found greedily and is not always the cheapest (see
//! [`cheapest`](super::cheapest)).
//!
//! What others were offered before stays theirs: see [`offers`](super::offers).
//!
//! Nobody displaces its own class or a more protected one, so no chain of displacements ever comes back to where it began.

use std::collections::BTreeSet;

use lessor_models::fleet::NodeIndex;
use lessor_models::job::ServiceClass;
use lessor_models::resources::{Kind, Resources};

use super::cheapest::cheapest;
use super::victims::{Group, less};
use super::wanted::Wanted;
use crate::authority::apply::Authority;
use crate::authority::vocabulary::decision::{Decision, Seat};
use crate::authority::vocabulary::event::{Displacement, Scope};
use crate::authority::vocabulary::lease::RevocationCause;
use crate::authority::vocabulary::money::{Money, Rate};
use crate::ledger::{Entry, OwnerIndex};

/// The first tiles of a scope that are looked at, so that a refusal stays cheap, and as many more that hold what may be displaced.
const TILES_MAX: usize = 64;

/// The first tiles of a scope among which those are looked for.
const SCANNED_MAX: usize = 1 << 14;

/// Nodes under an account that is short, beyond which it is not searched for leases.
pub(in crate::authority) const NODES_MAX: usize = 1_024;

/// Leases looked at for one tile, those that may not be displaced included.
const LOOKED_AT_MAX: usize = 1 << 13;

/// Leases among them that may be displaced, and gangs of those that help, the cheapest.
pub(in crate::authority) const LEASES_MAX: usize = 1_024;
pub(in crate::authority) const GANGS_MAX: usize = 64;

/// Gangs that together make room at a tile.
struct Choice {
    cost: Money,
    node: NodeIndex,
    slots: Vec<u32>,
    device_mask: u64,
}

/// What an entry lacks at a tile, at each step of its path.
struct Need<'a> {
    node: NodeIndex,
    entry: &'a Entry,
    short: Vec<Resources>,
}

/// What a gang would give back at each step of a path.
struct Part {
    group: Group,
    freed: Vec<Resources>,
}

impl Authority {
    /// An offer in place of others' leases, if the bid pays for it.
    pub(in crate::authority) fn displace(&mut self, wanted: Wanted<'_>) -> Option<Decision> {
        let Wanted { request, span, entry } = wanted;
        if request.count != 1 {
            return self.displace_for_gang(wanted);
        }
        let bid = request.bid?;
        let tiles = self.tiles_to_clear(request.scope, entry.class).into_iter();
        let priced = tiles.filter_map(|node| {
            let (choice, rate) = (self.choose_at(node, entry)?, self.rate(node, entry));
            Some((choice.cost.plus(rate.over(span)), rate, choice))
        });
        let mut choices: Vec<(Money, Rate, Choice)> = priced.filter(|(total, ..)| *total <= bid).collect();
        choices.sort_by_key(|(total, _, choice)| (*total, choice.cost, choice.node));
        let (_, rate, best) = choices.into_iter().find(|(.., choice)| self.keeps_offers(&[choice.node], entry))?;
        let until = self.now.after(self.terms.notice);
        let revoked = best.slots.iter().map(|slot| self.revocation(*slot, RevocationCause::Preempted, until)).collect();
        let seat = Seat { node: best.node, device_mask: best.device_mask, rate };
        Some(Decision::Offered { grant: wanted.granted(seat, Vec::new()), revoked })
    }

    /// Tiles at which others may make room: the first of a scope, for what is short may be above an empty one, and the first behind
    /// them that hold a lease which may be displaced.
    pub(in crate::authority) fn tiles_to_clear(&self, scope: Scope, class: ServiceClass) -> Vec<NodeIndex> {
        let mut tiles = self.sample(scope, SCANNED_MAX);
        let behind = tiles.split_off(tiles.len().min(TILES_MAX)).into_iter();
        tiles.extend(behind.filter(|tile| self.slots.may_give_way(*tile, class)).take(TILES_MAX));
        tiles
    }

    fn choose_at(&self, node: NodeIndex, entry: &Entry) -> Option<Choice> {
        let need = Need { node, entry, short: self.ledger.shortfalls(node, entry)? };
        let owners: Vec<OwnerIndex> = self.ledger.steps(node).iter().map(|step| step.owner).collect();
        let (mut nodes, mut seen) = (vec![node], BTreeSet::from([node]));
        for (owner, _) in owners.iter().zip(&need.short).filter(|(_, lacking)| **lacking != Resources::ZERO) {
            let under = self.ledger.under(*owner);
            if under.len() > NODES_MAX {
                return None;
            }
            nodes.extend(under.into_iter().filter(|other| seen.insert(*other)));
        }
        let giving = nodes.into_iter().filter(|node| self.slots.may_give_way(*node, entry.class));
        let slots = giving.flat_map(|node| self.slots.at_node(node)).take(LOOKED_AT_MAX);
        let free = slots.filter(|slot| self.may_displace(*slot, entry)).take(LEASES_MAX).collect();
        let groups = self.groups(free, &BTreeSet::new()).into_iter();
        let whole = groups.filter(|group| group.slots.iter().all(|slot| self.may_displace(*slot, entry)));
        let mut helping: Vec<Group> = whole.filter(|group| self.helps(group, &owners, &need)).collect();
        helping.sort_by_key(|group| (group.cost, group.gang));
        helping.truncate(GANGS_MAX);
        let parts: Vec<Part> = helping.into_iter().map(|group| self.part(group, &owners)).collect();
        let costs: Vec<Money> = parts.iter().map(|part| part.group.cost).collect();
        let chosen = cheapest(&costs, |chosen| self.suffices(&parts, chosen, &need))?;
        let slots: Vec<u32> = chosen.iter().flat_map(|at| parts[*at].group.slots.clone()).collect();
        let cost = chosen.iter().fold(Money::ZERO, |sum, at| sum.plus(parts[*at].group.cost));
        let device_mask = self.mask_after(&parts, &chosen, &need)?;
        Some(Choice { cost, node, slots, device_mask })
    }

    /// Whether a lease may be displaced by an entry: it trades (A and B have floors that no market takes), is of a less
    /// protected class, and is not on its way out.
    pub(in crate::authority) fn may_displace(&self, slot: u32, entry: &Entry) -> bool {
        let record = self.slots.record(slot);
        let is_lesser = record.class > entry.class.max(ServiceClass::B) && record.displacement == Displacement::Allowed;
        is_lesser && !self.is_leaving(slot)
    }

    fn part(&self, group: Group, owners: &[OwnerIndex]) -> Part {
        let freed = owners.iter().map(|owner| self.freed(&group.slots, *owner)).collect();
        Part { group, freed }
    }

    /// Whether some parts make room.
    fn suffices(&self, parts: &[Part], chosen: &[usize], need: &Need<'_>) -> bool {
        let covers = need.short.iter().enumerate().all(|(step, lacking)| {
            let freed = chosen.iter().map(|part| &parts[*part].freed[step]);
            freed.fold(*lacking, |left, freed| less(&left, freed)) == Resources::ZERO
        });
        covers && self.mask_after(parts, chosen, need).is_some()
    }

    /// The devices that an entry would take once some parts are gone.
    fn mask_after(&self, parts: &[Part], chosen: &[usize], need: &Need<'_>) -> Option<u64> {
        let slots = chosen.iter().flat_map(|part| &parts[*part].group.slots);
        let records = slots.map(|slot| self.slots.record(*slot)).filter(|record| record.node == need.node);
        let given: Vec<(u64, u16)> = records.map(|record| (record.device_mask, record.devices.milli)).collect();
        self.ledger.choose_after(need.node, need.entry.devices, &given).ok()
    }

    /// Whether a gang gives back anything of what is short.
    fn helps(&self, group: &Group, owners: &[OwnerIndex], need: &Need<'_>) -> bool {
        let mut short = owners.iter().zip(&need.short).filter(|(_, lacking)| **lacking != Resources::ZERO);
        let gives = short.any(|(owner, lacking)| {
            let freed = self.freed(&group.slots, *owner);
            Kind::ALL.into_iter().any(|kind| lacking.get(kind) > 0 && freed.get(kind) > 0)
        });
        let has_devices = group.slots.iter().any(|slot| {
            let record = self.slots.record(*slot);
            record.node == need.node && record.device_mask != 0
        });
        gives || (need.entry.devices.count > 0 && has_devices)
    }
}
