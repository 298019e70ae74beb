//! What came of bids and offers: each has a fate, and a reason where nothing came of it.

use lessor_models::fleet::NodeIndex;

use super::AccountBid;
use crate::money::Money;

/// What came of a bid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fate {
    /// The account class that it trades in, by position in the policy.
    pub class: Option<usize>,
    /// The node where it won, where it was for any of a class.
    pub node: Option<NodeIndex>,
    /// What it counts for: its amount, or the price cap of its bundle where that is less; of a bid on a node class at the
    /// node where it won, and of one that did not at that where its bundle costs least.
    pub counted: Money,
    /// The reserve price of its bundle, at the same node, told up to [`MONEY_MAX`](crate::money::MONEY_MAX); nothing where sellers
    /// state what they ask, and `None` where the bid was refused before anything looked at what its bundle costs.
    pub reserve: Option<Money>,
    /// How much it got, in base units, where it got a part of what it wished for.
    pub part: Option<u64>,
    /// What is paid where it won, else why it did not.
    pub result: Result<Money, Lost>,
}

impl Fate {
    /// What a bid states for what it got, where it won: a part of its amount for a part, rounded down.
    #[must_use]
    pub fn worth(&self, bid: &AccountBid) -> Money {
        let whole = i128::from(bid.wishes.first().map_or(1, |wish| wish.quantity)).max(1);
        let part = self.part.map_or(whole, i128::from);
        Money(i64::try_from(i128::from(bid.amount.0) * part / whole).expect("a part of an amount is one"))
    }
}

/// What came of an offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OfferFate {
    /// The account class that it trades in, by position in the policy.
    pub class: Option<usize>,
    /// What is asked for all of it, told up to [`MONEY_MAX`](crate::money::MONEY_MAX); an offer that asks more does not enter.
    pub ask: Money,
    /// How much was sold, in base units, where it was a part of what is offered.
    pub part: Option<u64>,
    /// What the seller gets where it sold, else why it did not.
    pub result: Result<Money, Lost>,
}

/// Why a bid won nothing, or an offer sold nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lost {
    /// One of its accounts is in no class, or they are in several.
    NotTraded,
    /// Its bidder's service class does not trade there.
    NotTrader,
    /// One of its accounts has no limit at some time of its term, so there is nothing to sell; of a node class, at each node.
    Unlimited,
    /// A term is too short, too long, or starts before the round or too far ahead of it.
    Term,
    /// More groups, bundles, goods or money than a bidder may put into a round; or it asks for more than an amount.
    Limits,
    /// More than the bidder has, together with what its other groups may owe, or a group whose fee it does not have.
    Budget,
    /// Less is offered than it asks for, or one bidder may win less than it would win with this; or it offers more than may trade.
    Supply,
    /// It offers nothing, or less than the reserve price.
    Reserve,
    /// The format takes one bid or offer of a party, or one group, and there are more; or one bundle, and a bid on a node class is
    /// for one of several.
    SeveralBids,
    /// The format takes no offers: what the fleet has is let.
    NoOffers,
    /// Another bid of its group won in an account class that was cleared before, or came first at a posted price.
    GroupWon,
    /// Others offer more for what there is, or ask less.
    Outbid,
    /// It would pay the posted price, or states as much for as much as one that won, and the lot put others first.
    Lot,
    /// It would trade at the prices of the round, and does not: with bundles, prices need not tell who trades.
    Paradox,
    /// The rule could not settle the round, so nobody won.
    Unsettled,
}

impl Lost {
    /// Every reason, in the order in which they are looked for.
    pub const ALL: [Lost; 15] = [
        Lost::NotTraded,
        Lost::NotTrader,
        Lost::Unlimited,
        Lost::Term,
        Lost::Limits,
        Lost::Budget,
        Lost::Supply,
        Lost::Reserve,
        Lost::SeveralBids,
        Lost::NoOffers,
        Lost::GroupWon,
        Lost::Outbid,
        Lost::Lot,
        Lost::Paradox,
        Lost::Unsettled,
    ];

    /// Reasons of what was compared with others: what has another took no part in the choice.
    pub const COMPARED: [Lost; 4] = [Lost::Outbid, Lost::Lot, Lost::Paradox, Lost::Unsettled];

    /// Whether a reason in a table is one of [`Lost::COMPARED`], or there is none because it won.
    #[must_use]
    pub fn was_compared(reason: Option<&str>) -> bool {
        reason.is_none_or(|reason| Lost::COMPARED.iter().any(|lost| lost.name() == reason))
    }

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Lost::NotTraded => "not-traded",
            Lost::NotTrader => "not-a-trader",
            Lost::Unlimited => "unlimited",
            Lost::Term => "term",
            Lost::Limits => "limits",
            Lost::Budget => "budget",
            Lost::Supply => "supply",
            Lost::Reserve => "reserve",
            Lost::SeveralBids => "several-bids",
            Lost::NoOffers => "no-offers",
            Lost::GroupWon => "group-won",
            Lost::Outbid => "outbid",
            Lost::Lot => "lot",
            Lost::Paradox => "paradox",
            Lost::Unsettled => "unsettled",
        }
    }
}
