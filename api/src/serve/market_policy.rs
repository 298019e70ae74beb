//! What a policy of `lessor market` means to live leases: terms, notice and compensation, floors, and posted prices.
//!
//! The same file, the same classes of accounts and the same controller as in rounds. What only rounds have (bids, formats other
//! than posted prices, caps on holders and on what trades) is passed over.

use lessor_engine::authority::{PriceList, Terms};
use lessor_engine::ledger::{Account, Floors};
use lessor_market::policy::{AccountClass, Format, Policy, Rules, kept};
use lessor_market::posted::{Listing, UNIT_PRICE_MAX, UnitPrice};
use lessor_market::session::catalog::{energy_price, place};
use lessor_models::fleet::{Fleet, Owner, ZoneIndex};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::{Span, Timestamp};

/// The terms of a policy, on others where it says nothing.
pub(super) fn terms(policy: &Policy, others: Terms) -> Terms {
    let Rules { terms, preemption, .. } = policy.rules();
    Terms {
        term_min: terms.least,
        term_max: terms.most,
        notice: preemption.notice,
        compensation_permille: preemption.compensation_permille,
        ..others
    }
}

/// The posted prices of a policy: of every account of a class whose format is that, from its reserve price on.
pub(super) fn prices(policy: &Policy, fleet: &Fleet, (period, now): (Span, Timestamp)) -> PriceList {
    let listed = traded(policy, fleet).filter(|(_, class)| class.format == Format::Posted);
    let listings = listed.filter_map(|(account, class)| {
        let reserve = UnitPrice::from_stated(class.reserve.price(energy_price(fleet, account.owner, now)));
        let cap = class.price_cap.map_or(UNIT_PRICE_MAX, UnitPrice::from_stated);
        Some((account, Listing { steering: class.steering?, start: reserve, reserve, cap }))
    });
    PriceList { listings: listings.collect(), period }
}

/// The floors of a policy at every owner of an account that trades, as shares of its capacity.
pub(super) fn floors(policy: &Policy, fleet: &Fleet) -> Vec<(Owner, Floors)> {
    let mut floors: Vec<(Owner, Floors)> = Vec::new();
    for (account, class) in traded(policy, fleet) {
        let capacity = fleet.base_capacity(account.owner).get(account.kind);
        if capacity == UNLIMITED {
            continue;
        }
        if floors.last().is_none_or(|last| last.0 != account.owner) {
            floors.push((account.owner, Floors { a: Resources::ZERO, b: Resources::ZERO }));
        }
        let of = |protected| kept(class, capacity, [0; 4], protected);
        if let Some((_, floors)) = floors.last_mut() {
            floors.a = floors.a.with(account.kind, of(0));
            floors.b = floors.b.with(account.kind, of(1));
        }
    }
    floors
}

/// Every account that trades, with its class, owner by owner.
fn traded<'a>(policy: &'a Policy, fleet: &'a Fleet) -> impl Iterator<Item = (Account, &'a AccountClass)> {
    let zones = (0..).map(ZoneIndex).take(fleet.zones().len()).map(Owner::Zone);
    let accounts =
        fleet.nodes().map(Owner::Node).chain(zones).flat_map(|owner| Kind::ALL.map(|kind| Account { owner, kind }));
    accounts.filter_map(|account| Some((account, policy.class_of(place(fleet, account.owner), account.kind)?)))
}
