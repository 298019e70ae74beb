//! Policy: the rules of a market, as data.
//!
//! A policy says which accounts trade in which format, what is kept from trade, what prices may be, and what bidders may do.
//! It holds nothing that happens: it can be swept, replayed, compared and signed. How it is written down is no concern of
//! this module.

mod check;
mod floors;
mod format;
mod reserve;
#[cfg(test)]
mod tests;

use lessor_models::job::{Domain, ServiceClass};
use lessor_models::resources::Kind;
use lessor_models::time::Span;

use crate::money::Money;
use crate::posted::{PERMILLE, Steering};

pub use check::{Contradiction, Field, Reason};
pub(crate) use floors::share;
pub use floors::{Held, kept, tradable};
pub use format::{Format, PaymentRule};
pub use reserve::Reserve;

/// The rules of a market, as they are stated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What the policy is called.
    pub name: String,
    /// Which issue of it this is; rises with each change.
    pub revision: u64,
    /// The seed of the lot between equal bids.
    pub tie_break_seed: u64,
    /// How far the operator's account may fall below zero, in micro-credits: what it adds where a rule pays sellers more
    /// than buyers pay.
    pub deficit_max: Money,
    /// How long and how far ahead a lease may run.
    pub terms: TermLimits,
    /// What a bidder may put into a round.
    pub bids: BidLimits,
    /// What a holder gets whose lease is revoked.
    pub preemption: Preemption,
    /// What taking part costs.
    pub fees: Fees,
    /// Which accounts trade, and how. An account of no class does not trade.
    pub classes: Vec<AccountClass>,
}

/// How long and how far ahead a lease may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TermLimits {
    /// The shortest term.
    pub least: Span,
    /// The longest term.
    pub most: Span,
    /// How long after the round a term may start.
    pub ahead: Span,
}

/// What a bidder may put into a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BidLimits {
    /// XOR groups of one bidder in a round.
    pub groups_max: u32,
    /// Bundles of one group.
    pub bundles_max: u32,
    /// Goods of one bundle.
    pub goods_max: u32,
    /// The greatest bid on one bundle.
    pub amount_max: Money,
}

/// What a holder gets whose lease is revoked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preemption {
    /// How long it has to finish.
    pub notice: Span,
    /// What it gets beside what it paid for the time left, in thousandths of that.
    pub compensation_permille: u32,
}

/// What taking part costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// What the operator keeps of a seller's proceeds, in thousandths; never so much that the seller gets less than it asked.
    pub seller_permille: u32,
    /// What each group of bids costs its bidder, won or lost.
    pub per_group: Money,
}

/// Accounts that trade by the same rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountClass {
    /// What the class is called.
    pub name: String,
    /// The resource kinds of its accounts.
    pub kinds: Vec<Kind>,
    /// Where its accounts are: the nodes of a level, or the zones of a kind.
    pub places: Vec<Domain>,
    /// Who may bid: service classes C and D.
    pub traders: Vec<ServiceClass>,
    /// How a round works.
    pub format: Format,
    /// What winners pay.
    pub payment: PaymentRule,
    /// The least price.
    pub reserve: Reserve,
    /// The greatest price, in micro-credits per 10^6 base units and hour.
    pub price_cap: Option<u64>,
    /// How much of an account trades at most, in thousandths of its capacity.
    pub share_permille: u32,
    /// What is kept for classes A and B as long as they hold less themselves, in thousandths of the capacity.
    pub floors_permille: [u32; 2],
    /// How much of an account one bidder may win, in thousandths of what trades.
    pub holder_cap_permille: u32,
    /// How the posted price is steered; where the format is that.
    pub steering: Option<Steering>,
}

/// Rules that do not contradict each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    rules: Rules,
}

impl Policy {
    /// Checks rules.
    ///
    /// # Errors
    /// The first contradiction, in the order of the fields.
    pub fn new(rules: Rules) -> Result<Policy, Contradiction> {
        check::check(&rules)?;
        Ok(Policy { rules })
    }

    /// The rules.
    #[must_use]
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the rules promise and can never keep, in words.
    #[must_use]
    pub fn warnings(&self) -> Vec<&'static str> {
        let Rules { preemption, fees, deficit_max, .. } = &self.rules;
        let has_nothing = *deficit_max == Money::ZERO && fees.seller_permille == 0 && fees.per_group == Money::ZERO;
        let compensation = (preemption.compensation_permille > 0 && has_nothing).then_some(
            "preemption.compensation_permille is above 0, and the operator can never pay it in a round: it takes no fee, and \
             deficit_max is 0; state a deficit_max or a fee",
        );
        compensation.into_iter().collect()
    }

    /// The class that the accounts of a kind at a place trade in, if they trade.
    #[must_use]
    pub fn class_of(&self, place: Domain, kind: Kind) -> Option<&AccountClass> {
        self.rules.classes.iter().find(|class| class.covers(place, kind))
    }
}

impl AccountClass {
    /// Whether accounts of a kind at a place belong to the class.
    #[must_use]
    pub fn covers(&self, place: Domain, kind: Kind) -> bool {
        self.kinds.contains(&kind) && self.places.contains(&place)
    }

    /// The most that one bidder may win of an account, of what trades of it; rounded down.
    #[must_use]
    pub fn holder_cap(&self, traded: u64) -> u64 {
        floors::share(traded, self.holder_cap_permille)
    }

    /// Whether the rules are of parties who want one bundle each, and not one of several.
    #[must_use]
    pub fn takes_one_bundle(&self) -> bool {
        self.format == Format::Greedy || self.payment == PaymentRule::TradeReduction
    }

    /// Whether one bidder may win less than all that trades.
    #[must_use]
    pub fn is_holder_capped(&self) -> bool {
        self.holder_cap_permille < PERMILLE
    }
}
