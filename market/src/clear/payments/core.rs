//! Payments that no coalition blocks, nearest to VCG (Day & Cramton 2012, "Quadratic core-selecting payment rules").
//!
//! A coalition blocks payments where the seller and its members could all do better among themselves. For bids that win a
//! coalition `C` in its best choice,
//!
//! ```text
//! sum of payments over winners outside of C  >=  value(C) - sum over winners in C of what they won
//! ```
//!
//! Such constraints are made as they are broken (Day & Raghavan 2007): bids of a winner are worth less by what it keeps, and
//! the best choice then is the coalition that blocks most. A winner with bids in several groups, of which each may win, keeps it
//! once: its bids are worth what they were, and its staying out with all of them is worth what it keeps. What a coalition
//! changes is told apart where it can be ([`super::super::changes`]), for each part is a coalition too. Among the payments
//! that satisfy all of them, the rule takes those of least revenue first, or not, and then the nearest to VCG.
//!
//! All is told as what winners keep, between zero and their VCG payoff, and in surplus beyond the reserves: the seller's own
//! bids.

use lessor_solver::packing::{Improver, Known};
use lessor_solver::support::numbers::floor;
use lessor_solver::support::stop::Stop;

use super::choice::{Choice, Kept, PART_BITS, Revenue};
use super::vcg;
use crate::book::BidderIndex;
use crate::clear::changes::changes;
use crate::clear::outcome::{EXACT_UNITS, Payment, Unsettled};
use crate::clear::paying::{Paying, Watch};
use crate::clear::winner::{Round, Winner};

/// Coalitions that are looked for at most.
const COALITIONS_MAX: usize = 5_000;
/// Bits below the unit in which broken constraints are looked for, where worths leave room for them.
const FRACTION_BITS: u32 = 20;
/// Bits of the greatest worth with those below the unit: proofs about greater ones take several times as long. What is settled
/// is whole and rounded up, so that fractions below a micro-credit all together break no constraint.
const WORTH_BITS: u32 = 36;

/// What a number of parts may be off a whole one: noise of arithmetic.
const WHOLE: u128 = 4;

/// What a payment may be off a whole one and is taken for it, in units of exact payments: a thousandth of a micro-credit.
const NOISE: u128 = EXACT_UNITS / 1_000;

/// What a constraint must be broken by at first, in micro-credits. The winners themselves are worth as much as every coalition
/// that is just held back, but for rounding: only what is better by more is looked for.
const BROKEN: f64 = 2e-4;

/// What it is raised to at most: with more, what is rounded up to whole micro-credits might break a constraint.
const SLACK_MAX: f64 = 0.5;

/// What winners pay. The winners are the best.
pub(crate) fn payments(
    round: &Round<'_>,
    (winners, surplus): (&[usize], u128),
    revenue: Revenue,
    seed: u64,
    watch: Watch<'_>,
) -> Result<Vec<Payment>, Unsettled> {
    let stop = watch.stop;
    let winning = round.winning(winners);
    let without = vcg::without_each(round, &winning, surplus, seed, watch)?;
    // What a winner keeps under VCG, the most that it keeps in the core.
    let most: Vec<u128> = winning.iter().zip(&without).map(|(winner, without)| winner.surplus - without.loss).collect();
    // The best choices without a winner are coalitions that are known already.
    let mut coalitions: Vec<Vec<usize>> = without.iter().map(|without| without.winners.clone()).collect();
    coalitions.sort();
    coalitions.dedup();
    let mut choice = Choice::new(&most, revenue);
    for known in coalitions.iter().filter_map(|chosen| constraint(round, &winning, chosen)) {
        if known.members.len() > 1 {
            choice.add(known);
        }
    }
    // Alone, a winner keeps no more than under VCG.
    let each: Vec<Kept> = (0..).zip(&most).map(|(at, &limit)| Kept { members: vec![at], limit }).collect();
    let improver = round.improver();
    let mut search = Search { round, winners, winning: &winning, improver, coalitions, slack: BROKEN, seed, stop };
    for rounds in 0..COALITIONS_MAX {
        let open = Unsettled::Coalitions { rounds, coalitions: choice.constraints.len() };
        let kept = choice.kept(stop);
        let mut kept = kept.ok_or(if stop.is_raised() { open } else { Unsettled::Rounding })?;
        let revenue = surplus.saturating_sub(kept.iter().sum::<u128>() >> PART_BITS);
        (watch.tell)(Paying::Coalitions { rounds, held: choice.constraints.len(), revenue });
        let mut found = search.blocking(&kept)?.ok_or(open)?;
        if found.is_empty() {
            let payments = settle(&winning, &kept, each.iter().chain(&choice.constraints));
            if search.covers(&kept) {
                return Ok(payments);
            }
            // What is settled may be less than what was looked at: it is looked at itself.
            kept = kept_of(&winning, &payments);
            found = search.blocking(&kept)?.ok_or(open)?;
            if found.is_empty() {
                return Ok(payments);
            }
        }
        let known = choice.constraints.len();
        for constraint in found {
            if constraint.is_broken(&kept, search.slack) {
                choice.add(constraint);
            }
        }
        if choice.constraints.len() == known {
            // What holds all that is known, but for rounding, need not hold what is not: the slack has to be above the rounding.
            search.slack *= 4.0;
            if search.slack > SLACK_MAX {
                return Err(Unsettled::Rounding);
            }
        }
    }
    Err(Unsettled::Coalitions { rounds: COALITIONS_MAX, coalitions: choice.constraints.len() })
}

/// The search for coalitions that block.
struct Search<'a> {
    round: &'a Round<'a>,
    winners: &'a [usize],
    winning: &'a [Winner],
    improver: Improver<'a>,
    /// What coalitions win that were found: others are a few bids away.
    coalitions: Vec<Vec<usize>>,
    /// What a constraint must be broken by, in micro-credits.
    slack: f64,
    seed: u64,
    stop: &'a Stop,
}

impl Search<'_> {
    /// Constraints that are broken by what winners keep, but for rounding; none only where none is, and `None` where the stop
    /// came first.
    fn blocking(&mut self, kept: &[u128]) -> Result<Option<Vec<Kept>>, Unsettled> {
        let round = self.round;
        let (bits, rounding) = self.precision(kept);
        if rounding > SLACK_MAX {
            return Err(Unsettled::Rounding);
        }
        let worths = self.worths(kept, bits);
        let slack = self.slack.max(rounding) * (1_u64 << bits) as f64;
        let slack = u128::from(floor(slack));
        let known = Known { best: self.winners, slack, near: &self.coalitions };
        let Some(found) = round.improve(&mut self.improver, (&worths, known), self.seed, self.stop) else {
            return Ok(None);
        };
        let mut broken = Vec::new();
        for chosen in &found {
            let parts = changes(round.book.bids(), &round.offered, self.winners, chosen);
            let parts = parts.iter().filter_map(|part| constraint(round, self.winning, part));
            let before = broken.len();
            broken.extend(parts.filter(|part| part.is_broken(kept, self.slack)));
            // Where each part is broken by a little, the whole is by more.
            if broken.len() == before {
                broken.extend(constraint(round, self.winning, chosen));
            }
        }
        self.coalitions.extend(found);
        self.coalitions.sort();
        self.coalitions.dedup();
        Ok(Some(broken))
    }

    /// Whether payments that are settled hold every constraint because what winners keep does: what is whole breaks none by less
    /// than a micro-credit, and all that a constraint was let be broken by and all noise that is taken off are less.
    fn covers(&self, kept: &[u128]) -> bool {
        let noise = NOISE * kept.len() as u128;
        let rounding = self.precision(kept).1;
        self.slack.max(rounding) + rounding / 2.0 + noise as f64 / (EXACT_UNITS as f64) < 1.0
    }

    /// The bits below the unit in which worths are told, and twice what all is rounded by together: what is kept is rounded
    /// down to the last bit, winner by winner, where it is not whole.
    fn precision(&self, kept: &[u128]) -> (u32, f64) {
        // A bidder with several groups may keep more than any bid is worth.
        let most = kept.iter().map(|kept| u64::try_from(kept >> PART_BITS).unwrap_or(u64::MAX));
        let greatest = self.round.surpluses.iter().copied().chain(most).max().unwrap_or(0);
        let free = greatest.leading_zeros().saturating_sub(1);
        if let Some(bits) = whole_bits(kept).filter(|&bits| bits <= free) {
            return (bits, 0.0);
        }
        let fast = WORTH_BITS.saturating_sub(u64::BITS - greatest.leading_zeros()).min(FRACTION_BITS);
        let twice = 2 * self.winning.len() as u64;
        // A quarter of a unit in all, at least, where there is room for that.
        let needed = (4 * twice).next_power_of_two().trailing_zeros();
        let bits = fast.max(needed).min(free);
        (bits, twice as f64 / (1_u64 << bits) as f64)
    }

    /// What columns of the round are worth, with so many bits below the unit, where winners keep so much.
    fn worths(&self, kept: &[u128], bits: u32) -> Vec<u64> {
        let round = self.round;
        let place = |bidder: BidderIndex| self.winning.binary_search_by_key(&bidder, |winner| winner.bidder).ok();
        let less = kept.iter().map(|kept| u64::try_from((kept + WHOLE) >> (PART_BITS - bits)).unwrap_or(u64::MAX));
        let less: Vec<u64> = less.collect();
        let worth = |(bid, &surplus): (&crate::book::Bid, &u64)| {
            let is_once = round.book.group_of(bid.bidder).is_some();
            let off = place(bid.bidder).filter(|_| is_once).map_or(0, |at| less[at]);
            (surplus << bits).saturating_sub(off)
        };
        let outs = round.outs.iter().map(|&bidder| place(bidder).map_or(0, |at| less[at]));
        round.book.bids().iter().zip(&round.surpluses).map(worth).chain(outs).collect()
    }
}

/// The bits below the unit in which all that is kept is whole, where a few are enough. Fewer bits leave less to be proved:
/// bounds are rounded down to the last one.
fn whole_bits(kept: &[u128]) -> Option<u32> {
    let is_whole = |bits: &u32| {
        let unit = 1_u128 << (PART_BITS - bits);
        kept.iter().all(|kept| (kept + WHOLE) % unit <= 2 * WHOLE)
    };
    (0..FRACTION_BITS / 2).find(is_whole)
}

/// The constraint of the coalition that wins some bids: winners outside of it keep no more than what it is worth less.
fn constraint(round: &Round<'_>, winning: &[Winner], chosen: &[usize]) -> Option<Kept> {
    let coalition = round.winning(chosen);
    let value: u128 = coalition.iter().map(|member| member.surplus).sum();
    let is_outside = |at: &usize| coalition.iter().all(|member| member.bidder != winning[*at].bidder);
    let members = (0..winning.len()).filter(is_outside).collect();
    // Payments outside >= value - won inside, and what is kept outside is what was won there less the payments.
    let won: u128 = winning.iter().map(|winner| winner.surplus).sum();
    Some(Kept { members, limit: won.checked_sub(value)? })
}

/// Payments from what winners keep, checked against the constraints in whole micro-credits.
fn settle<'a>(winning: &[Winner], kept: &[u128], constraints: impl Iterator<Item = &'a Kept>) -> Vec<Payment> {
    let mut exact: Vec<u128> = winning
        .iter()
        .zip(kept)
        .map(|(winner, &kept)| {
            let offered = winner.surplus * EXACT_UNITS;
            let paid = offered.saturating_sub(units(kept));
            // Noise far below a micro-credit must not cost a whole one when payments are rounded up.
            let rest = paid % EXACT_UNITS;
            let paid = if rest < NOISE {
                paid - rest
            } else if EXACT_UNITS - rest < NOISE {
                paid + EXACT_UNITS - rest
            } else {
                paid
            };
            paid.min(offered)
        })
        .collect();
    for constraint in constraints {
        repair(winning, &mut exact, constraint);
    }
    let payments = winning.iter().zip(exact);
    payments.map(|(winner, exact)| Payment::new(winner.bidder, exact + winner.reserve * EXACT_UNITS)).collect()
}

/// What winners keep once payments are settled, in parts.
fn kept_of(winning: &[Winner], payments: &[Payment]) -> Vec<u128> {
    let kept = winning
        .iter()
        .zip(payments)
        .map(|(winner, payment)| (winner.surplus + winner.reserve).saturating_sub(payment.settled.into()) << PART_BITS);
    kept.collect()
}

/// What is kept, in units of exact payments.
fn units(kept: u128) -> u128 {
    let rest = kept % (1 << PART_BITS);
    (kept >> PART_BITS) * EXACT_UNITS + ((rest * EXACT_UNITS + (1 << (PART_BITS - 1))) >> PART_BITS)
}

/// Raises payments where they would break a constraint once they are whole.
fn repair(winning: &[Winner], exact: &mut [u128], constraint: &Kept) {
    let members = &constraint.members;
    let keeps = |exact: &[u128]| -> u128 {
        members.iter().map(|&at| winning[at].surplus - exact[at].div_ceil(EXACT_UNITS).min(winning[at].surplus)).sum()
    };
    while keeps(exact) > constraint.limit {
        let able = members.iter().copied().find(|&at| exact[at] < winning[at].surplus * EXACT_UNITS);
        let Some(at) = able else { return };
        exact[at] = (exact[at] / EXACT_UNITS + 1) * EXACT_UNITS;
    }
}
