//! A round as it comes from files: a book, a supply and a policy.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use lessor_datasets::table::{
    BidGood, BidRows, OfferRows, PostedRow, TABLES, read_bids, read_fleet, read_offers, read_posted,
};
use lessor_market::book::{BidderIndex, GroupIndex};
use lessor_market::money::Money;
use lessor_market::policy::{Policy, Reserve};
use lessor_market::posted::{Standing, UnitPrice};
use lessor_market::preemption::Revocation;
use lessor_market::session::catalog::{Ground, Wish};
use lessor_market::session::posted_prices::PostedPrices;
use lessor_market::session::{AccountBid, AccountOffer, OfferedGood, Session, earliest_start};
use lessor_models::fleet::Fleet;
use lessor_models::instance::Instance;
use lessor_models::objective::Weights;
use lessor_models::time::Timestamp;

use super::error::MarketError;
use super::parties::{FLEET, Parties};
use super::policy_file;
use super::purses::{self, Purses};
use super::record::{Record, RoundPaths};
use super::standing_plan::StandingPlan;
use crate::command_error::CommandError;
use crate::plan::hashed_file::{HashedFile, hash_all};

/// Everything that a round is a function of.
#[derive(Debug)]
pub(super) struct Round {
    /// The fleet, as an instance without jobs.
    pub(super) instance: Instance,
    /// The rules.
    pub(super) policy: Policy,
    /// The bids as the table has them.
    pub(super) rows: Vec<BidRows>,
    /// The bids as the market has them, in the same order.
    pub(super) bids: Vec<AccountBid>,
    /// The offers as the table has them; none where there is no table.
    pub(super) offer_rows: Vec<OfferRows>,
    /// The table of offers, where there is one.
    pub(super) offers_path: Option<PathBuf>,
    /// The offers as the market has them, in the same order.
    pub(super) offers: Vec<AccountOffer>,
    /// Who bids.
    pub(super) bidders: usize,
    /// Names of all who take part.
    pub(super) parties: Parties,
    /// What runs, and what it makes accounts worth.
    pub(super) plan: StandingPlan,
    /// The posted prices that the round before left.
    pub(super) posted: PostedPrices,
    /// What parties have, where that is told.
    pub(super) purses: Option<Purses>,
    /// What each bidder has for the round, where that is told.
    pub(super) budgets: Option<Vec<i128>>,
    /// Leases that were revoked since the round before.
    pub(super) revocations: Vec<Revocation>,
    /// When the round takes place: what is stated, else the earliest start of a bid that enters its market.
    pub(super) at: Timestamp,
    /// Whether that is stated.
    at_is_stated: bool,
    /// The input files.
    pub(super) files: Vec<HashedFile>,
}

impl Round {
    /// Reads the inputs.
    ///
    /// # Errors
    /// The first file that cannot be used, with its row or line.
    pub(super) fn read(paths: &RoundPaths) -> Result<Round, CommandError> {
        let policy = policy_file::read(&paths.policy)?;
        if !paths.supply.is_dir() {
            return Err(MarketError::NoSupply { path: paths.supply.clone() }.into());
        }
        let fleet = read_fleet(&paths.supply)?;
        let rows = read_bids(&paths.book, &fleet)?;
        if rows.is_empty() {
            return Err(MarketError::NoBid { path: paths.book.clone() }.into());
        }
        let instance = Instance::new(fleet, Vec::new(), Vec::new(), Weights::default());
        let instance = instance.expect("without jobs there is nothing to refuse");
        let mut parties = Parties::new();
        let bids = indexed(&rows, &mut parties);
        let bidders = parties.holder_count();
        let offer_rows = match &paths.offers {
            Some(path) => sellers_apart(path, read_offers(path, instance.fleet())?)?,
            None => Vec::new(),
        };
        let offers = offer_rows.iter().map(|rows| offer(rows, &mut parties)).collect();
        let starts = rows.iter().flat_map(|bid| &bid.goods).map(|good| good.interval.start);
        let first = starts.min().expect("a bid has at least one good");
        let plan = match &paths.plan {
            Some(dir) => StandingPlan::read(dir, instance.fleet(), &policy)?,
            None => StandingPlan::default(),
        };
        let purses = paths.balances.as_ref().map(|path| Purses::read(path, &mut parties)).transpose()?;
        let revoked = paths.revoked.as_ref().map(|path| purses::revocations(path, &mut parties)).transpose()?;
        let budgets = purses.as_ref().map(|purses| purses.budgets(parties.holder_count()));
        let posted = match &paths.posted {
            Some(path) => posted(path, instance.fleet())?,
            None => PostedPrices::new(),
        };
        let files = hash_all(&input_files(paths))?;
        let mut round = Round {
            instance,
            policy,
            rows,
            bids,
            offer_rows,
            offers_path: paths.offers.clone(),
            offers,
            bidders,
            parties,
            plan,
            posted,
            purses,
            budgets,
            revocations: revoked.unwrap_or_default(),
            at: paths.at_us.map_or(first, Timestamp),
            at_is_stated: paths.at_us.is_some(),
            files,
        };
        if !round.at_is_stated {
            round.at = earliest_start(&round.session()).unwrap_or(first);
        }
        Ok(round)
    }

    /// The round of a record, read again.
    ///
    /// # Errors
    /// An input that is gone, cannot be read, or is not what it was.
    pub(super) fn again(record: &Record) -> Result<Round, CommandError> {
        let round = Round::read(&record.inputs)?;
        let changed =
            |file: &&HashedFile| !round.files.iter().any(|now| now.table == file.table && now.blake3 == file.blake3);
        match record.files.iter().find(changed) {
            Some(file) => Err(MarketError::Changed { path: file.path.clone() }.into()),
            None => Ok(round),
        }
    }

    /// The round as the market takes it.
    pub(super) fn session(&self) -> Session<'_> {
        let ground = Ground {
            fleet: self.instance.fleet(),
            holdings: &self.plan.holdings,
            seeds: &self.plan.seeds,
            posted: &self.posted,
        };
        Session {
            ground,
            policy: &self.policy,
            at: self.at,
            bids: &self.bids,
            offers: &self.offers,
            budgets: self.budgets.as_deref(),
        }
    }

    /// What an outcome is the outcome of: a hash over the hashes of all inputs, the seed, and the round's instant where it is
    /// stated.
    pub(super) fn hash(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for file in &self.files {
            hasher.update(file.table.as_bytes()).update(&[0]).update(file.blake3.as_bytes()).update(&[0]);
        }
        hasher.update(&self.policy.rules().tie_break_seed.to_le_bytes());
        if self.at_is_stated {
            hasher.update(&self.at.0.to_le_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }

    /// The position of a bid.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.rows.iter().position(|bid| bid.name == name)
    }
}

/// The tables of a fleet that are there, the book and the policy.
fn input_files(paths: &RoundPaths) -> Vec<(&'static str, PathBuf)> {
    let of_fleet = TABLES[..5].iter().map(|table| (table.name, paths.supply.join(table.file_name())));
    let present = of_fleet.filter(|(_, path)| path.exists());
    let optional = [
        ("offers", &paths.offers),
        ("balances", &paths.balances),
        ("posted", &paths.posted),
        ("revocations", &paths.revoked),
    ];
    let optional = optional.into_iter().filter_map(|(table, path)| Some((table, path.clone()?)));
    let of_plan = paths.plan.iter().flat_map(|dir| StandingPlan::files(dir));
    present
        .chain([("bids", paths.book.clone()), ("policy", paths.policy.clone())])
        .chain(optional)
        .chain(of_plan)
        .collect()
}

/// Posted prices by account.
fn posted(path: &Path, fleet: &Fleet) -> Result<PostedPrices, CommandError> {
    let standing = |row: PostedRow| Standing { price: UnitPrice(row.price), smoothed: row.excess };
    Ok(read_posted(path, fleet)?.into_iter().map(|row| ((row.owner, row.kind), standing(row))).collect())
}

/// Offers none of whose sellers has the name that the ledger keeps for the fleet.
fn sellers_apart(path: &Path, rows: Vec<OfferRows>) -> Result<Vec<OfferRows>, MarketError> {
    match rows.iter().find(|offer| offer.seller == FLEET) {
        Some(offer) => Err(MarketError::SellerIsFleet { path: path.to_owned(), offer: offer.name.clone() }),
        None => Ok(rows),
    }
}

/// An offer with its seller by number.
fn offer(rows: &OfferRows, parties: &mut Parties) -> AccountOffer {
    let goods = rows.goods.iter().map(|offered| OfferedGood {
        wish: wish(&offered.good),
        cost: Reserve::MarginalCost {
            wear: offered.price,
            draw_mw: offered.draw_mw,
            heat_price: offered.heat_price,
            markup_permille: 0,
        },
    });
    AccountOffer { seller: parties.seller(&rows.seller), goods: goods.collect(), is_divisible: rows.is_divisible }
}

fn wish(good: &BidGood) -> Wish {
    Wish { owner: good.owner, kind: good.kind, quantity: good.quantity, interval: good.interval }
}

/// Bids with bidders and groups by number, in the order of their first appearance.
fn indexed(rows: &[BidRows], parties: &mut Parties) -> Vec<AccountBid> {
    let mut groups = BTreeMap::new();
    let bids = rows.iter().map(|row| {
        let bidder = parties.holder(&row.bidder).0;
        // A bid without a group is alone in one that no other can name.
        let key = (bidder, row.group.as_deref(), row.group.is_none().then_some(row.name.as_str()));
        let next = u32::try_from(groups.len()).expect("bids are counted in 32 bits");
        let group = *groups.entry(key).or_insert(next);
        AccountBid {
            bidder: BidderIndex(bidder),
            group: GroupIndex(group),
            service: row.service,
            amount: Money::of(row.amount.into()),
            wishes: row.goods.iter().map(wish).collect(),
            is_divisible: row.is_divisible,
        }
    });
    bids.collect()
}
