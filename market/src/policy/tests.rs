use expect_test::{Expect, expect};
use lessor_models::fleet::{Level, ZoneKind};
use lessor_models::time::{MICROS_PER_SECOND, Span};
use proptest::prelude::*;

use super::*;
use crate::money::MONEY_MAX;

fn seconds(count: u64) -> Span {
    Span(count * MICROS_PER_SECOND)
}

/// Half of the bandwidth between layers trades, a tenth each is kept for A and B.
fn class() -> AccountClass {
    AccountClass {
        name: "links".into(),
        kinds: vec![Kind::Bandwidth],
        places: vec![Domain::Level(Level::Layer)],
        traders: vec![ServiceClass::D],
        format: Format::SealedBid,
        payment: PaymentRule::Core,
        reserve: Reserve::Fixed(10),
        price_cap: Some(1_000),
        share_permille: 500,
        floors_permille: [100, 100],
        holder_cap_permille: 400,
        steering: None,
    }
}

fn rules() -> Rules {
    Rules {
        name: "test".into(),
        revision: 1,
        tie_break_seed: 1,
        deficit_max: Money(1_000_000),
        terms: TermLimits { least: seconds(60), most: seconds(86_400), ahead: seconds(86_400) },
        bids: BidLimits { groups_max: 10, bundles_max: 10, goods_max: 10, amount_max: MONEY_MAX },
        preemption: Preemption { notice: seconds(30), compensation_permille: 500 },
        fees: Fees { seller_permille: 10, per_group: Money(5) },
        classes: vec![class()],
    }
}

const STEERING: Steering = Steering {
    target_permille: 800,
    gain_permille: 500,
    step_max_permille: 125,
    newest_permille: 1_000,
    elasticity_permille: 2_000,
};

fn refused(change: impl Fn(&mut Rules), expected: &Expect) {
    let mut rules = rules();
    change(&mut rules);
    expected.assert_eq(&Policy::new(rules).unwrap_err().to_string());
}

#[test]
fn rules_without_a_contradiction_are_a_policy() {
    let policy = Policy::new(rules()).unwrap();
    let layer = Domain::Level(Level::Layer);
    assert_eq!(policy.class_of(layer, Kind::Bandwidth).unwrap().name, "links");
    assert_eq!(policy.class_of(layer, Kind::Power), None);
    assert_eq!(policy.class_of(Domain::Zone(ZoneKind::OpticalLink), Kind::Bandwidth), None);
}

#[test]
fn what_contradicts_itself_is_refused_with_its_field() {
    refused(|rules| rules.classes.clear(), &expect!["account_class: 0 is outside 1 to 256"]);
    refused(|rules| rules.deficit_max = Money(-1), &expect!["deficit_max: -1 is outside 0 to 9007199254740992"]);
    refused(
        |rules| rules.terms.least = seconds(90_000),
        &expect!["terms.least_s: 90000 is above most_s, which is 86400"],
    );
    refused(
        |rules| rules.preemption.notice = seconds(90_000),
        &expect!["preemption.notice_s: 90000 is above terms.most_s, which is 86400"],
    );
    refused(|rules| rules.bids.goods_max = 0, &expect!["bids.goods_max: 0 is outside 1 to 100000"]);
    refused(
        |rules| rules.classes[0].floors_permille = [300, 201],
        &expect![
            "account_class 0, share_permille: floors of 501 and a traded share of 500 are more than the whole of 1000"
        ],
    );
    refused(
        |rules| rules.classes[0].price_cap = Some(9),
        &expect![
            "account_class 0, price_cap: the cap is 9, below the reserve price of 10 or more: nothing could be let"
        ],
    );
    refused(
        |rules| (rules.classes[0].format, rules.classes[0].payment) = (Format::Greedy, PaymentRule::Vcg),
        &expect!["account_class 0, payment: greedy does not support vcg; it supports critical-bid"],
    );
    refused(
        |rules| rules.classes[0].traders.push(ServiceClass::A),
        &expect!["account_class 0, traders: class A has a floor and does not trade; only C and D do"],
    );
    refused(
        |rules| rules.classes[0].kinds.push(Kind::Bandwidth),
        &expect!["account_class 0, kinds: lists bandwidth twice"],
    );
    refused(
        |rules| rules.classes[0].steering = Some(STEERING),
        &expect!["account_class 0, steering: goes with the format posted, and only with that"],
    );
}

#[test]
fn classes_that_claim_one_account_are_refused() {
    let other = |name: &str| AccountClass { name: name.into(), ..class() };
    refused(
        |rules| rules.classes.push(other("links")),
        &expect!["account_class 1, name: account class 0 has the same name; names must be unique"],
    );
    refused(
        |rules| rules.classes.push(other("others")),
        &expect![
            "account_class 1, places: bandwidth of each layer already trades in account class 0; an account trades in one"
        ],
    );
}

#[test]
fn steering_beyond_its_bound_is_refused() {
    let posted = |steering: Steering| {
        move |rules: &mut Rules| {
            let class = &mut rules.classes[0];
            (class.format, class.payment) = (Format::Posted, PaymentRule::PostedPrice);
            (class.steering, class.floors_permille) = (Some(steering), [100, 99]);
        }
    };
    let mut steady = rules();
    posted(STEERING)(&mut steady);
    Policy::new(steady).unwrap();
    refused(
        posted(Steering { gain_permille: 1_000, ..STEERING }),
        &expect![
            "account_class 0, steering: gain times elasticity is 2000000 millionths, which is not below 2000000, the bound \
             2 (2 - w) / w for the weight w of the newest excess: the price would oscillate; lower gain_permille or newest_permille"
        ],
    );
    refused(
        posted(Steering { target_permille: 801, ..STEERING }),
        &expect![
            "account_class 0, steering.target_permille: a target of 801 is out of reach: beside the floors C and D may hold 801 of \
             an account, so that the price would never rise; state less than 801"
        ],
    );
}

#[test]
fn what_protected_classes_hold_counts_towards_their_floors() {
    // Of 1,000, A and B keep 100 each. A holds 150, so 250 are kept; half of the capacity trades, of which D holds 30.
    assert_eq!(tradable(&class(), 1_000, [150, 20, 0, 30]), 470);
    // A holds 550: what is left beside B's floor is 350, of which D holds 30.
    assert_eq!(tradable(&class(), 1_000, [550, 0, 0, 30]), 320);
    // The capacity fell below what is held.
    assert_eq!(tradable(&class(), 100, [50, 20, 20, 30]), 0);
}

proptest! {
    /// Whatever C and D are given, up to what is tradable, A and B still find their floors.
    #[test]
    fn the_market_never_reaches_into_a_floor(
        capacity in 0..=1_u64 << 53,
        floors in (0..=400_u32, 0..=400_u32),
        held in prop::array::uniform4(0..=1_000_u64),
        taken in 0..=1_000_u64,
    ) {
        let share_permille = 1_000 - floors.0 - floors.1;
        let class = AccountClass { floors_permille: [floors.0, floors.1], share_permille, ..class() };
        // What is held keeps within the rules: each of A and B anything, C and D what was tradable.
        let part = |permille: u64| u64::try_from(u128::from(capacity) * u128::from(permille) / 4_000).unwrap();
        let mut held = held.map(part);
        held[2] = held[2].min(tradable(&class, capacity, [held[0], held[1], 0, 0]));
        held[3] = held[3].min(tradable(&class, capacity, [held[0], held[1], held[2], 0]));

        let offered = tradable(&class, capacity, held);
        let sold = u64::try_from(u128::from(offered) * u128::from(taken) / 1_000).unwrap();
        let free = capacity - held.iter().sum::<u64>() - sold;
        let missing: u64 = [0, 1].map(|protected| kept(&class, capacity, held, protected) - held[protected]).iter().sum();
        prop_assert!(free >= missing, "{free} are left where A and B may still claim {missing}");
    }
}
