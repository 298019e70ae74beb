//! What a round offers: accounts cut into goods where anything about them changes.
//!
//! A good is an account over an interval. Intervals begin and end where a term that is bid for does, and where the account's
//! capacity or anything that its least price follows changes. So a bid either needs all of a good's interval or none of it, and
//! what it costs there is the same at each instant: what a term costs does not depend on where others cut it.
//!
//! What is let of a node is taken from every account above it as well, as a lease takes it ([`debits`]): those are goods too,
//! whether anybody names them or not. Of an account class that is cleared they have their reserve prices and caps; others are
//! limits and no more.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{Fleet, Owner, ZoneIndex};
use lessor_models::job::Domain;
use lessor_models::objective::Weights;
use lessor_models::plan::{PRICE_UNITS, Price};
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Interval, MICROS_PER_HOUR, StepFunction, Timestamp};

use super::OfferedGood;
use super::debits::debits;
use super::holdings::Holdings;
use super::posted_prices::{self, PostedPrices};
use crate::book::GoodIndex;
use crate::policy::{AccountClass, Format, Held, Policy, Reserve, share, tradable};
use crate::posted::PERMILLE;

/// What a round is held on.
#[derive(Clone, Copy, Debug)]
pub struct Ground<'a> {
    /// The accounts.
    pub fleet: &'a Fleet,
    /// What is held of them already.
    pub holdings: &'a Holdings,
    /// What a plan says that they are worth, account by account: no reserve price is below. Empty where there is no plan.
    pub seeds: &'a [Price],
    /// The posted prices that the round before left; an account without one begins at its reserve price.
    pub posted: &'a PostedPrices,
}

impl<'a> Ground<'a> {
    /// Accounts of which nothing is held, without a plan.
    #[must_use]
    pub fn bare(fleet: &'a Fleet) -> Ground<'a> {
        Ground { fleet, holdings: Holdings::none(), seeds: &[], posted: posted_prices::none() }
    }
}

/// A quantity of an account over a term.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wish {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// How much, in base units.
    pub quantity: u64,
    /// For how long; not empty.
    pub interval: Interval,
}

/// A good that is offered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListedGood {
    /// Whose account.
    pub owner: Owner,
    /// Of which kind.
    pub kind: Kind,
    /// When.
    pub interval: Interval,
    /// What the account can give all the time.
    pub capacity: u64,
    /// What is let of it: as much as the policy lets trade at each instant, or what sellers offer.
    pub offered: u64,
    /// The reserve price, in micro-credits per 10^6 base units and hour, which is the posted price where the format is that;
    /// nothing where sellers state what they ask, and of accounts of other classes.
    pub reserve: u64,
    /// Whether the account trades in the class that is cleared; else it lies above one that does, and only limits it.
    pub is_of_class: bool,
    /// What one bidder may win in the class of what is let, in thousandths.
    pub holder_cap_permille: u32,
}

impl ListedGood {
    /// The most that one bidder may win of it.
    #[must_use]
    pub fn holder_cap(&self) -> u64 {
        share(self.offered, self.holder_cap_permille)
    }
}

/// The goods of a round, by owner, kind and time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalog {
    goods: Vec<ListedGood>,
    /// The accounts that are debited with each account that is wished for, itself among them.
    debited: BTreeMap<(Owner, Kind), Vec<Owner>>,
}

/// Microseconds times base units that a price is stated for.
pub(crate) const STATED_UNITS: u64 = PRICE_UNITS * MICROS_PER_HOUR;

/// The same, for products with amounts.
pub(crate) const STATED_MICROS: u128 = STATED_UNITS as u128;

impl Catalog {
    /// The goods that wishes of one account class are about, and those above them that have a limit. O(wishes x depth x instants of
    /// their accounts).
    #[must_use]
    pub fn new<'w>(
        ground: &Ground<'_>,
        policy: &Policy,
        class: &AccountClass,
        wishes: impl Iterator<Item = &'w Wish>,
    ) -> Catalog {
        Catalog::over(ground, (policy, class), wishes, |wish| debits(ground.fleet, wish.owner, wish.kind))
    }

    /// The goods that wishes of one account class are about, and nothing above them: what sellers
    /// offer enters only as far as all above it has room.
    #[must_use]
    pub fn of_named<'w>(
        ground: &Ground<'_>,
        policy: &Policy,
        class: &AccountClass,
        wishes: impl Iterator<Item = &'w Wish>,
    ) -> Catalog {
        Catalog::over(ground, (policy, class), wishes, |wish| vec![wish.owner])
    }

    fn over<'w>(
        ground: &Ground<'_>,
        (policy, class): (&Policy, &AccountClass),
        wishes: impl Iterator<Item = &'w Wish>,
        debits: impl Fn(&Wish) -> Vec<Owner>,
    ) -> Catalog {
        let mut debited: BTreeMap<(Owner, Kind), Vec<Owner>> = BTreeMap::new();
        let mut cuts: BTreeMap<(Owner, Kind), BTreeSet<Timestamp>> = BTreeMap::new();
        for wish in wishes {
            for &owner in &*debited.entry((wish.owner, wish.kind)).or_insert_with(|| debits(wish)) {
                let cuts = cuts.entry((owner, wish.kind)).or_default();
                cuts.extend([wish.interval.start, wish.interval.end]);
            }
        }
        let mut goods = Vec::new();
        for ((owner, kind), mut cuts) in cuts {
            let (Some(&first), Some(&last)) = (cuts.first(), cuts.last()) else { continue };
            let inside = changes(ground, class, owner, kind).filter(|&at| first < at && at < last);
            cuts.extend(inside);
            let own = policy.class_of(place(ground.fleet, owner), kind);
            let instants: Vec<Timestamp> = cuts.into_iter().collect();
            for pair in instants.windows(2) {
                let interval = Interval { start: pair[0], end: pair[1] };
                goods.extend(good(ground, (class, own), (owner, kind), interval));
            }
        }
        Catalog { goods, debited }
    }

    /// The goods.
    #[must_use]
    pub fn goods(&self) -> &[ListedGood] {
        &self.goods
    }

    /// The goods that wishes need, in order, with how much of each; with what lies above them, where that is among the goods.
    #[must_use]
    pub fn bundle(&self, wishes: &[Wish]) -> Vec<(GoodIndex, u64)> {
        let good = |at: usize| GoodIndex(u32::try_from(at).expect("goods of a round are counted in 32 bits"));
        let of_wish = |wish: &Wish| {
            let owners = self.debited.get(&(wish.owner, wish.kind)).map_or(&[][..], Vec::as_slice);
            let wish = *wish;
            owners
                .iter()
                .flat_map(move |&owner| self.within(&Wish { owner, ..wish }).map(move |at| (good(at), wish.quantity)))
        };
        let mut needed: Vec<(GoodIndex, u64)> = wishes.iter().flat_map(of_wish).collect();
        needed.sort_unstable_by_key(|entry| entry.0);
        needed.dedup_by(|next, first| {
            let is_same = next.0 == first.0;
            if is_same {
                first.1 = first.1.saturating_add(next.1);
            }
            is_same
        });
        needed
    }

    /// What a bundle costs at a price for each good, in micro-credits per 10^6 base units and hour; rounded up.
    #[must_use]
    pub fn cost(&self, bundle: &[(GoodIndex, u64)], price: impl Fn(usize) -> u64) -> u128 {
        let parts = bundle.iter().map(|&(good, quantity)| {
            let at = good.0 as usize;
            let micros = u128::from(self.goods[at].interval.span().0);
            u128::from(price(at)).saturating_mul(u128::from(quantity)).saturating_mul(micros)
        });
        parts.fold(0, u128::saturating_add).div_ceil(STATED_MICROS)
    }

    /// Puts what sellers offer of each good in the place of what the fleet has; sellers state what they ask, so that reserve prices
    /// are nothing.
    pub(crate) fn replace_supply(&mut self, offered: &[u64]) {
        for (good, &offered) in self.goods.iter_mut().zip(offered) {
            (good.offered, good.reserve) = (offered, 0);
        }
    }

    /// The positions of the goods of an account that lie within a term. Goods of an account follow one another in time.
    fn within(&self, wish: &Wish) -> std::ops::Range<usize> {
        let Wish { owner, kind, interval, .. } = *wish;
        let first = self
            .goods
            .partition_point(|good| (good.owner, good.kind, good.interval.start) < (owner, kind, interval.start));
        let goods = &self.goods[first..];
        let count =
            goods.partition_point(|good| (good.owner, good.kind, good.interval.end) <= (owner, kind, interval.end));
        first..first + count
    }
}

/// What is asked for offered goods, in parts of a micro-credit: base units times price times microseconds, with what energy costs
/// there meanwhile.
#[must_use]
pub fn asked_parts(fleet: &Fleet, goods: &[OfferedGood]) -> u128 {
    let of_good = |offered: &OfferedGood| {
        let Wish { owner, quantity, interval: Interval { start, end }, .. } = offered.wish;
        let steps = energy_tariff(fleet, owner).into_iter().flat_map(StepFunction::steps).map(|step| step.0);
        let mut cuts: Vec<Timestamp> = steps.filter(|&at| start < at && at < end).chain([start, end]).collect();
        cuts.sort_unstable();
        let parts = cuts.windows(2).map(|pair| {
            let price = u128::from(offered.cost.price(energy_price(fleet, owner, pair[0])));
            let span = Interval { start: pair[0], end: pair[1] }.span();
            price.saturating_mul(quantity.into()).saturating_mul(span.0.into())
        });
        parts.fold(0, u128::saturating_add)
    };
    goods.iter().map(of_good).fold(0, u128::saturating_add)
}

/// What is asked for offered goods, in micro-credits, rounded up.
#[must_use]
pub fn ask(fleet: &Fleet, goods: &[OfferedGood]) -> u128 {
    asked_parts(fleet, goods).div_ceil(STATED_MICROS)
}

/// A good as a class lists it, which is its own class or another; `None` where there is no limit.
fn good(
    ground: &Ground<'_>,
    (class, own): (&AccountClass, Option<&AccountClass>),
    (owner, kind): (Owner, Kind),
    interval: Interval,
) -> Option<ListedGood> {
    let capacity = ground.fleet.capacity_at(owner, kind, interval.start);
    if capacity == UNLIMITED {
        return None;
    }
    // What no class lets is let to those below it, as far as nobody holds it.
    let room = |held: &Held| match own {
        Some(own) => tradable(own, capacity, *held),
        None => held.iter().fold(capacity, |left, &held| left.saturating_sub(held)),
    };
    let held = ground.holdings.during(owner, kind, interval);
    let offered = held.iter().map(room).min().unwrap_or(capacity);
    let is_of_class = own == Some(class);
    let reserve = if is_of_class { reserve(ground, class, (owner, kind), interval) } else { 0 };
    let holder_cap_permille = if is_of_class { class.holder_cap_permille } else { PERMILLE };
    Some(ListedGood { owner, kind, interval, capacity, offered, reserve, is_of_class, holder_cap_permille })
}

/// The reserve price of an account of a class: what the policy asks, the posted price, or what a plan finds that it is worth.
fn reserve(ground: &Ground<'_>, class: &AccountClass, (owner, kind): (Owner, Kind), interval: Interval) -> u64 {
    let posted = ground.posted.get(&(owner, kind)).filter(|_| class.format == Format::Posted);
    let posted = posted.map_or(0, |posted| posted.standing.price.stated());
    let least = class.reserve.price(energy_price(ground.fleet, owner, interval.start));
    let worth = posted.max(seed(ground.seeds, owner, kind, interval));
    // A plan may find an account dearer than the policy lets it be.
    least.max(class.price_cap.map_or(worth, |cap| cap.min(worth)))
}

/// The instants at which anything about an account changes: its capacity, what energy costs there where a price follows it, and
/// what a plan says that it is worth.
fn changes<'a>(
    ground: &Ground<'a>,
    class: &AccountClass,
    owner: Owner,
    kind: Kind,
) -> impl Iterator<Item = Timestamp> + use<'a> {
    let follows_tariff = class.format.takes_offers() || matches!(class.reserve, Reserve::MarginalCost { .. });
    let tariff = energy_tariff(ground.fleet, owner).filter(|_| follows_tariff);
    let steps = ground.fleet.steps().get(&(owner, kind)).into_iter().chain(tariff);
    let worth = ground.seeds.iter().filter(move |price| (price.owner, price.kind) == (owner, kind));
    let worth = worth.flat_map(|price| [price.interval.start, price.interval.end]);
    steps.flat_map(StepFunction::steps).map(|step| step.0).chain(worth)
}

/// Whose accounts what a wish is for is taken from: its own, and those above it.
#[must_use]
pub fn taken_from(fleet: &Fleet, wish: &Wish) -> Vec<Owner> {
    debits(fleet, wish.owner, wish.kind)
}

/// Where an account is, as policies speak of it.
#[must_use]
pub fn place(fleet: &Fleet, owner: Owner) -> Domain {
    match owner {
        Owner::Node(node) => Domain::Level(fleet.level(node)),
        Owner::Zone(zone) => Domain::Zone(fleet.zones()[zone.at()].kind),
    }
}

/// The mean of what a plan says an account is worth over an interval, rounded up; in micro-credits per 10^6 base units and hour.
fn seed(seeds: &[Price], owner: Owner, kind: Kind, interval: Interval) -> u64 {
    let overlap = |price: &Price| {
        let (start, end) = (price.interval.start.max(interval.start), price.interval.end.min(interval.end));
        if start < end { u128::from((Interval { start, end }).span().0) } else { 0 }
    };
    let of_account = seeds.iter().filter(|price| (price.owner, price.kind) == (owner, kind));
    let sum =
        of_account.map(|price| u128::from(price.price).saturating_mul(overlap(price))).fold(0, u128::saturating_add);
    u64::try_from(sum.div_ceil(u128::from(interval.span().0).max(1))).unwrap_or(u64::MAX)
}

/// What a kilowatt-hour costs at an account, in micro-credits: the price of the zone, or of the nearest zone that lists the
/// node or one above it; where none states a price, that of the objective's weights.
#[must_use]
pub fn energy_price(fleet: &Fleet, owner: Owner, at: Timestamp) -> u64 {
    energy_tariff(fleet, owner).map_or(Weights::default().energy_price, |tariff| tariff.at(at))
}

/// The same over time; `None` where no zone states a price.
#[must_use]
pub fn energy_tariff(fleet: &Fleet, owner: Owner) -> Option<&StepFunction> {
    energy_zone(fleet, owner).and_then(|zone| fleet.energy_price(zone))
}

/// The zone whose price of energy an account pays; `None` where no zone states one.
#[must_use]
pub fn energy_zone(fleet: &Fleet, owner: Owner) -> Option<ZoneIndex> {
    let states = |zone: &ZoneIndex| fleet.energy_price(*zone).is_some();
    match owner {
        Owner::Zone(zone) => Some(zone).filter(states),
        Owner::Node(node) => {
            let mut listing = fleet.path(node).flat_map(|above| fleet.zones_listing(above).iter().copied());
            listing.find(states)
        }
    }
}
