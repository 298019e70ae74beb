//! What a bid is for at one node of a class, whichever that is.

use lessor_models::fleet::{Fleet, NodeClass, NodeIndex, Owner};
use lessor_models::job::Domain;
use lessor_models::resources::Kind;
use lessor_models::time::Interval;

use super::AccountBid;
use super::catalog::{Wish, place};

/// A quantity of a kind over a term, at a node that something else says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Need {
    /// Of which kind.
    pub kind: Kind,
    /// How much, in base units.
    pub quantity: u64,
    /// For how long; not empty.
    pub interval: Interval,
}

impl Need {
    /// The same of a node's account.
    #[must_use]
    pub const fn at(self, node: NodeIndex) -> Wish {
        Wish { owner: Owner::Node(node), kind: self.kind, quantity: self.quantity, interval: self.interval }
    }
}

/// What a bid is for at any one node of a class: all of it at the same one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Anywhere {
    /// The nodes that will do.
    pub class: NodeClass,
    /// What is needed there; at least one thing.
    pub needs: Vec<Need>,
}

impl AccountBid {
    /// What the bid is for with a node of its class; without one, what it names. O(its goods).
    #[must_use]
    pub fn wishes_at(&self, node: Option<NodeIndex>) -> Vec<Wish> {
        let needs = self.anywhere.iter().flat_map(|anywhere| &anywhere.needs);
        let at_node = node.into_iter().flat_map(|node| needs.clone().map(move |need| need.at(node)));
        self.wishes.iter().copied().chain(at_node).collect()
    }

    /// The one account of a bid of which any part is welcome.
    pub(super) fn divisible(&self) -> Option<&Wish> {
        match (&*self.wishes, &self.anywhere) {
            ([wish], None) if self.is_divisible => Some(wish),
            _ => None,
        }
    }

    /// The terms of everything that the bid is for.
    pub(super) fn terms(&self) -> impl Iterator<Item = Interval> + '_ {
        let needs = self.anywhere.iter().flat_map(|anywhere| &anywhere.needs).map(|need| need.interval);
        self.wishes.iter().map(|wish| wish.interval).chain(needs)
    }

    /// Where each thing that the bid is for is, as policies speak of it, and of which kind it is.
    pub(super) fn traded<'a>(&'a self, fleet: &'a Fleet) -> impl Iterator<Item = (Domain, Kind)> + 'a {
        let of_class =
            |anywhere: &'a Anywhere| anywhere.needs.iter().map(|need| (Domain::Level(anywhere.class.level), need.kind));
        let named = self.wishes.iter().map(|wish| (place(fleet, wish.owner), wish.kind));
        named.chain(self.anywhere.iter().flat_map(of_class))
    }
}
