//! What a policy of `lessor market` means to live leases: terms, notice and compensation, floors, and posted prices.
//!
//! The same file, the same classes of accounts and the same controller as in rounds. What only rounds have (bids, formats other
//! than posted prices, caps on holders and on what trades) is passed over.

use std::collections::BTreeMap;

use lessor_engine::authority::{PriceList, Terms};
use lessor_engine::ledger::{Account, FloorShares};
use lessor_market::policy::{AccountClass, Format, Policy, Rules};
use lessor_market::posted::{Listing, UNIT_PRICE_LEAST, UNIT_PRICE_MAX, UnitPrice};
use lessor_market::session::catalog::{energy_zone, place};
use lessor_models::fleet::{Fleet, Owner, ZoneIndex};
use lessor_models::objective::Weights;
use lessor_models::resources::{Kind, UNLIMITED};
use lessor_models::time::{Span, StepFunction};

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

/// The posted prices of a policy: of every account of a class whose format is that, and that the fleet ever limits, from its
/// reserve price on, which follows the tariff of energy. They depend on the policy and the fleet alone.
pub(super) fn prices(policy: &Policy, fleet: &Fleet, period: Span) -> PriceList {
    let (mut listings, mut reserves) = (Vec::new(), Vec::new());
    // Accounts of one class under one tariff share how their reserve price changes.
    let mut known: BTreeMap<(&str, Option<ZoneIndex>), usize> = BTreeMap::new();
    for (account, class) in traded(policy, fleet).filter(|(account, _)| is_ever_limited(fleet, *account)) {
        let (Format::Posted, Some(steering)) = (class.format, class.steering) else { continue };
        let cap = class.price_cap.map_or(UNIT_PRICE_MAX, UnitPrice::from_stated);
        let zone = energy_zone(fleet, account.owner);
        let at = *known.entry((class.name.as_str(), zone)).or_insert_with(|| {
            reserves.push((Vec::new(), reserve(class, zone.and_then(|zone| fleet.energy_price(zone)))));
            reserves.len() - 1
        });
        reserves[at].0.push(account);
        listings.push((account, Listing { steering, start: UNIT_PRICE_LEAST, reserve: UNIT_PRICE_LEAST, cap }));
    }
    PriceList { listings, reserves, period }
}

/// The reserve price of a class over time, in units of [`UnitPrice`], where energy costs what a tariff says.
fn reserve(class: &AccountClass, tariff: Option<&StepFunction>) -> StepFunction {
    let price = |energy| UnitPrice::from_stated(class.reserve.price(energy)).0;
    match tariff {
        Some(tariff) => {
            let steps = tariff.steps().iter().map(|&(at, energy)| (at, price(energy)));
            StepFunction::new(price(tariff.base()), steps.collect())
        }
        None => StepFunction::constant(price(Weights::default().energy_price)),
    }
}

/// Whether the fleet limits an account at some time.
fn is_ever_limited(fleet: &Fleet, Account { owner, kind }: Account) -> bool {
    let later = fleet.steps().get(&(owner, kind)).into_iter().flat_map(StepFunction::steps).map(|step| step.1);
    later.chain([fleet.base_capacity(owner).get(kind)]).any(|amount| amount != UNLIMITED)
}

/// The floors of a policy at every owner, as shares of what its accounts can give: nothing of accounts that do not trade, and
/// nothing at all without a policy.
pub(super) fn floors(policy: Option<&Policy>, fleet: &Fleet) -> Vec<(Owner, FloorShares)> {
    let of_owner = |owner| {
        let mut shares = FloorShares::default();
        for kind in Kind::ALL {
            if let Some(class) = policy.and_then(|policy| policy.class_of(place(fleet, owner), kind)) {
                let [a, b] = class.floors_permille.map(u64::from);
                (shares.a, shares.b) = (shares.a.with(kind, a), shares.b.with(kind, b));
            }
        }
        (owner, shares)
    };
    owners(fleet).map(of_owner).collect()
}

/// Every account that trades, with its class, owner by owner.
fn traded<'a>(policy: &'a Policy, fleet: &'a Fleet) -> impl Iterator<Item = (Account, &'a AccountClass)> {
    let accounts = owners(fleet).flat_map(|owner| Kind::ALL.map(|kind| Account { owner, kind }));
    accounts.filter_map(|account| Some((account, policy.class_of(place(fleet, account.owner), account.kind)?)))
}

/// Every node, then every zone.
fn owners(fleet: &Fleet) -> impl Iterator<Item = Owner> {
    let zones = (0..).map(ZoneIndex).take(fleet.zones().len()).map(Owner::Zone);
    fleet.nodes().map(Owner::Node).chain(zones)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use lessor_models::fleet::{ClassIndex, FleetParts, Level, NodeColumns, NodeIndex, TariffSteps, Zone, ZoneKind};
    use lessor_models::resources::Resources;
    use lessor_models::tile_class::TileClass;
    use lessor_models::time::Timestamp;

    use super::*;
    use crate::market::policy_file;

    const DAY: Timestamp = Timestamp(86_400_000_000);

    /// A layer without a limit of its own that gets one after a day, and a tile with one kind that has none; energy of the layer
    /// costs 1, and 2 after a day.
    fn fleet() -> Fleet {
        let open = Resources::UNLIMITED;
        let zone = Zone { kind: ZoneKind::PowerFeed, capacity: open, energy_price: Some(1_000_000) };
        Fleet::new(FleetParts {
            nodes: NodeColumns {
                names: ["layer", "tile"].map(String::from).to_vec(),
                parents: vec![None, Some(0)],
                levels: vec![Level::Layer, Level::Tile],
                classes: vec![None, Some(ClassIndex(0))],
                capacities: vec![open, open.with(Kind::Compute, 100)],
                uplink_delays_us: vec![0; 2],
            },
            classes: vec![TileClass::plain("plain")],
            zone_names: vec!["feed".into()],
            zones: vec![zone],
            members: vec![(0, 0)],
            steps: [((Owner::Node(NodeIndex(0)), Kind::Bandwidth), vec![(DAY, 1_000)])].into(),
            tariffs: [(ZoneIndex(0), TariffSteps { energy_price: vec![(DAY, 2_000_000)], carbon: vec![] })].into(),
            ..FleetParts::default()
        })
        .unwrap()
    }

    fn shipped(name: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies").join(name);
        std::fs::read_to_string(path).unwrap()
    }

    fn policy(text: &str) -> Policy {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("policy.toml");
        std::fs::write(&path, text).unwrap();
        policy_file::read(&path).unwrap()
    }

    #[test]
    fn floors_are_the_shares_of_the_rules_whatever_an_account_gives_today() {
        let policy = policy(&shipped("layer-bandwidth.toml"));
        let of = |kept| Resources::of(Kind::Bandwidth, kept);
        let layer = (Owner::Node(NodeIndex(0)), FloorShares { a: of(200), b: of(100) });
        let none = |owner| (owner, FloorShares::default());
        let others = [none(Owner::Node(NodeIndex(1))), none(Owner::Zone(ZoneIndex(0)))];
        assert_eq!(floors(Some(&policy), &fleet()), [layer, others[0], others[1]]);
        assert_eq!(floors(None, &fleet()), [none(layer.0), others[0], others[1]]);
    }

    #[test]
    fn reserve_prices_follow_the_tariff_and_accounts_that_are_never_limited_have_none() {
        let text = shipped("live-quotes.toml");
        let changed = text.replace("{ fixed = 1 }", "{ marginal_cost = { wear = 5, draw_mw = 10 } }");
        assert_ne!(changed, text);
        let changed =
            changed.replace("[\"compute\"", "[\"bandwidth\", \"compute\"").replace("[\"tile\"", "[\"layer\", \"tile\"");
        let list = prices(&policy(&changed), &fleet(), Span(10));
        let account = |node, kind| Account { owner: Owner::Node(NodeIndex(node)), kind };
        let accounts = vec![account(0, Kind::Bandwidth), account(1, Kind::Compute)];
        assert_eq!(list.listings.iter().map(|listing| listing.0).collect::<Vec<_>>(), accounts);
        let [(of, reserve)] = &list.reserves[..] else { panic!("{:?}", list.reserves) };
        let stated = |at| UnitPrice(reserve.at(at)).stated();
        assert_eq!((of, stated(Timestamp(0)), stated(DAY)), (&accounts, 15, 25));
    }
}
