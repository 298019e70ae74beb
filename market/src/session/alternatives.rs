//! At which nodes a bid on a node class is compared.
//!
//! Such a bid is for one alternative at each node of its class, of which it wins one at most. Nodes are *alike* where nothing of a
//! round tells one from another: they are in the same node classes, lie below the same accounts, have the same capacity,
//! holdings and prices of every kind that is needed of a node, and no order names them or what lies below them. Nodes that are
//! alike may change places in any choice of winners without changing what it is worth. So they are put in the order of their
//! lots, and a bid with which `k` groups have come to them, by lot, is compared at the first `k` of them: where the nodes that are
//! used are numbered by the first group that uses each, the `k`-th group is at one of the first `k`. That holds whoever is left
//! out, so that payments are those of all alternatives; and at a posted price, where `k - 1` groups came before, one of `k` nodes
//! is free. At one price for a unit of each good all are compared at as many nodes as there are groups.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{NodeClass, NodeIndex, Owner};
use lessor_models::plan::Price;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{StepFunction, Timestamp};

use super::anywhere::{Anywhere, Need};
use super::catalog::{Ground, Wish, energy_tariff};
use super::debits::{debited, debits};
use super::{Session, SessionError};
use crate::book::{BidderIndex, GroupIndex};
use crate::lot::lot;
use crate::policy::{AccountClass, PaymentRule};

/// The nodes at which the bids of an account class are compared.
#[derive(Debug, Default)]
pub(super) struct Alternatives {
    /// Of each bid on a node class, by its position in the session.
    of_bid: BTreeMap<usize, Vec<NodeIndex>>,
    /// What is needed of a node, at each at which anything is compared; quantities say nothing.
    wishes: Vec<Wish>,
    /// The nodes at which anything is compared: those that are alike together, in the order of their lots.
    alike: Vec<Vec<NodeIndex>>,
}

/// Nodes that are alike, in the order of their lots, and the groups that came to them.
#[derive(Debug)]
struct Alike {
    nodes: Vec<NodeIndex>,
    groups: BTreeSet<(BidderIndex, GroupIndex)>,
}

impl Alike {
    /// The nodes that groups may use.
    fn used(mut self) -> Vec<NodeIndex> {
        self.nodes.truncate(self.groups.len());
        self.nodes
    }
}

impl Alternatives {
    /// Finds the nodes for bids in the order of their lots, where orders name some accounts. O(nodes x depth), and what is
    /// found.
    ///
    /// # Errors
    /// Alternatives of more than so many parts.
    pub(super) fn new<'w>(
        session: &Session<'_>,
        class: &AccountClass,
        bids: &[usize],
        named: impl Iterator<Item = &'w Wish>,
        parts_max: usize,
    ) -> Result<Alternatives, SessionError> {
        let anywhere = |at: usize| session.bids[at].anywhere.as_ref().map(|anywhere| (at, anywhere));
        let open: Vec<(usize, &Anywhere)> = bids.iter().filter_map(|&at| anywhere(at)).collect();
        if open.is_empty() {
            return Ok(Alternatives::default());
        }
        let needs = needs(&open);
        let (mut alike, of_class) = all_alike(session, &needs, named);
        if class.payment == PaymentRule::Uniform {
            // Where a node has a price, a bid might rather have one that is alike and costs less.
            for (at, anywhere) in &open {
                let bid = &session.bids[*at];
                for &set in of_class.get(&anywhere.class).into_iter().flatten() {
                    alike[set].groups.insert((bid.bidder, bid.group));
                }
            }
        }
        let (mut found, mut parts) = (Alternatives::default(), 0);
        for (at, anywhere) in open {
            let bid = &session.bids[at];
            let mut nodes = Vec::new();
            for &set in of_class.get(&anywhere.class).into_iter().flatten() {
                let Alike { nodes: of_set, groups } = &mut alike[set];
                groups.insert((bid.bidder, bid.group));
                // What has no limit is not sold.
                if is_limited(&session.ground, of_set[0], &anywhere.needs) {
                    nodes.extend(of_set.iter().take(groups.len()));
                }
                parts += of_set.len().min(groups.len()) * anywhere.needs.len();
            }
            if parts > parts_max {
                return Err(SessionError::TooManyParts { most: parts_max });
            }
            found.of_bid.insert(at, nodes);
        }
        for (class, needs) in &needs {
            for Alike { nodes, groups } in of_class.get(class).into_iter().flatten().map(|&set| &alike[set]) {
                let used = nodes.iter().take(groups.len());
                found.wishes.extend(used.flat_map(|&node| needs.iter().map(move |need| need.at(node))));
            }
        }
        found.alike = alike.into_iter().map(Alike::used).filter(|used| !used.is_empty()).collect();
        Ok(found)
    }

    /// The nodes at which a bid on a node class is compared.
    pub(super) fn of(&self, bid: usize) -> &[NodeIndex] {
        self.of_bid.get(&bid).map_or(&[], Vec::as_slice)
    }

    /// The nodes at which anything is compared: those that are alike together, in the order of their lots.
    pub(super) fn into_alike(self) -> Vec<Vec<NodeIndex>> {
        self.alike
    }

    /// What is needed of nodes, each at which anything is compared.
    pub(super) fn wishes(&self) -> &[Wish] {
        &self.wishes
    }
}

/// Of nodes that are alike together, all but the first, each with the first.
pub(super) fn others(alike: &[Vec<NodeIndex>]) -> BTreeMap<NodeIndex, NodeIndex> {
    let of_set = |nodes: &Vec<NodeIndex>| nodes.iter().skip(1).map(|&node| (node, nodes[0])).collect::<Vec<_>>();
    alike.iter().flat_map(of_set).collect()
}

/// What bids need of the nodes of each class: kinds and terms, each once.
fn needs(open: &[(usize, &Anywhere)]) -> BTreeMap<NodeClass, BTreeSet<Need>> {
    let mut needs: BTreeMap<NodeClass, BTreeSet<Need>> = BTreeMap::new();
    for (_, anywhere) in open {
        let of_class = needs.entry(anywhere.class).or_default();
        of_class.extend(anywhere.needs.iter().map(|need| Need { quantity: 1, ..*need }));
    }
    needs
}

/// The nodes of some classes as sets of nodes that are alike, and which of them make up each class.
fn all_alike<'w>(
    session: &Session<'_>,
    needs: &BTreeMap<NodeClass, BTreeSet<Need>>,
    named: impl Iterator<Item = &'w Wish>,
) -> (Vec<Alike>, BTreeMap<NodeClass, Vec<usize>>) {
    let fleet = session.ground.fleet;
    let mut classes: BTreeMap<NodeIndex, Vec<NodeClass>> = BTreeMap::new();
    for (class, nodes) in fleet.nodes_of(&needs.keys().copied().collect()) {
        nodes.into_iter().for_each(|node| classes.entry(node).or_default().push(class));
    }
    // What anybody takes of a node by its name, or of what lies below it, tells it from others.
    let mut apart: BTreeSet<Owner> = named.flat_map(|wish| debits(fleet, wish.owner, wish.kind)).collect();
    for &node in classes.keys() {
        apart.extend(fleet.path(node).skip(1).map(Owner::Node));
    }
    let kinds: BTreeSet<Kind> = needs.values().flatten().map(|need| need.kind).collect();
    let looks = Looks::new(&session.ground, kinds);
    let mut sets: BTreeMap<(Vec<NodeClass>, Look, Option<NodeIndex>), Vec<NodeIndex>> = BTreeMap::new();
    for (node, classes) in classes {
        let name = apart.contains(&Owner::Node(node)).then_some(node);
        sets.entry((classes, looks.of(node), name)).or_default().push(node);
    }
    let mut of_class: BTreeMap<NodeClass, Vec<usize>> = BTreeMap::new();
    let seed = session.policy.rules().tie_break_seed;
    let mut alike = Vec::with_capacity(sets.len());
    for ((classes, ..), mut nodes) in sets {
        classes.into_iter().for_each(|class| of_class.entry(class).or_default().push(alike.len()));
        nodes.sort_by_key(|node| lot(seed, node.at()));
        alike.push(Alike { nodes, groups: BTreeSet::new() });
    }
    (alike, of_class)
}

/// What a round sees of a node: of each kind its account, the accounts above that have a limit, and what energy costs it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Look {
    accounts: Vec<AccountLook>,
    above: BTreeSet<Owner>,
    energy: Option<StepFunction>,
}

/// What a round sees of an account.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct AccountLook {
    capacity: u64,
    steps: Vec<(Timestamp, u64)>,
    /// Start, end, service class and amount of what is held.
    held: Vec<(Timestamp, Timestamp, usize, u64)>,
    /// Start, end and price of what a plan says that it is worth.
    worth: Vec<(Timestamp, Timestamp, u64)>,
    posted: Option<(u64, i64)>,
}

/// What looks at nodes.
struct Looks<'a> {
    ground: &'a Ground<'a>,
    kinds: BTreeSet<Kind>,
    seeds: BTreeMap<(Owner, Kind), Vec<&'a Price>>,
}

impl<'a> Looks<'a> {
    fn new(ground: &'a Ground<'a>, kinds: BTreeSet<Kind>) -> Looks<'a> {
        let mut seeds: BTreeMap<(Owner, Kind), Vec<&Price>> = BTreeMap::new();
        for price in ground.seeds {
            seeds.entry((price.owner, price.kind)).or_default().push(price);
        }
        Looks { ground, kinds, seeds }
    }

    fn of(&self, node: NodeIndex) -> Look {
        let (fleet, owner) = (self.ground.fleet, Owner::Node(node));
        let above = debited(fleet, node).map(|(above, _)| above).filter(|&above| above != owner);
        Look {
            accounts: self.kinds.iter().map(|&kind| self.account(owner, kind)).collect(),
            above: above.filter(|&above| self.kinds.iter().any(|&kind| may_limit(self.ground, above, kind))).collect(),
            energy: energy_tariff(fleet, owner).cloned(),
        }
    }

    fn account(&self, owner: Owner, kind: Kind) -> AccountLook {
        let Ground { fleet, holdings, posted, .. } = self.ground;
        let held = holdings.of(owner, kind).iter().map(|held| {
            let term = held.interval;
            (term.start, term.end, held.service as usize, held.amount)
        });
        let mut held: Vec<_> = held.collect();
        held.sort_unstable();
        let worth = self.seeds.get(&(owner, kind)).into_iter().flatten();
        AccountLook {
            capacity: fleet.base_capacity(owner).get(kind),
            steps: fleet.steps().get(&(owner, kind)).into_iter().flat_map(StepFunction::steps).copied().collect(),
            held,
            worth: worth.map(|price| (price.interval.start, price.interval.end, price.price)).collect(),
            posted: posted.get(&(owner, kind)).map(|posted| (posted.standing.price.0, posted.standing.smoothed)),
        }
    }
}

/// Whether an account has a limit at any time.
fn may_limit(ground: &Ground<'_>, owner: Owner, kind: Kind) -> bool {
    ground.fleet.base_capacity(owner).get(kind) != UNLIMITED || ground.fleet.steps().contains_key(&(owner, kind))
}

/// Whether all accounts of a node that are needed have a limit all the time.
fn is_limited(ground: &Ground<'_>, node: NodeIndex, needs: &[Need]) -> bool {
    needs.iter().all(|need| !super::screen::is_unlimited(ground.fleet, &need.at(node)))
}
