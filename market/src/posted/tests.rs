use proptest::prelude::*;

use super::*;
use crate::money::Money;

const STEERING: Steering = Steering {
    target_permille: 800,
    gain_permille: 500,
    step_max_permille: 125,
    newest_permille: 1_000,
    elasticity_permille: 2_000,
};

const CAPACITY: u64 = 1 << 40;

fn listing(steering: Steering) -> Listing {
    Listing { steering, start: UnitPrice(3 << 40), reserve: UnitPrice(1 << 30), cap: UnitPrice(1 << 52) }
}

/// What is asked for at a price, where the target is met at 2^40 and demand has an elasticity.
fn asked(price: UnitPrice, elasticity: f64) -> u64 {
    let target = CAPACITY as f64 * 0.8;
    let ratio = price.0 as f64 / (1_u64 << 40) as f64;
    let asked = target * ratio.powf(-elasticity);
    format!("{:.0}", asked.min(1e18)).parse().unwrap()
}

/// The board of one account after rounds of demand with an elasticity.
fn after(steering: Steering, elasticity: f64, rounds: usize) -> PriceBoard {
    let mut board = PriceBoard::new(vec![listing(steering)]);
    for _ in 0..rounds {
        board.steer(0, asked(board.prices()[0], elasticity), CAPACITY);
    }
    board
}

/// Weights of the newest excess, and elasticities, each with the gain that is a share of the bound.
fn grid(share_of_bound: f64) -> impl Iterator<Item = (Steering, f64)> {
    let weights = [500, 600, 700, 800, 900, 1_000];
    let elasticities = [0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0];
    weights.into_iter().flat_map(move |newest_permille| {
        elasticities.into_iter().map(move |elasticity| {
            let steering = Steering { newest_permille, ..STEERING };
            let gain = share_of_bound * steering.bound_millionths() as f64 / 1e3 / elasticity;
            (Steering { gain_permille: format!("{gain:.0}").parse().unwrap(), ..steering }, elasticity)
        })
    })
}

#[test]
fn below_the_bound_every_price_of_the_grid_settles() {
    for share in [0.05, 0.25, 0.5, 0.75, 0.9] {
        for (steering, elasticity) in grid(share) {
            let board = after(steering, elasticity, 3_000);
            assert_eq!(board.verdict(0), WobbleVerdict::Settled, "{steering:?}, {elasticity}, {share} of the bound");
        }
    }
}

#[test]
fn beyond_the_bound_every_price_of_the_grid_oscillates_and_is_found_out() {
    for share in [1.1, 1.5, 2.0, 4.0] {
        for (steering, elasticity) in grid(share) {
            let board = after(steering, elasticity, 3_000);
            assert_eq!(
                board.verdict(0),
                WobbleVerdict::Oscillating,
                "{steering:?}, {elasticity}, {share} of the bound"
            );
        }
    }
}

/// Why a weight below a half is refused: the bound is 18 there, and the price settles from nearby, but from far off the cap on
/// steps and the lag of the smoothed excess keep each other going.
#[test]
fn smoothed_too_much_a_capped_price_may_swing_below_the_bound() {
    let lagging = Steering { newest_permille: 200, gain_permille: 200, ..STEERING };
    let elasticity = 0.75 * 18.0 / 0.2;
    assert_eq!(after(lagging, elasticity, 3_000).verdict(0), WobbleVerdict::Oscillating);
    assert!(matches!(lagging.check(), Err(SteeringError::OutOfRange { field: "newest_permille", .. })));
}

#[test]
fn the_last_excesses_are_carried_from_board_to_board() {
    let of = |count: i64| Wobble::of(&(1..=count).collect::<Vec<i64>>());
    assert_eq!(of(3).excesses(), [1, 2, 3]);
    assert_eq!(of(20).excesses(), (5..=20).collect::<Vec<i64>>());
    // A board a round, each of which knows of the others what is carried, sees what one board of all rounds sees.
    let swinging = Steering { gain_permille: 1_500, ..STEERING };
    let whole = after(swinging, 2.0, 40);
    let mut carried = PriceBoard::new(vec![listing(swinging)]);
    for _ in 0..40 {
        let mut next = PriceBoard::new(vec![listing(swinging)]);
        next.resume(0, carried.standing(0));
        next.remember(0, Wobble::of(&carried.wobble(0).excesses()));
        next.steer(0, asked(next.prices()[0], 2.0), CAPACITY);
        carried = next;
    }
    assert_eq!((carried.standing(0), carried.verdict(0)), (whole.standing(0), WobbleVerdict::Oscillating));
    assert_eq!(
        (carried.swinging(), whole.swinging(), whole.wobble(0).excesses()),
        (1, 1, carried.wobble(0).excesses())
    );
}

#[test]
fn a_price_that_has_not_been_seen_for_long_is_moving() {
    assert_eq!(after(STEERING, 1.0, 15).verdict(0), WobbleVerdict::Moving);
}

#[test]
fn a_stated_price_survives_the_way_there_and_back() {
    // 18 micro-credits per 10^6 base units and hour are 5e-9 a unit and second.
    let price = UnitPrice::from_stated(18);
    assert_eq!((price.stated(), price.0), (18, 360_287_971));
}

#[test]
fn an_ask_takes_all_of_its_goods_or_none() {
    let mut board = PriceBoard::new(vec![listing(STEERING); 2]);
    board.open(&[10, 3]);
    let ask = |goods, value| Ask { goods, seconds: 1 << 16, value: Money(value) };
    // 3 x 2^40 x 2^16 / 2^56 are 3 micro-credits a unit.
    assert_eq!(board.take(&ask(&[(0, 4), (1, 4)], 100)), Err(Turned::NoRoom { account: 1, left: 3 }));
    assert_eq!(board.left(), [10, 3]);
    assert_eq!(board.take(&ask(&[(0, 4), (1, 3)], 20)), Err(Turned::TooDear { price: Money(21) }));
    assert_eq!(board.take(&ask(&[(0, 4), (1, 3)], 21)), Ok(Money(21)));
    assert_eq!(board.left(), [6, 0]);
}

#[test]
fn without_capacity_the_price_stays() {
    let mut board = PriceBoard::new(vec![listing(STEERING)]);
    board.open(&[0]);
    board.close();
    assert_eq!(board.prices(), [UnitPrice(3 << 40)]);
}

/// Asks of a round: goods on four accounts, with a value.
fn asks() -> impl Strategy<Value = Vec<(Vec<(u32, u64)>, i64)>> {
    let goods = prop::collection::btree_map(0..4_u32, 1..20_u64, 1..4).prop_map(|goods| goods.into_iter().collect());
    prop::collection::vec((goods, 0..200_i64), 1..40)
}

proptest! {
    /// No account is oversold, nobody pays more than its value, and a price keeps within its step, its reserve and its cap.
    #[test]
    fn a_round_sells_what_is_offered_at_no_more_than_it_is_worth(asks in asks(), offered in prop::array::uniform4(0..100_u64)) {
        let mut board = PriceBoard::new(vec![listing(STEERING); 4]);
        board.open(&offered);
        let mut sold = [0_u64; 4];
        for (goods, value) in &asks {
            let ask = Ask { goods, seconds: 1 << 16, value: Money(*value) };
            if let Ok(paid) = board.take(&ask) {
                prop_assert!(paid <= ask.value && paid == board.quote(goods, ask.seconds));
                goods.iter().for_each(|&(account, amount)| sold[account as usize] += amount);
            }
        }
        for account in 0..4 {
            prop_assert_eq!(sold[account] + board.left()[account], offered[account]);
        }
        let before = board.prices().to_vec();
        board.close();
        for (before, after) in before.into_iter().zip(board.prices()) {
            prop_assert!(after.0.abs_diff(before.0) <= before.0 / 8 + 1);
            prop_assert!(UnitPrice(1 << 30) <= *after && *after <= UnitPrice(1 << 52));
        }
    }

    /// A bidder whose goods are worth one number to it gains nothing by stating another.
    #[test]
    fn no_misreport_of_a_value_gains_anything(asks in asks(), at in any::<prop::sample::Index>(), stated in 0..200_i64) {
        let liar = at.index(asks.len());
        let worth = asks[liar].1;
        let gain = |said: i64| {
            let mut board = PriceBoard::new(vec![listing(STEERING); 4]);
            board.open(&[60; 4]);
            let mut gain = 0;
            for (bidder, (goods, value)) in asks.iter().enumerate() {
                let value = Money(if bidder == liar { said } else { *value });
                if let (Ok(paid), true) = (board.take(&Ask { goods, seconds: 1 << 16, value }), bidder == liar) {
                    gain = worth - paid.0;
                }
            }
            gain
        };
        prop_assert!(gain(stated) <= gain(worth));
    }
}

#[test]
fn an_account_that_is_asked_for_twice_is_not_sold_twice() {
    let mut board = PriceBoard::new(vec![listing(STEERING), listing(STEERING)]);
    board.open(&[10, 10]);
    let mut take = |goods: &[(u32, u64)]| board.take(&Ask { goods, seconds: 1, value: Money(1 << 53) }).map(|_| ());
    assert_eq!(take(&[(0, 6), (1, 3), (0, 6)]), Err(Turned::NoRoom { account: 0, left: 4 }));
    assert_eq!(take(&[(0, 6), (1, 3), (0, 4)]), Ok(()));
    assert_eq!(board.left(), [0, 7]);
}
