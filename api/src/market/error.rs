//! Why a verb of the market did nothing.

use std::path::PathBuf;

use lessor_market::session::SessionError;
use lessor_market::settlement::SettleError;

/// Why a verb of the market did nothing. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum MarketError {
    /// A supply that is not a fleet directory.
    #[error("{}: there is no fleet directory, so nothing is supplied", path.display())]
    NoSupply {
        /// The place.
        path: PathBuf,
    },
    /// A policy for a server that cannot be read.
    #[error("{}: cannot be read", path.display())]
    NoPolicy {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A book without a bid.
    #[error("{}: the book has no bid", path.display())]
    NoBid {
        /// The book.
        path: PathBuf,
    },
    /// A plan whose fleet is not the supply.
    #[error("{}: the plan is of another fleet than the supply: nodes and zones must be the same, in the same \
     order", path.display())]
    OtherFleet {
        /// The plan directory.
        path: PathBuf,
    },
    /// A balance of nobody.
    #[error("{name:?} is not operator, holder:NAME or seller:NAME")]
    UnknownParty {
        /// What is written there.
        name: String,
    },
    /// A policy that none of the fleet's accounts trades under.
    #[error("{}: no account of the fleet trades under this policy, so there is nothing to bid for", path.display())]
    NothingTrades {
        /// The policy.
        path: PathBuf,
    },
    /// A record that cannot be read.
    #[error("{}: cannot be read; is this a market directory?", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A record that is none.
    #[error("{}: not the record of a round", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// A record from before classes were recorded.
    #[error("{}: round.json has no classes, and nothing to hold the round against; clear it again", path.display())]
    NoClasses {
        /// The market directory.
        path: PathBuf,
    },
    /// An exact payment that is none.
    #[error(
        "{}: exact_payments: {bidder:?} owes {payment:?} in account_class {class:?}; it must be micro-credits with six decimals, \
         in a class of the policy",
        path.display()
    )]
    BadExact {
        /// The record.
        path: PathBuf,
        /// Who owes it.
        bidder: String,
        /// The class.
        class: String,
        /// What is written there.
        payment: String,
    },
    /// An input that is not what it was when the round was cleared.
    #[error("{}: has changed since the round was cleared; clear again", path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A bid that is not in the book.
    #[error("no bid or offer is named {name:?}; the names of bids are in {}", book.display())]
    UnknownBid {
        /// What was asked for.
        name: String,
        /// The book.
        book: PathBuf,
    },
    /// An account that has no name here.
    #[error("{name:?} is not an account of the fleet; write node:NAME:KIND or zone:NAME:KIND")]
    UnknownAccount {
        /// What was asked for.
        name: String,
    },
    /// An account that does not trade.
    #[error("{name:?} is in no account class of the policy, so it has no price")]
    NotTraded {
        /// What was asked for.
        name: String,
    },
    /// A quote for nothing.
    #[error("--quantity: must be above 0, as the quantity of a bid")]
    NoQuantity,
    /// A quote for a term that no bid may be for.
    #[error("--term: {asked} s is outside {least} to {most} s, the terms that the policy lets bids be for")]
    Term {
        /// What was asked for, in seconds.
        asked: f64,
        /// The shortest term, in seconds.
        least: f64,
        /// The longest term, in seconds.
        most: f64,
    },
    /// A quote for what is not let.
    #[error("{name:?} has nothing on offer over that time; `lessor market prices` lists what has")]
    NothingOffered {
        /// The account.
        name: String,
    },
    /// A quote for more than there is.
    #[error(
        "{name:?} has {offered} base units on offer over that time, of which one bidder may win {most}, and {asked} were asked \
     for; ask for at most so many"
    )]
    BeyondOffer {
        /// The account.
        name: String,
        /// What was asked for, in base units.
        asked: u64,
        /// What is offered, in base units.
        offered: u64,
        /// What one bidder may win of that, in base units.
        most: u64,
    },
    /// A round that cannot be cleared.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// A round that was not done when it had to be written.
    #[error(
        "{}: the time was over before the round was {doing}, and nothing was written; give more time (--deadline), or clear \
     fewer bids at once",
        book.display()
    )]
    Late {
        /// The book.
        book: PathBuf,
        /// What was not done.
        doing: &'static str,
    },
    /// Payments that the ledger refuses.
    #[error("the round was not settled")]
    Settle(#[source] SettleError),
    /// A party that would spend what it does not have.
    #[error("the round was not settled: {party} is {short} micro-credits short")]
    Short {
        /// Who, as tables write it.
        party: String,
        /// What it lacks.
        short: i128,
    },
    /// An operator that would be further below zero than its policy lets it be.
    #[error(
        "the round was not settled: {policy}, deficit_max: the operator would be {below} micro-credits below zero, and may be \
     {deficit_max}; let it be as much (deficit_max is at most 2^53), or say in --balances what the operator has"
    )]
    Deficit {
        /// The file of the policy, or what else it is in.
        policy: String,
        /// How far below zero the operator may be, in micro-credits.
        deficit_max: i64,
        /// How far below zero it would be.
        below: i128,
    },
    /// A party that would have, or owe, more than a table of balances can hold.
    #[error(
        "the round was not settled: {party} would have {balance} micro-credits, and a balance is at most 2^53 on either \
     side of zero; withdraw from what --balances says that it has, or clear fewer or lower bids at once"
    )]
    BeyondBalance {
        /// Who, as tables write it.
        party: String,
        /// What it would have, in micro-credits.
        balance: i128,
    },
    /// An offer that would get more than a table can hold.
    #[error("{}: offer {offer:?} would get {gets} micro-credits, and one offer gets at most 2^53; split it into offers of \
     less", path.display())]
    BeyondProceeds {
        /// The table.
        path: PathBuf,
        /// The offer.
        offer: String,
        /// What it would get, in micro-credits.
        gets: u128,
    },
    /// A seller by the name that the ledger keeps for the fleet.
    #[error("{}: offer {offer:?}: a seller cannot be named \"fleet\", whose proceeds are those of what the fleet lets; give \
     the seller another name", path.display())]
    SellerIsFleet {
        /// The table.
        path: PathBuf,
        /// The offer.
        offer: String,
        /// The first of its rows.
        row: usize,
    },
    /// An outcome that its second look refuses: a defect, caught before anything was written.
    #[error("the outcome was refused by its check and is not written: {what}")]
    Refused {
        /// What is wrong.
        what: String,
    },
}

impl MarketError {
    /// 1 where a check failed or nothing could be settled, 2 where input or usage is bad.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            MarketError::Refused { .. }
            | MarketError::Settle(_)
            | MarketError::Short { .. }
            | MarketError::Deficit { .. }
            | MarketError::Late { .. }
            | MarketError::BeyondBalance { .. } => 1,
            _ => 2,
        }
    }
}
