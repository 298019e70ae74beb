//! Posted prices from one round to the next: what stands, and where what was asked for moves it.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::Owner;
use lessor_models::resources::Kind;

use super::catalog::{energy_price, place};
use super::{Compared, Lost, Session, SessionOutcome};
use crate::policy::{AccountClass, Format};
use crate::posted::{Listing, PriceBoard, Standing, UNIT_PRICE_MAX, UnitPrice, Wobble, WobbleVerdict};

/// What a round leaves of an account's posted price to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PostedPrice {
    /// What its next step starts from.
    pub standing: Standing,
    /// The excesses of the last rounds.
    pub wobble: Wobble,
}

/// What each account's posted price is steered from.
pub type PostedPrices = BTreeMap<(Owner, Kind), PostedPrice>;

/// No prices.
static NONE: PostedPrices = BTreeMap::new();

/// No prices: every account begins at its reserve price.
#[must_use]
pub fn none() -> &'static PostedPrices {
    &NONE
}

/// How much of an account was asked for at its price and how much of it was offered, in base units times microseconds.
#[derive(Clone, Copy, Debug, Default)]
struct Use {
    asked: u128,
    offered: u128,
}

/// The posted prices after a round. Each account that has one, or was bid for, takes the step of its steering: from what was
/// asked for at its price, by those who would pay it, and what was offered of it, both summed over the time that was bid for. Of
/// a group one bid is asked for: the one that won, else the first by lot, at the node of its class that costs least. Of an
/// account that nobody bid for nothing was asked for. A price stays between the reserve price of the round's instant and the cap.
/// O(goods of all bids).
#[must_use]
pub fn after(session: &Session<'_>, outcome: &SessionOutcome) -> PostedPrices {
    let uses = uses(session, outcome);
    let accounts: BTreeSet<(Owner, Kind)> = uses.keys().chain(session.ground.posted.keys()).copied().collect();
    let step = |(owner, kind)| {
        let class = session.policy.class_of(place(session.ground.fleet, owner), kind)?;
        let mut board = PriceBoard::new(vec![listing(session, class, owner)?]);
        if let Some(before) = session.ground.posted.get(&(owner, kind)) {
            board.resume(0, before.standing);
            board.remember(0, before.wobble);
        }
        // What nobody bid for is asked for by nobody, however much there is.
        let Use { asked, offered } = uses.get(&(owner, kind)).copied().unwrap_or(Use { asked: 0, offered: 1 });
        let shift = (u128::BITS - asked.max(offered).leading_zeros()).saturating_sub(u64::BITS);
        let narrow = |sum: u128| u64::try_from(sum >> shift).expect("what is left has 64 bits");
        board.steer(0, narrow(asked), narrow(offered));
        Some(((owner, kind), PostedPrice { standing: board.standing(0), wobble: board.wobble(0) }))
    };
    accounts.into_iter().filter_map(step).collect()
}

/// The accounts whose price swings: in the last [`SWING_ROUNDS`](lessor_models::account_prices::SWING_ROUNDS) rounds it was too
/// dear and too cheap in turn, and no less so than before.
pub fn swinging(prices: &PostedPrices) -> impl Iterator<Item = (Owner, Kind)> {
    prices.iter().filter(|(_, price)| price.wobble.verdict() == WobbleVerdict::Oscillating).map(|(account, _)| *account)
}

/// How an account's price is steered, where its class posts prices.
fn listing(session: &Session<'_>, class: &AccountClass, owner: Owner) -> Option<Listing> {
    let steering = class.steering.filter(|_| class.format == Format::Posted)?;
    let energy = energy_price(session.ground.fleet, owner, session.at);
    let reserve = UnitPrice::from_stated(class.reserve.price(energy));
    let cap = class.price_cap.map_or(UNIT_PRICE_MAX, UnitPrice::from_stated);
    Some(Listing { steering, start: reserve, reserve, cap })
}

/// What was asked for and offered of each account whose price is posted.
fn uses(session: &Session<'_>, outcome: &SessionOutcome) -> BTreeMap<(Owner, Kind), Use> {
    let mut uses: BTreeMap<(Owner, Kind), Use> = BTreeMap::new();
    let is_posted = |class: usize| session.policy.rules().classes[class].format == Format::Posted;
    for class in outcome.classes.iter().filter(|class| is_posted(class.class)) {
        let goods = class.catalog.goods();
        for good in goods.iter().filter(|good| good.is_of_class) {
            let used = uses.entry((good.owner, good.kind)).or_default();
            used.offered += u128::from(good.offered) * u128::from(good.interval.span().0);
        }
        let mut groups = BTreeMap::new();
        for compared in &class.entered {
            let (bid, fate) = (&session.bids[compared.bid], &outcome.fates[compared.bid]);
            let asks = groups.entry((bid.bidder, bid.group)).or_insert(compared);
            if fate.result.is_ok() && fate.node == compared.node {
                *asks = compared;
            }
        }
        let would_pay = |asks: &&Compared| matches!(outcome.fates[asks.bid].result, Ok(_) | Err(Lost::Lot));
        for asks in groups.into_values().filter(would_pay) {
            for (good, quantity) in class.catalog.bundle(&session.bids[asks.bid].wishes_at(asks.node)) {
                let good = &goods[good.0 as usize];
                if !good.is_of_class {
                    continue;
                }
                let used = uses.entry((good.owner, good.kind)).or_default();
                used.asked = used.asked.saturating_add(u128::from(quantity) * u128::from(good.interval.span().0));
            }
        }
    }
    uses
}
