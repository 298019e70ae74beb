use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::money::{MONEY_MAX, Money};

const DEFICIT: Money = Money(50);

fn holder(id: u32) -> Party {
    Party::Holder(HolderId(id))
}

fn seller(id: u32) -> Party {
    Party::Seller(SellerId(id))
}

fn transfer(from: Party, to: Party, amount: i64, purpose: Purpose) -> Transfer {
    Transfer { from, to, amount: Money(amount), purpose }
}

fn pay(id: u32, amount: i64) -> Transfer {
    transfer(holder(id), Party::Operator, amount, Purpose::Payment)
}

/// A ledger in which holders 0 and 1 were issued 100 each, in round 0.
fn funded() -> Ledger {
    let mut ledger = Ledger::new(DEFICIT);
    let issues = [0, 1].map(|id| transfer(Party::Issuer, holder(id), 100, Purpose::Issue));
    ledger.settle(RoundId(0), &issues).unwrap();
    ledger
}

#[test]
fn a_round_moves_money_and_leaves_the_sum_at_zero() {
    let mut ledger = funded();
    let proceeds = transfer(Party::Operator, seller(0), 70, Purpose::Proceeds);
    let Receipt::Posted(entries) = ledger.settle(RoundId(1), &[pay(0, 60), pay(1, 5), proceeds]).unwrap() else {
        panic!("the round is new");
    };
    assert_eq!(entries.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [2, 3, 4]);
    let balances: Vec<_> = ledger.balances().collect();
    // The operator carries the 5 that the seller gets beyond what buyers paid.
    let expected = [(Party::Issuer, -200), (Party::Operator, -5), (holder(0), 40), (holder(1), 95), (seller(0), 70)];
    assert_eq!(balances, expected);
}

#[test]
fn a_retry_posts_nothing_and_another_body_is_refused() {
    let mut ledger = funded();
    ledger.settle(RoundId(1), &[pay(0, 60)]).unwrap();
    let before = ledger.clone();
    let again = ledger.settle(RoundId(1), &[pay(0, 60)]);
    assert_eq!(again, Ok(Receipt::Repeated { first_sequence: 2, count: 1 }));
    assert_eq!(ledger.settle(RoundId(1), &[pay(0, 61)]), Err(SettleError::OtherBody { round: RoundId(1) }));
    assert_eq!(ledger, before);
}

#[test]
fn nobody_spends_what_it_does_not_have() {
    let mut ledger = funded();
    let short = |party, short| Err(SettleError::Overspent { party, short });
    assert_eq!(ledger.settle(RoundId(1), &[pay(1, 10), pay(0, 101)]), short(holder(0), 1));
    let proceeds = |amount| transfer(Party::Operator, seller(0), amount, Purpose::Proceeds);
    assert_eq!(ledger.settle(RoundId(1), &[proceeds(51)]), short(Party::Operator, 1));
    let fee = transfer(seller(0), Party::Operator, 1, Purpose::Fee);
    assert_eq!(ledger.settle(RoundId(1), &[fee]), short(seller(0), 1));
    assert_eq!(ledger, funded());
    // A seller's fee comes out of its proceeds, in whatever order they stand.
    ledger.settle(RoundId(1), &[fee, proceeds(50)]).unwrap();
}

#[test]
fn what_a_round_holds_no_other_round_spends() {
    let mut ledger = funded();
    ledger.hold(RoundId(2), HolderId(0), Money(80)).unwrap();
    assert_eq!(
        ledger.hold(RoundId(1), HolderId(0), Money(30)),
        Err(HoldError::Short { holder: HolderId(0), available: 20, short: 10 })
    );
    assert_eq!(ledger.settle(RoundId(1), &[pay(0, 21)]), Err(SettleError::Overspent { party: holder(0), short: 1 }));
    // The round that holds it may spend it, and all of its holds end.
    ledger.settle(RoundId(2), &[pay(0, 90)]).unwrap();
    assert_eq!(ledger.held(HolderId(0)), 0);
    assert_eq!(ledger.hold(RoundId(2), HolderId(1), Money(1)), Err(HoldError::Settled { round: RoundId(2) }));
}

#[test]
fn a_transfer_that_makes_no_sense_is_refused_with_its_position() {
    let mut ledger = funded();
    for amount in [Money(-1), Money(MONEY_MAX.0 + 1), Money(i64::MIN)] {
        let refused = ledger.settle(RoundId(1), &[pay(0, 1), Transfer { amount, ..pay(0, 1) }]);
        assert_eq!(refused, Err(SettleError::NotAnAmount { at: 1, amount }));
    }
    let refused = ledger.settle(RoundId(1), &[transfer(holder(0), holder(1), 1, Purpose::Payment)]).unwrap_err();
    assert_eq!(refused.to_string(), "transfer 0 from holder 0 to holder 1 cannot be a payment");
    assert_eq!(ledger, funded());
}

#[test]
fn a_forgotten_round_is_too_old_and_never_settled_again() {
    let mut ledger = funded();
    for round in 1..=ROUNDS_MAX as u64 {
        ledger.settle(RoundId(round), &[]).unwrap();
    }
    let refused = ledger.settle(RoundId(0), &[pay(0, 1)]);
    assert_eq!(refused, Err(SettleError::TooOld { round: RoundId(0), forgotten: RoundId(0) }));
}

#[test]
fn a_round_below_all_that_are_remembered_is_known_at_its_retry() {
    let mut ledger = Ledger::new(DEFICIT);
    let issue = transfer(Party::Issuer, holder(0), 100, Purpose::Issue);
    ledger.settle(RoundId(10), &[issue]).unwrap();
    (11..10 + ROUNDS_MAX as u64).for_each(|round| drop(ledger.settle(RoundId(round), &[]).unwrap()));
    let late = RoundId(5);
    assert!(matches!(ledger.settle(late, &[pay(0, 1)]), Ok(Receipt::Posted(_))));
    assert!(matches!(ledger.settle(late, &[pay(0, 1)]), Ok(Receipt::Repeated { .. })));
    // What was forgotten for it stays forgotten.
    (0..3).for_each(|at| drop(ledger.settle(RoundId(1 << 20 | at), &[]).unwrap()));
    let again = ledger.settle(RoundId(10), &[]);
    assert_eq!(again, Err(SettleError::TooOld { round: RoundId(10), forgotten: RoundId(12) }));
}

#[test]
fn a_round_that_is_too_old_to_be_settled_holds_nothing() {
    let mut ledger = funded();
    ledger.hold(RoundId(1), HolderId(0), Money(40)).unwrap();
    ledger.hold(RoundId(1 << 20), HolderId(0), Money(30)).unwrap();
    (2..=2 + ROUNDS_MAX as u64).for_each(|round| drop(ledger.settle(RoundId(round), &[]).unwrap()));
    assert_eq!(ledger.held(HolderId(0)), 30);
}

#[test]
fn an_audit_finds_a_changed_amount_and_a_missing_entry() {
    let mut ledger = Ledger::new(DEFICIT);
    let issue = transfer(Party::Issuer, holder(0), 100, Purpose::Issue);
    let Ok(Receipt::Posted(entries)) = ledger.settle(RoundId(1), &[issue, pay(0, 60), pay(0, 1)]) else {
        panic!("the round is new");
    };
    assert_eq!(
        audit(&BTreeMap::new(), &entries).unwrap().into_iter().collect::<Vec<_>>(),
        ledger.balances().collect::<Vec<_>>()
    );
    let mut changed = entries.clone();
    changed[1].transfer.amount = Money(59);
    let defect = AuditDefect::Balance { at: 1, party: holder(0), found: 40, expected: 41 };
    assert_eq!(audit(&BTreeMap::new(), &changed), Err(defect));
    let gone = [entries[0], entries[2]];
    assert_eq!(audit(&BTreeMap::new(), &gone), Err(AuditDefect::Sequence { at: 1, found: 2, expected: 1 }));
}

/// What is done to a ledger.
#[derive(Clone, Debug)]
enum Step {
    Hold(RoundId, HolderId, Money),
    Release(RoundId),
    Settle(RoundId, Vec<Transfer>),
    /// The step at this position once more.
    Retry(prop::sample::Index),
}

fn party() -> impl Strategy<Value = Party> {
    prop_oneof![
        1 => Just(Party::Issuer),
        2 => Just(Party::Operator),
        4 => (0..3_u32).prop_map(holder),
        2 => (0..2_u32).prop_map(seller),
    ]
}

fn any_transfer() -> impl Strategy<Value = Transfer> {
    let purpose = prop::sample::select(Purpose::ALL.to_vec());
    // Most transfers make sense; some do not, and must leave no trace.
    (party(), party(), -3..60_i64, purpose).prop_map(|(from, to, amount, purpose)| {
        let fitting = Purpose::ALL.into_iter().find(|purpose| purpose.allows(from, to));
        transfer(from, to, amount, if amount > 0 { fitting.unwrap_or(purpose) } else { purpose })
    })
}

fn step() -> impl Strategy<Value = Step> {
    let round = || (0..12_u64).prop_map(RoundId);
    prop_oneof![
        1 => (round(), (0..3_u32).prop_map(HolderId), (-1..80_i64).prop_map(Money)).prop_map(|(r, h, m)| Step::Hold(r, h, m)),
        1 => round().prop_map(Step::Release),
        4 => (round(), prop::collection::vec(any_transfer(), 0..5)).prop_map(|(r, t)| Step::Settle(r, t)),
        1 => any::<prop::sample::Index>().prop_map(Step::Retry),
    ]
}

proptest! {
    /// Any sequence of rounds, failures and retries conserves money, posts nothing twice and nothing half.
    #[test]
    fn a_ledger_conserves_money_through_rounds_failures_and_retries(steps in prop::collection::vec(step(), 1..60)) {
        let mut ledger = Ledger::new(DEFICIT);
        let mut journal = Vec::new();
        let first = [0, 1, 2].map(|id| transfer(Party::Issuer, holder(id), 100, Purpose::Issue));
        let Ok(Receipt::Posted(entries)) = ledger.settle(RoundId(100), &first) else { panic!("the round is new") };
        journal.extend(entries);
        for at in 0..steps.len() {
            let done = match &steps[at] {
                Step::Retry(which) => &steps[which.index(at + 1)],
                other => other,
            };
            let before = ledger.clone();
            match done {
                Step::Hold(round, holder, amount) => {
                    if ledger.hold(*round, *holder, *amount).is_err() {
                        prop_assert_eq!(&ledger, &before);
                    }
                }
                Step::Release(round) => ledger.release(*round),
                Step::Retry(_) => {}
                Step::Settle(round, transfers) => match ledger.settle(*round, transfers) {
                    Ok(Receipt::Posted(entries)) => {
                        prop_assert!(journal.iter().all(|entry: &Entry| entry.round != *round), "settled twice");
                        prop_assert_eq!(entries.len(), transfers.len());
                        journal.extend(entries);
                    }
                    Ok(Receipt::Repeated { .. }) | Err(_) => prop_assert_eq!(&ledger, &before),
                },
            }
            prop_assert_eq!(ledger.balances().map(|(_, balance)| balance).sum::<i128>(), 0);
            prop_assert!(ledger.balance(Party::Operator) >= -i128::from(DEFICIT.0));
            for (party, balance) in ledger.balances() {
                match party {
                    Party::Holder(id) => prop_assert!(balance >= ledger.held(id)),
                    Party::Seller(_) => prop_assert!(balance >= 0),
                    Party::Issuer | Party::Operator => {}
                }
            }
        }
        let audited = audit(&BTreeMap::new(), &journal).unwrap();
        prop_assert!(ledger.balances().eq(audited));
    }
}
