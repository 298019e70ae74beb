//! What is moved and what is found where it is not: rounds that were tampered with, and amounts at the end of their range.

use super::*;
use crate::money::MONEY_MAX;
use crate::session::check;
use crate::settlement::{HolderId, Purpose, Transfer};

/// Bids that lose nothing to one another: two bidders, the first with two groups.
fn three_winners() -> [AccountBid; 3] {
    let second_group = AccountBid { group: GroupIndex(7), ..bid(0, 300, &[wish(LAYER, 2, (0, 1))]) };
    [bid(0, 100, &[wish(LAYER, 3, (0, 1))]), second_group, bid(1, 200, &[wish(LAYER, 5, (0, 1))])]
}

#[test]
fn each_residual_finds_its_own_fault() {
    let (fleet, policy, bids) = (fleet(), sealed(PaymentRule::PayAsBid), three_winners());
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let transfers = posting::transfers(&session, &outcome);
    let found = |change: &dyn Fn(&mut SessionOutcome, &mut Vec<Transfer>)| {
        let (mut outcome, mut transfers) = (outcome.clone(), transfers.clone());
        change(&mut outcome, &mut transfers);
        residuals(&session, &outcome, &transfers)
    };
    let zero = Residuals::default();
    assert_eq!(found(&|_, _| ()), zero);
    // A payment, proceeds or a fee that is one less, or is not there: 300 and 100 are one payment.
    for (at, moved) in transfers.iter().enumerate() {
        let amount = moved.amount;
        let less = Residuals { unbalanced: 1, ..zero };
        assert_eq!(found(&|_, transfers| transfers[at].amount.0 -= 1), less, "{moved:?}");
        let gone = Residuals { unbalanced: amount.micro_credits().into(), ..zero };
        assert_eq!(found(&|_, transfers| transfers[at].amount = Money::ZERO), gone, "{moved:?}");
    }
    // A payment that goes to somebody else is one too little and one too much.
    let astray = |_: &mut SessionOutcome, transfers: &mut Vec<Transfer>| {
        transfers[0].from = Party::Holder(HolderId(9));
    };
    assert_eq!(found(&astray).unbalanced, 800);
    // Three millions are let at 30 or more and at 3,000 or less.
    let paid = |paid: i64| {
        move |outcome: &mut SessionOutcome, transfers: &mut Vec<Transfer>| {
            outcome.fates[0].result = Ok(Money(paid));
            *transfers = posting::transfers(&session, outcome);
        }
    };
    assert_eq!(found(&paid(30)), zero);
    assert_eq!(found(&paid(27)), Residuals { below_reserve: 3, ..zero });
    assert_eq!(found(&paid(3_004)), Residuals { above_bid: 2_904, above_cap: 4, ..zero });
    // Of 600 that are bid, 100 are the reserve prices of ten millions.
    assert_eq!((outcome.classes[0].surplus, check::value(&session, &outcome.fates)), (500, 600));
    for (stated, off) in [(499, 1), (507, 7), (0, 500)] {
        let misstated = Residuals { off_surplus: off, ..zero };
        assert_eq!(found(&|outcome, _| outcome.classes[0].surplus = stated), misstated, "{stated}");
    }
}

#[test]
fn at_a_posted_price_a_payment_of_any_other_amount_is_found() {
    let (fleet, policy) = (fleet(), policy(vec![at_posted_price()]));
    // Three millions over two hours are 60 at the reserve price; each could pay more.
    let bids = [bid(0, 90, &[wish(LAYER, 3, (0, 2))]), bid(1, 70, &[wish(LAYER, 2, (1, 2))])];
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    assert_eq!(outcome.fates.iter().map(|fate| fate.result.unwrap().0).collect::<Vec<_>>(), [60, 20]);
    for (paid, off) in [(60, 0), (61, 1), (88, 28)] {
        let mut outcome = outcome.clone();
        outcome.fates[0].result = Ok(Money(paid));
        let found = residuals(&session, &outcome, &posting::transfers(&session, &outcome));
        assert_eq!(found, Residuals { off_price: off, ..Residuals::default() }, "{paid}");
    }
    // And so is another price than what is paid for.
    let mut dearer = outcome.clone();
    dearer.classes[0].prices.values_mut().for_each(|price| *price = 11);
    let found = residuals(&session, &dearer, &posting::transfers(&session, &dearer));
    assert_eq!(found, Residuals { off_price: 6, ..Residuals::default() });
}

#[test]
fn money_beyond_one_transfer_moves_whole() {
    // Each bid is the most that one may be; the first bidder wins with two groups, and the fleet gets all three.
    let mut rules = sealed(PaymentRule::PayAsBid).rules().clone();
    (rules.bids.amount_max, rules.classes[0].price_cap) = (MONEY_MAX, None);
    let policy = Policy::new(rules).unwrap();
    let bids = three_winners().map(|bid| AccountBid { amount: MONEY_MAX, ..bid });
    let (fleet, most) = (fleet(), i128::from(MONEY_MAX.0));
    let session = session(&fleet, &policy, &bids);
    let outcome = clear_session(&session, &Stop::new()).unwrap();
    let transfers = posting::transfers(&session, &outcome);
    assert_eq!(residuals(&session, &outcome, &transfers), Residuals::default());
    let mut ledger = Ledger::new(Money::ZERO);
    ledger.settle(RoundId(0), &posting::issues(&policy.rules().fees, &bids)).unwrap();
    ledger.settle(RoundId(1), &transfers).unwrap();
    // A tenth of the proceeds and 2 for each of three groups are the operator's.
    let fee = 3 * most / 10;
    let balances: Vec<(Party, i128)> = ledger.balances().filter(|entry| entry.1 != 0).collect();
    let fleet = (Party::Seller(posting::FLEET), 3 * most - fee);
    assert_eq!(balances, [(Party::Issuer, -3 * most - 6), (Party::Operator, fee + 6), fleet]);
}

#[test]
fn nobody_pays_for_what_is_not_settled() {
    // Two of four terms fit, and with a stop that is raised nothing shows that they are the best two; the last begins too late.
    let amounts = [500, 490, 480, 470];
    let unproved = (0..4).zip(amounts).map(|(bidder, amount)| bid(bidder, amount, &[wish(LAYER, 4, (0, 1))]));
    let late = bid(4, 100, &[wish(LAYER, 1, (5, 6))]);
    let in_links: Vec<AccountBid> = unproved.chain([late]).collect();
    // The first bidder bids for the cell too, and another loses there: both pay the fee of a group, beside what the first won.
    let of_cell = |bidder, amount| bid(bidder, amount, &[wish(CELL, 4, (0, 1))]);
    let in_both: Vec<AccountBid> = in_links.iter().cloned().chain([of_cell(0, 90), of_cell(5, 80)]).collect();
    let policy = policy(vec![
        class("links", Level::Layer, Format::SealedBid, PaymentRule::Core),
        class("cells", Level::Cell, Format::SealedBid, PaymentRule::PayAsBid),
    ]);
    let (fleet, raised) = (fleet(), Stop::new());
    raised.raise();
    let paid = |bids: &[AccountBid]| -> Vec<(Party, Money, Purpose)> {
        let session = session(&fleet, &policy, bids);
        let outcome = clear_session(&session, &raised).unwrap();
        assert_eq!(outcome.fates[3].result, Err(Lost::Unsettled));
        let transfers = posting::transfers(&session, &outcome);
        assert_eq!(residuals(&session, &outcome, &transfers), Residuals::default());
        let of_holders = transfers.iter().filter(|transfer| matches!(transfer.from, Party::Holder(_)));
        of_holders.map(|transfer| (transfer.from, transfer.amount, transfer.purpose)).collect()
    };
    assert_eq!(paid(&in_links), []);
    let holder = |number, amount, purpose| (Party::Holder(HolderId(number)), Money(amount), purpose);
    let fee = |number| holder(number, 2, Purpose::Fee);
    assert_eq!(paid(&in_both), [holder(0, 90, Purpose::Payment), fee(0), fee(4), fee(5)]);
}

#[test]
fn a_reserve_price_beyond_all_amounts_is_met_by_none() {
    let mut rules = sealed(PaymentRule::PayAsBid).rules().clone();
    (rules.bids.amount_max, rules.classes[0].price_cap) = (MONEY_MAX, None);
    rules.classes[0].reserve = Reserve::Fixed(460_800_000_000);
    let (fleet, policy) = (fleet_of(1 << 40), Policy::new(rules).unwrap());
    for (millions, result) in [(19_546, Ok(MONEY_MAX)), (19_547, Err(Lost::Reserve))] {
        let bids = [AccountBid { amount: MONEY_MAX, ..bid(0, 0, &[wish(LAYER, millions, (0, 1))]) }];
        let outcome = clear_session(&session(&fleet, &policy, &bids), &Stop::new()).unwrap();
        assert_eq!(outcome.fates[0].result, result);
    }
}
