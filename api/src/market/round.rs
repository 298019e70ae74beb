//! A round: what takes part in it, as files or callers state it, and where it is held.

use std::collections::BTreeMap;
use std::iter;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lessor_datasets::table::{
    AnywhereGoods, BidGood, BidRows, FLEET_TABLES, MOVE_COSTS, NodeGood, OfferRows, PostedRow, TableSource,
    read_balances, read_bids, read_fleet, read_offers, read_posted, read_revocations,
};
use lessor_market::book::{BidderIndex, GroupIndex};
use lessor_market::money::Money;
use lessor_market::policy::{Policy, Reserve};
use lessor_market::posted::{Standing, UnitPrice, Wobble};
use lessor_market::preemption::Revocation;
use lessor_market::session::anywhere::{Anywhere, Need};
use lessor_market::session::catalog::{Ground, Wish};
use lessor_market::session::posted_prices::{PostedPrice, PostedPrices};
use lessor_market::session::{AccountBid, AccountOffer, OfferedGood, Session, earliest_start};
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::resources::Kind;
use lessor_models::time::Timestamp;

use super::contents::Contents;
use super::error::MarketError;
use super::parties::{FLEET, Parties};
use super::policy_file;
use super::purses::{self, Purses};
use super::record::{Record, RoundPaths};
use super::standing_plan::StandingPlan;
use crate::command_error::CommandError;
use crate::plan::hashed_file::{HashedFile, hash_all};

/// Where rounds are held: on which fleet, by which rules, beside which plan.
#[derive(Debug)]
pub(crate) struct Venue {
    /// The fleet whose accounts are let.
    pub(crate) fleet: Arc<Fleet>,
    /// The rules.
    pub(crate) policy: Arc<Policy>,
    /// What runs, and what it makes accounts worth.
    pub(crate) plan: StandingPlan,
    /// The hashes of the files that say so, by name.
    pub(crate) hashes: Vec<(String, String)>,
}

/// What takes part in a round, as files or callers state it.
#[derive(Debug)]
pub(crate) struct Entrants<'p> {
    /// The bids.
    pub(crate) book: TableSource<'p>,
    /// What sellers offer, if they do.
    pub(crate) offers: Option<TableSource<'p>>,
    /// What parties have, where that is told.
    pub(crate) balances: Option<TableSource<'p>>,
    /// The posted prices that the round before left, where it did.
    pub(crate) posted: Option<TableSource<'p>>,
    /// Leases that were revoked since, if there are any.
    pub(crate) revoked: Option<TableSource<'p>>,
    /// When the round takes place, where that is told.
    pub(crate) at: Option<Timestamp>,
}

/// Everything that a round is a function of.
#[derive(Debug)]
pub(crate) struct Round {
    /// The fleet.
    pub(super) fleet: Arc<Fleet>,
    /// The rules.
    pub(super) policy: Arc<Policy>,
    /// Where they are, where they are in a file of their own.
    pub(super) policy_path: Option<PathBuf>,
    /// The bids as the table has them.
    pub(super) rows: Vec<BidRows>,
    /// The bids as the market has them, in the same order.
    pub(super) bids: Vec<AccountBid>,
    /// The offers as the table has them; none where there is no table.
    pub(super) offer_rows: Vec<OfferRows>,
    /// Where offers are, where there are any.
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
    /// What an outcome is the outcome of: a hash over the hashes of fleet, policy and plan, over what the tables say, the seed, and
    /// the round's instant where it is stated. Who states a table, a file or a caller, is no part of it.
    pub(super) hash: String,
    /// The input files, where all of them are files.
    pub(super) files: Vec<HashedFile>,
}

impl Round {
    /// A round of what takes part at a venue.
    ///
    /// # Errors
    /// The first table that cannot be used, with its row.
    pub(crate) fn new(venue: Venue, entrants: Entrants<'_>) -> Result<Round, CommandError> {
        let Venue { fleet, policy, plan, hashes } = venue;
        let mut contents = Contents::default();
        hashes.iter().for_each(|(name, hash)| contents.file(name, hash));
        let place = entrants.book.place();
        let rows = read_bids(entrants.book, &fleet)?;
        contents.bids(&rows, &fleet);
        let first = rows.iter().flat_map(BidRows::terms).map(|term| term.start).min();
        let first = first.ok_or(MarketError::NoBid { path: place })?;
        let mut parties = Parties::new();
        let bids = indexed(&rows, &mut parties);
        let bidders = parties.holder_count();
        let offers_path = entrants.offers.as_ref().map(TableSource::place);
        let offer_rows = match entrants.offers {
            Some(source) => sellers_apart(source.place(), read_offers(source, &fleet)?)?,
            None => Vec::new(),
        };
        contents.offers(&offer_rows, &fleet);
        let offers = offer_rows.iter().map(|rows| offer(rows, &mut parties)).collect();
        let balances = entrants.balances.map(read_balances).transpose()?;
        contents.stated("has balances", balances.is_some().into());
        contents.balances(balances.as_deref().unwrap_or_default());
        let purses = balances.map(|rows| Purses::of(rows, &mut parties)).transpose()?;
        let revoked = entrants.revoked.map(read_revocations).transpose()?.unwrap_or_default();
        contents.revocations(&revoked);
        let revocations = purses::revocations(revoked, &mut parties);
        let posted = entrants.posted.map(|source| read_posted(source, &fleet)).transpose()?.unwrap_or_default();
        contents.posted(&posted, &fleet);
        contents.stated("seed", policy.rules().tie_break_seed.cast_signed());
        if let Some(at) = entrants.at {
            contents.stated("at", at.0);
        }
        let budgets = purses.as_ref().map(|purses| purses.budgets(parties.holder_count()));
        let mut round = Round {
            fleet,
            policy,
            policy_path: None,
            rows,
            bids,
            offer_rows,
            offers_path,
            offers,
            bidders,
            parties,
            plan,
            posted: posted.iter().map(posted_price).collect(),
            purses,
            budgets,
            revocations,
            at: entrants.at.unwrap_or(first),
            hash: contents.hash(),
            files: Vec::new(),
        };
        if entrants.at.is_none() {
            round.at = earliest_start(&round.session()).unwrap_or(first);
        }
        Ok(round)
    }

    /// Reads the inputs from files.
    ///
    /// # Errors
    /// The first file that cannot be used, with its row or line.
    pub(super) fn read(paths: &RoundPaths) -> Result<Round, CommandError> {
        let policy = Arc::new(policy_file::read(&paths.policy)?);
        if !paths.supply.is_dir() {
            return Err(MarketError::NoSupply { path: paths.supply.clone() }.into());
        }
        let fleet = Arc::new(read_fleet(&paths.supply)?);
        let plan = match &paths.plan {
            Some(dir) => StandingPlan::read(dir, &fleet, &policy)?,
            None => StandingPlan::default(),
        };
        let of_venue = hash_all(&venue_files(paths))?;
        let hashes = of_venue.iter().map(|file| (file.table.clone(), file.blake3.clone())).collect();
        let entrants = Entrants {
            book: TableSource::File(&paths.book),
            offers: given(paths.offers.as_deref()),
            balances: given(paths.balances.as_deref()),
            posted: given(paths.posted.as_deref()),
            revoked: given(paths.revoked.as_deref()),
            at: paths.at_us.map(Timestamp),
        };
        let round = Round::new(Venue { fleet, policy, plan, hashes }, entrants)?;
        let files = of_venue.into_iter().chain(hash_all(&entrant_files(paths))?).collect();
        Ok(Round { files, policy_path: Some(paths.policy.clone()), ..round })
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
        let ground =
            Ground { fleet: &self.fleet, holdings: &self.plan.holdings, seeds: &self.plan.seeds, posted: &self.posted };
        Session {
            ground,
            policy: &self.policy,
            at: self.at,
            bids: &self.bids,
            offers: &self.offers,
            budgets: self.budgets.as_deref(),
        }
    }

    /// The fleet.
    pub(crate) fn fleet(&self) -> &Fleet {
        &self.fleet
    }

    /// The position of a bid.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.rows.iter().position(|bid| bid.name == name)
    }
}

/// A table in a file, where one is named.
fn given(path: Option<&Path>) -> Option<TableSource<'_>> {
    path.map(TableSource::File)
}

/// The tables of a fleet that are there, by name; rounds and leases move nothing that runs.
pub(crate) fn fleet_files(dir: &Path) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let tables = FLEET_TABLES.iter().filter(|table| table.name != MOVE_COSTS.name);
    tables.map(|table| (table.name, dir.join(table.file_name()))).filter(|(_, path)| path.exists())
}

/// The files that say where a round is held.
fn venue_files(paths: &RoundPaths) -> Vec<(&'static str, PathBuf)> {
    let of_plan = paths.plan.iter().flat_map(|dir| StandingPlan::files(dir));
    fleet_files(&paths.supply).chain([("policy", paths.policy.clone())]).chain(of_plan).collect()
}

/// The files that say what takes part.
fn entrant_files(paths: &RoundPaths) -> Vec<(&'static str, PathBuf)> {
    let optional = [
        ("offers", &paths.offers),
        ("balances", &paths.balances),
        ("posted", &paths.posted),
        ("revocations", &paths.revoked),
    ];
    let optional = optional.into_iter().filter_map(|(table, path)| Some((table, path.clone()?)));
    iter::once(("bids", paths.book.clone())).chain(optional).collect()
}

/// The posted price of an account.
fn posted_price(row: &PostedRow) -> ((Owner, Kind), PostedPrice) {
    let standing = Standing { price: UnitPrice(row.price), smoothed: row.excess };
    ((row.owner, row.kind), PostedPrice { standing, wobble: Wobble::of(&row.excesses) })
}

/// Offers none of whose sellers has the name that the ledger keeps for the fleet.
fn sellers_apart(path: PathBuf, rows: Vec<OfferRows>) -> Result<Vec<OfferRows>, MarketError> {
    match rows.iter().find(|offer| offer.seller == FLEET) {
        Some(offer) => Err(MarketError::SellerIsFleet { path, offer: offer.name.clone(), row: offer.row }),
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

fn anywhere(AnywhereGoods { class, goods }: &AnywhereGoods) -> Anywhere {
    let need = |good: &NodeGood| Need { kind: good.kind, quantity: good.quantity, interval: good.interval };
    Anywhere { class: *class, needs: goods.iter().map(need).collect() }
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
            anywhere: row.anywhere.as_ref().map(anywhere),
            is_divisible: row.is_divisible,
        }
    });
    bids.collect()
}
