//! The words of the ledger.

use std::fmt;

use crate::money::Money;

/// Who has a balance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Party {
    /// Who brings credits into being; below zero by what all others have.
    Issuer,
    /// Who runs the market: buyers pay it, it pays sellers.
    Operator,
    /// Who bids and holds leases.
    Holder(HolderId),
    /// Who offers.
    Seller(SellerId),
}

/// A holder, by its position in a list that the caller keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HolderId(pub u32);

/// A seller, by its position in a list that the caller keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SellerId(pub u32);

/// A round; later rounds have greater ids.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoundId(pub u64);

/// What a transfer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Purpose {
    /// Credits come into being: from the issuer to anyone.
    Issue,
    /// Credits cease to be: from anyone to the issuer.
    Withdrawal,
    /// A holder pays for what it won.
    Payment,
    /// The operator pays a seller for what was let.
    Proceeds,
    /// A holder or a seller pays the operator for taking part.
    Fee,
    /// A seller gives the operator back what it was paid for time that is not served.
    Return,
    /// The operator returns a payment.
    Refund,
    /// The operator pays a holder whose lease was revoked.
    Compensation,
}

/// Money that moves from one party to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transfer {
    /// Who gives it.
    pub from: Party,
    /// Who gets it.
    pub to: Party,
    /// How much: nothing to [`MONEY_MAX`](crate::money::MONEY_MAX).
    pub amount: Money,
    /// What for.
    pub purpose: Purpose,
}

/// A transfer as it was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number; each entry's is one above that of the entry before.
    pub sequence: u64,
    /// The round that it settles.
    pub round: RoundId,
    /// What moved.
    pub transfer: Transfer,
    /// What its giver has afterwards, in micro-credits.
    pub from_after: i128,
    /// What its receiver has afterwards, in micro-credits.
    pub to_after: i128,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: [Purpose; 8] = [
        Purpose::Issue,
        Purpose::Withdrawal,
        Purpose::Payment,
        Purpose::Proceeds,
        Purpose::Fee,
        Purpose::Return,
        Purpose::Refund,
        Purpose::Compensation,
    ];

    /// The name used in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Purpose::Issue => "issue",
            Purpose::Withdrawal => "withdrawal",
            Purpose::Payment => "payment",
            Purpose::Proceeds => "proceeds",
            Purpose::Fee => "fee",
            Purpose::Return => "return",
            Purpose::Refund => "refund",
            Purpose::Compensation => "compensation",
        }
    }

    /// Whether money may move so for this purpose.
    #[must_use]
    pub const fn allows(self, from: Party, to: Party) -> bool {
        use Party::{Holder, Issuer, Operator, Seller};
        match self {
            Purpose::Issue => matches!((from, to), (Issuer, Operator | Holder(_) | Seller(_))),
            Purpose::Withdrawal => matches!((from, to), (Operator | Holder(_) | Seller(_), Issuer)),
            Purpose::Payment => matches!((from, to), (Holder(_), Operator)),
            Purpose::Proceeds => matches!((from, to), (Operator, Seller(_))),
            Purpose::Fee => matches!((from, to), (Holder(_) | Seller(_), Operator)),
            Purpose::Return => matches!((from, to), (Seller(_), Operator)),
            Purpose::Refund | Purpose::Compensation => matches!((from, to), (Operator, Holder(_))),
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Issuer => f.write_str("the issuer"),
            Party::Operator => f.write_str("the operator"),
            Party::Holder(HolderId(id)) => write!(f, "holder {id}"),
            Party::Seller(SellerId(id)) => write!(f, "seller {id}"),
        }
    }
}
