//! What a certificate samples: whether a misreport would have gained, and whether a coalition would rather deal with the seller.
//!
//! Both have a budget of work, so that the same round gives the same figures on every machine. A deadline that comes first cuts
//! them short, and the figures say so.

use std::collections::BTreeMap;

use lessor_solver::support::stop::Stop;

use super::{AccountBid, Lost, Session, SessionError, SessionOutcome, clear_session};
use crate::book::{BidderIndex, GroupIndex};
use crate::lot::lot;
use crate::money::Money;
use crate::policy::{Format, PaymentRule, Policy};

/// Bidders whose misreports are tried.
const BIDDERS: usize = 4;

/// What they state, in thousandths of what they bid.
const STATED_PERMILLE: [u32; 4] = [500, 800, 950, 1_200];

/// Work that all misreports together may take, in the units of [`Stop::spend`]: about two seconds.
const WORK: u64 = 60_000_000;

/// The most groups that a policy may let a bidder have.
const GROUPS_MOST: u32 = 1_000_000;

/// Work that the search for a coalition may take.
const WORK_COALITION: u64 = 300_000_000;

/// What was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Regret {
    /// Misreports that were tried.
    pub tried: u32,
    /// Misreports that were drawn and not tried to the end, because the budget of work was used up.
    pub unfinished: u32,
    /// Whether the deadline came before the budget was used up, so that fewer were tried than on a faster machine.
    pub is_cut: bool,
    /// The most that one would have gained, if bids are what bundles are worth, in micro-credits.
    pub most: i64,
}

/// Tries misreports of a sample of bidders: all bids of one, scaled. The seed of the policy draws up to 4 bidders, and each
/// states 4 factors; of these 16 as many are tried, in an order that the seed gives, as a budget of work allows. The budget of
/// the stop is set anew. None is tried where nothing was settled: nobody has a payoff that a misreport could better, and what
/// it would take to settle a round is what was not there.
///
/// # Errors
/// See [`SessionError`].
pub fn regret(session: &Session<'_>, outcome: &SessionOutcome, stop: &Stop) -> Result<Regret, SessionError> {
    if outcome.settled_nothing() {
        return Ok(Regret::default());
    }
    let mut bidders: Vec<BidderIndex> = session.bids.iter().map(|bid| bid.bidder).collect();
    bidders.sort_unstable();
    bidders.dedup();
    let seed = session.policy.rules().tie_break_seed;
    bidders.sort_by_key(|bidder| lot(seed, bidder.0 as usize));
    bidders.truncate(BIDDERS);
    let misreports: Vec<(BidderIndex, u32)> = STATED_PERMILLE
        .into_iter()
        .flat_map(|permille| bidders.iter().map(move |&bidder| (bidder, permille)))
        .collect();
    let mut found = Regret::default();
    stop.allow(WORK);
    if stop.is_raised() {
        // What a round takes before anything looks at the stop is long where there are many bids.
        return Ok(Regret { is_cut: true, ..Regret::default() });
    }
    for (number, &(bidder, permille)) in misreports.iter().enumerate() {
        let gain = gain(session, outcome, (bidder, permille), stop)?;
        if stop.is_used_up() {
            found.unfinished = u32::try_from(misreports.len() - number).expect("a sample is small");
            break;
        }
        if stop.is_raised() {
            found.is_cut = true;
            break;
        }
        found.tried += 1;
        found.most = found.most.max(gain);
    }
    Ok(found)
}

/// What a bidder would have gained by stating so many thousandths of its bids.
fn gain(
    session: &Session<'_>,
    outcome: &SessionOutcome,
    (bidder, permille): (BidderIndex, u32),
    stop: &Stop,
) -> Result<i64, SessionError> {
    let payoff = |outcome: &SessionOutcome| {
        let own = session.bids.iter().zip(&outcome.fates).filter(|(bid, _)| bid.bidder == bidder);
        own.filter_map(|(bid, fate)| Some(fate.worth(bid).0 - fate.result.ok()?.0)).sum::<i64>()
    };
    let mut bids = session.bids.to_vec();
    for bid in bids.iter_mut().filter(|bid| bid.bidder == bidder) {
        bid.amount = bid.amount.permille(permille);
    }
    let lied = clear_session(&Session { bids: &bids, ..*session }, stop)?;
    Ok(payoff(&lied) - payoff(outcome))
}

/// By how much the best coalition could pay the seller more than the round does and still be no worse off, in micro-credits: zero
/// in the core. Every winner's bids in a class are lowered by what it gained there, and each class is solved once more with
/// what entered it; `None` where one is not solved to its end within a budget of work, or its format proves no optimum. The
/// budget of the stop is set anew.
///
/// # Errors
/// See [`SessionError`].
pub fn core_violation(
    session: &Session<'_>,
    outcome: &SessionOutcome,
    stop: &Stop,
) -> Result<Option<u128>, SessionError> {
    stop.allow(WORK_COALITION);
    // Where nothing settled there are no payments that a coalition could block.
    if outcome.settled_nothing() || stop.is_raised() {
        return Ok(None);
    }
    let mut bids: Vec<AccountBid> = session.bids.to_vec();
    let mut gained = BTreeMap::new();
    let mut revenue = 0_u128;
    for (bid, fate) in session.bids.iter().zip(&outcome.fates) {
        if let Ok(paid) = fate.result {
            *gained.entry((bid.bidder, fate.class)).or_insert(0) += fate.counted.0 - paid.0;
            revenue += u128::try_from(paid.0 - fate.reserve.0).unwrap_or(0);
        }
    }
    let mut groups = BTreeMap::new();
    for (bid, fate) in bids.iter_mut().zip(&outcome.fates) {
        // A group with bids in several classes is one in each: what it wins in the one keeps it out of none that it had entered.
        let next = u32::try_from(groups.len()).expect("bids are counted in 32 bits");
        bid.group = GroupIndex(*groups.entry((bid.bidder, bid.group, fate.class)).or_insert(next));
        let gained = gained.get(&(bid.bidder, fate.class)).copied().unwrap_or(0);
        // What the rules refused is in no coalition, though they might admit it once it is lowered.
        let takes_part = matches!(fate.result, Ok(_) | Err(Lost::Outbid | Lost::Unsettled));
        bid.amount = if takes_part { Money((fate.counted.0 - gained).max(0)) } else { Money(0) };
    }
    let Some(policy) = as_bid(session.policy, outcome) else { return Ok(None) };
    // Whatever takes part could be paid for, and is lower now.
    let lowered = clear_session(&Session { bids: &bids, policy: &policy, budgets: None, ..*session }, stop)?;
    let is_proved = !stop.is_raised() && lowered.classes.iter().all(|class| class.bound == Some(class.surplus));
    let best: u128 = lowered.classes.iter().map(|class| class.surplus).sum();
    Ok(is_proved.then(|| best.saturating_sub(revenue)))
}

/// The same rules with payments as bid, where every class that was bid for is solved to a proven optimum.
fn as_bid(policy: &Policy, outcome: &SessionOutcome) -> Option<Policy> {
    let mut rules = policy.rules().clone();
    // Whatever takes part was within the limits.
    rules.bids.groups_max = GROUPS_MOST;
    for class in &outcome.classes {
        let stated = &mut rules.classes[class.class];
        if stated.format != Format::SealedBid {
            return None;
        }
        stated.payment = PaymentRule::PayAsBid;
    }
    Policy::new(rules).ok()
}
