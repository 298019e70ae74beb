//! The record of a round: where its inputs are, so that they are found again, and what came out.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::error::MarketError;
use crate::plan::hashed_file::HashedFile;

/// The record's name in a market directory.
pub(crate) const RECORD: &str = "round.json";

/// `round.json`: where the inputs of an outcome are, and what came out.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Record {
    /// The format of this file.
    pub(super) format: u32,
    /// The version of the program.
    pub(super) version: String,
    /// Where the inputs are.
    pub(super) inputs: RoundPaths,
    /// The input files with their hashes.
    pub(super) files: Vec<HashedFile>,
    /// The figures.
    pub(super) figures: Figures,
    /// What came of each account class that was cleared, in the policy's order; records of versions before have none.
    #[serde(default)]
    pub(super) classes: Vec<ClassRecord>,
    /// The proof, as far as there is one.
    pub(super) certificate: Certificate,
}

/// What came of an account class. Money is in micro-credits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct ClassRecord {
    /// Its name.
    pub(super) account_class: String,
    /// What winners bid beyond the reserve prices, or beyond what sellers ask.
    pub(super) surplus: u128,
    /// No choice of winners among the bids and offers that enter it has a greater one: the lower of what the format and what prices
    /// prove.
    pub(super) bound: u128,
    /// Why nothing was settled, where nothing was.
    pub(super) unsettled: Option<String>,
}

/// Where the inputs of a round are, and when it takes place.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct RoundPaths {
    /// The book.
    pub(super) book: PathBuf,
    /// The fleet directory.
    pub(super) supply: PathBuf,
    /// The policy.
    pub(super) policy: PathBuf,
    /// The offers, where there are any.
    #[serde(default)]
    pub(super) offers: Option<PathBuf>,
    /// The directory of the plan that runs, where one does.
    #[serde(default)]
    pub(super) plan: Option<PathBuf>,
    /// What parties have, where that is told.
    #[serde(default)]
    pub(super) balances: Option<PathBuf>,
    /// Posted prices of the round before, where they are told.
    #[serde(default)]
    pub(super) posted: Option<PathBuf>,
    /// Leases that were revoked, where there are any.
    #[serde(default)]
    pub(super) revoked: Option<PathBuf>,
    /// When the round takes place, in microseconds since 1970, where that is told.
    #[serde(default)]
    pub(super) at_us: Option<i64>,
}

impl RoundPaths {
    /// The same, from the root.
    pub(super) fn absolute(&self) -> RoundPaths {
        let absolute = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let given = |path: &Option<PathBuf>| path.as_deref().map(absolute);
        RoundPaths {
            book: absolute(&self.book),
            supply: absolute(&self.supply),
            policy: absolute(&self.policy),
            offers: given(&self.offers),
            plan: given(&self.plan),
            balances: given(&self.balances),
            posted: given(&self.posted),
            revoked: given(&self.revoked),
            at_us: self.at_us,
        }
    }

    /// Every file and directory that is read.
    pub(super) fn all(&self) -> Vec<PathBuf> {
        let optional = [&self.offers, &self.plan, &self.balances, &self.posted, &self.revoked].into_iter().flatten();
        [&self.book, &self.supply, &self.policy].into_iter().chain(optional).cloned().collect()
    }
}

/// What came out of a round. Money is in micro-credits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Figures {
    /// Bids of the book.
    pub(crate) bids: usize,
    /// Who bid.
    pub(crate) bidders: usize,
    /// Bids that won.
    pub(crate) winners: usize,
    /// Offers of the round.
    pub(crate) offers: usize,
    /// Offers of which something is sold.
    pub(crate) sales: usize,
    /// What winners bid.
    pub(crate) value: u128,
    /// What winners pay.
    pub(crate) revenue: u128,
    /// What winners bid beyond the reserve prices.
    pub(crate) surplus: u128,
    /// The surplus over its bound; `null` where nothing was settled.
    pub(crate) efficiency: Option<f64>,
    /// Fees that the operator takes.
    pub(crate) fees: u128,
    /// What the operator has afterwards; below zero where it adds to what sellers get.
    pub(crate) operator: i128,
    /// The seed of the lot between equal bids.
    pub(crate) tie_break_seed: u64,
    /// Classes whose payment rule could not settle, with the reason.
    pub(crate) unsettled: Vec<String>,
    /// Accounts whose posted price swings, in order.
    #[serde(default)]
    pub(crate) swinging: Vec<Swinging>,
    /// Exact payments in classes of sealed bids, by class and bidder.
    #[serde(default)]
    pub(crate) exact_payments: Vec<ExactPayment>,
}

/// An account whose posted price is too dear and too cheap in turn, and no less so than before.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Swinging {
    /// The account, in words.
    pub(crate) account: String,
    /// Its account class.
    pub(crate) account_class: String,
    /// The gain by which its price is steered, in thousandths.
    pub(crate) gain_permille: u32,
    /// What would let it settle.
    pub(crate) cure: String,
}

impl Swinging {
    /// The same in a sentence.
    pub(crate) fn words(&self) -> String {
        format!("the posted price of {} swings: {}", self.account, self.cure)
    }
}

/// What a bidder owes in an account class before it is rounded up to whole micro-credits.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct ExactPayment {
    /// The account class.
    pub(crate) account_class: String,
    /// Who owes it.
    pub(crate) bidder: String,
    /// Micro-credits with six decimals, as text: a number of JSON may hold fewer digits.
    pub(crate) payment: String,
}

/// What can be held against a round without clearing it again.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Certificate {
    /// BLAKE3 over the hashes of supply, policy and plan, what the tables of the round say, and the seed: the same whether files or
    /// a call say it.
    pub(crate) inputs_blake3: String,
    /// The surplus reached.
    pub(crate) surplus: u128,
    /// No choice of winners among the bids that enter each class has a greater one: of each class the lower of what its format and
    /// what prices prove. Always there, but in records of versions of which some formats had none.
    pub(crate) bound: Option<u128>,
    /// The bound that supporting prices prove, evaluated apart: those of `prices.parquet`, where no rule has one price for all.
    pub(crate) price_bound: u128,
    /// `(bound - surplus) / max(1, bound)`; `null` where nothing was settled.
    pub(crate) gap: Option<f64>,
    /// The most that an account is overdrawn, in base units.
    pub(crate) overdrawn: u128,
    /// The most that one bidder wins beyond what one may, in base units.
    pub(crate) above_holder_cap: u128,
    /// XOR groups with more than one winner.
    pub(crate) groups_broken: u64,
    /// Bids on a node class that won at no node of it, and others that won at a node that they do not name.
    #[serde(default)]
    pub(crate) misplaced: u64,
    /// The most that anyone pays beyond its bid.
    pub(crate) above_bid: i64,
    /// The most that anyone pays less than the reserve price of what it wins.
    #[serde(default)]
    pub(crate) below_reserve: i128,
    /// The most that anyone pays beyond the price cap of what it wins.
    #[serde(default)]
    pub(crate) above_cap: i128,
    /// The most that a seller gets less than it asks.
    pub(crate) below_ask: i64,
    /// The most that anyone pays or gets beside the price that all pay, where a rule has one, beyond rounding.
    #[serde(default)]
    pub(crate) off_price: u128,
    /// By how much the surplus is not what bids, awards and sales come to.
    #[serde(default)]
    pub(crate) off_surplus: u128,
    /// By how much transfers differ from what awards and sales say, all of them together.
    pub(crate) unbalanced: u128,
    /// What the best coalition could pay the seller beyond the revenue; `null` where that is not proved, or nothing was settled.
    pub(crate) core_violation: Option<u128>,
    /// Misreports of bidders that were tried.
    pub(crate) misreports: u32,
    /// Misreports of sellers that were tried.
    #[serde(default)]
    pub(crate) seller_misreports: u32,
    /// Misreports that the budget of work did not suffice for.
    pub(crate) misreports_unfinished: u32,
    /// Whether the deadline came before all misreports of the sample were tried: a faster machine may find more.
    pub(crate) misreports_cut: bool,
    /// The most that a bidder's would have gained; `null` where nothing was settled.
    pub(crate) regret: Option<i64>,
    /// The most that a seller's would have gained; `null` where none was tried.
    #[serde(default)]
    pub(crate) seller_regret: Option<i64>,
}

impl Record {
    /// Reads the record of a market directory.
    ///
    /// # Errors
    /// A file that is not there, or not such a record.
    pub(super) fn read(dir: &Path) -> Result<Record, MarketError> {
        let path = dir.join(RECORD);
        let text = fs::read_to_string(&path).map_err(|source| MarketError::Read { path: path.clone(), source })?;
        serde_json::from_str(&text).map_err(|source| MarketError::Parse { path, source })
    }
}
