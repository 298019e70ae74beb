//! A round that is cleared, settled and looked at again, and what tables say of it. A function of the round until a stop is raised:
//! nothing here knows of files or calls.

use std::collections::BTreeSet;

use lessor_datasets::table::{AwardRow, BalanceRow, EntryRow, PostedRow, RoundPrice, SaleRow};
use lessor_market::book::GoodIndex;
use lessor_market::money::Money;
use lessor_market::policy::Format;
use lessor_market::preemption;
use lessor_market::session::catalog::ListedGood;
use lessor_market::session::check::{self, Residuals, residuals};
use lessor_market::session::posted_prices::{self, PostedPrice, PostedPrices};
use lessor_market::session::supporting_prices::{self, SupportingPrices};
use lessor_market::session::{ClassOutcome, Fate, OfferFate, Progress, SessionError, SessionOutcome, clear_and_tell};
use lessor_market::session::{posting, probe};
use lessor_market::settlement::{
    Entry, HolderId, Ledger, Party, Purpose, Receipt, RoundId, SettleError, Transfer, audit,
};
use lessor_models::fleet::Owner;
use lessor_models::plan::Price;
use lessor_models::resources::Kind;
use lessor_models::words::millionths;
use lessor_solver::support::stop::Stop;

use super::error::MarketError;
use super::purses;
use super::record::{Certificate, ClassRecord, ExactPayment, Figures};
use super::round::Round;
use super::swinging::swinging;

/// The number of a first round; where nobody says what bidders have, round 0 issues what they may owe.
const FIRST: RoundId = RoundId(1);

/// Tenths of a round's time after which its winners and payments, and then what its certificate samples, are as far as they came.
pub(crate) const TENTHS: [u32; 2] = [7, 9];

/// A round with all that is said of it.
#[derive(Debug)]
pub(crate) struct Cleared {
    /// What came of bids and offers.
    pub(super) outcome: SessionOutcome,
    /// What parties have afterwards.
    pub(crate) balances: Vec<BalanceRow>,
    /// What moved between them.
    pub(super) entries: Vec<Entry>,
    /// Prices of each class.
    pub(super) prices: Vec<SupportingPrices>,
    /// The posted prices of the next round.
    posted: PostedPrices,
    /// The figures.
    pub(crate) figures: Figures,
    /// What came of each account class.
    pub(super) classes: Vec<ClassRecord>,
    /// The proof.
    pub(crate) certificate: Certificate,
}

/// Clears, settles, and looks at everything again; tells how far it is until everybody is settled.
///
/// # Errors
/// A round that the market refuses, that the ledger does not settle, or that its second look refuses.
pub(crate) fn cleared(
    round: &Round,
    solving: &Stop,
    probing: &Stop,
    tell: &mut (dyn FnMut(Progress) + Send),
) -> Result<Cleared, MarketError> {
    let session = round.session();
    let outcome = clear_and_tell(&session, solving, tell).map_err(|error| named(round, error))?;
    let mut transfers = posting::transfers(&session, &outcome);
    let sellers = purses::sellers(round.purses.as_ref(), &transfers);
    transfers.extend(preemption::transfers(&round.policy.rules().preemption, &round.revocations, sellers));
    let found = residuals(&session, &outcome, &transfers);
    if !found.are_zero() {
        return Err(MarketError::Refused { what: broken(&found) });
    }
    let (number, ledger, entries) = settle(round, &transfers)?;
    let balances = purses::rows(&ledger, round.purses.as_ref(), number, &round.parties)?;
    let prices: Vec<SupportingPrices> =
        outcome.classes.iter().map(|class| supporting_prices::find(&session, &outcome, class, probing)).collect();
    let classes = classes(round, &outcome, &prices)?;
    let certificate = certificate(round, &outcome, (&found, &prices, &classes), probing)?;
    let posted = posted_prices::after(&session, &outcome);
    let figures = figures(round, (&outcome, &certificate, &posted), &entries, ledger.balance(Party::Operator))?;
    Ok(Cleared { outcome, balances, entries, prices, posted, figures, classes, certificate })
}

/// Why a round is not cleared, with the offer by its name.
fn named(round: &Round, error: SessionError) -> MarketError {
    match (error, &round.offers_path) {
        (SessionError::Proceeds { offer, gets }, Some(path)) => {
            MarketError::BeyondProceeds { path: path.clone(), offer: round.offer_rows[offer].name.clone(), gets }
        }
        (error, _) => MarketError::Session(error),
    }
}

/// The rules that do not hold, by the names that a certificate has for them.
fn broken(found: &Residuals) -> String {
    let all = [
        ("overdrawn", i128::try_from(found.overdrawn).unwrap_or(i128::MAX)),
        ("above_holder_cap", i128::try_from(found.above_holder_cap).unwrap_or(i128::MAX)),
        ("groups_broken", found.groups_broken.into()),
        ("misplaced", found.misplaced.into()),
        ("above_bid", found.above_bid.into()),
        ("below_reserve", found.below_reserve),
        ("above_cap", found.above_cap),
        ("below_ask", found.below_ask.into()),
        ("off_price", i128::try_from(found.off_price).unwrap_or(i128::MAX)),
        ("off_surplus", i128::try_from(found.off_surplus).unwrap_or(i128::MAX)),
        ("unbalanced", i128::try_from(found.unbalanced).unwrap_or(i128::MAX)),
    ];
    let words =
        all.into_iter().filter(|residual| residual.1 != 0).map(|(name, value)| format!("{name} is {value}, not 0"));
    words.collect::<Vec<_>>().join("; ")
}

/// Posts a round to the ledger that goes on from the balances before, or to a new one in which bidders have what they may owe.
fn settle(round: &Round, transfers: &[Transfer]) -> Result<(RoundId, Ledger, Vec<Entry>), MarketError> {
    let rules = round.policy.rules();
    let (mut ledger, number, issued) = match &round.purses {
        Some(purses) => {
            let number = RoundId(purses.last.0.saturating_add(1));
            let ledger = Ledger::carried_on(rules.deficit_max, &purses.balances, purses.last);
            (ledger.map_err(|error| unsettled(round, error))?, number, Vec::new())
        }
        None => (Ledger::new(rules.deficit_max), FIRST, posting::issues(&rules.fees, &round.bids)),
    };
    let before = ledger.balances().collect();
    let mut entries = Vec::new();
    for (number, transfers) in [(RoundId(0), issued.as_slice()), (number, transfers)] {
        if number == RoundId(0) && transfers.is_empty() {
            continue;
        }
        if let Receipt::Posted(posted) = ledger.settle(number, transfers).map_err(|error| unsettled(round, error))? {
            entries.extend(posted);
        }
    }
    let audited = audit(&before, &entries).map_err(|defect| MarketError::Refused { what: defect.to_string() })?;
    if audited.values().sum::<i128>() != 0 || !audited.into_iter().eq(ledger.balances()) {
        return Err(MarketError::Refused {
            what: "the entries do not lead to the balances, or those not to zero".to_owned(),
        });
    }
    Ok((number, ledger, entries))
}

/// Why the ledger refuses, with the party by its name, and of the operator what lets it owe more.
fn unsettled(round: &Round, error: SettleError) -> MarketError {
    match error {
        SettleError::Overspent { party: Party::Operator, short } => {
            let deficit_max = round.policy.rules().deficit_max.0;
            let file = round.policy_path.as_ref().map(|path| path.display().to_string());
            let policy = file.unwrap_or_else(|| "the policy".to_owned());
            MarketError::Deficit { policy, deficit_max, below: i128::from(deficit_max) + short }
        }
        SettleError::Overspent { party, short } => MarketError::Short { party: round.parties.name(party), short },
        other => MarketError::Settle(other),
    }
}

fn figures(
    round: &Round,
    (outcome, certificate, posted): (&SessionOutcome, &Certificate, &PostedPrices),
    entries: &[Entry],
    operator: i128,
) -> Result<Figures, MarketError> {
    let won = || outcome.fates.iter().filter_map(|fate| Some((fate, fate.result.ok()?)));
    let micro = |amount: Money| u128::from(amount.micro_credits());
    let bids = round.bids.iter().zip(&outcome.fates).filter(|(_, fate)| fate.result.is_ok());
    let (value, counted) =
        (bids.map(|(bid, fate)| micro(fate.worth(bid))).sum(), check::value(&round.session(), &outcome.fates));
    if value != counted {
        return Err(MarketError::Refused { what: format!("what winners bid is stated as {value} and is {counted}") });
    }
    let fees = entries.iter().map(|entry| entry.transfer).filter(|transfer| transfer.purpose == Purpose::Fee);
    let reached = certificate.bound.filter(|_| !outcome.settled_nothing());
    Ok(Figures {
        bids: round.bids.len(),
        bidders: round.bidders,
        winners: won().count(),
        offers: round.offers.len(),
        sales: outcome.offer_fates.iter().filter(|fate| fate.result.is_ok()).count(),
        value,
        revenue: won().map(|(_, paid)| micro(paid)).sum(),
        surplus: certificate.surplus,
        // Where nothing can be had, all of it is.
        efficiency: reached.map(|bound| if bound == 0 { 1.0 } else { certificate.surplus as f64 / bound as f64 }),
        fees: fees.map(|fee| micro(fee.amount)).sum(),
        operator,
        tie_break_seed: round.policy.rules().tie_break_seed,
        swinging: swinging(round, posted),
        unsettled: outcome.classes.iter().filter_map(|class| Some(class.unsettled?.to_string())).collect(),
        exact_payments: outcome.classes.iter().flat_map(|class| exact_payments(round, class)).collect(),
    })
}

/// What each winner of a class of sealed bids owes exactly.
fn exact_payments<'a>(round: &'a Round, class: &'a ClassOutcome) -> impl Iterator<Item = ExactPayment> + 'a {
    let account_class = &round.policy.rules().classes[class.class].name;
    class.exact_payments.iter().map(|(bidder, exact)| ExactPayment {
        account_class: account_class.clone(),
        bidder: round.parties.holder_name(HolderId(bidder.0)).to_owned(),
        payment: millionths(i128::try_from(*exact).unwrap_or(i128::MAX)),
    })
}

/// What came of each class, with the bound on its surplus: the lower of what its format proves and what prices do.
///
/// # Errors
/// A class with more surplus than its bound.
fn classes(
    round: &Round,
    outcome: &SessionOutcome,
    prices: &[SupportingPrices],
) -> Result<Vec<ClassRecord>, MarketError> {
    let of_class = |(class, prices): (&ClassOutcome, &SupportingPrices)| {
        let bound = class.bound.map_or(prices.bound, |bound| bound.min(prices.bound));
        if class.surplus > bound {
            let what = format!("the surplus of a class is {} and its bound {bound}", class.surplus);
            return Err(MarketError::Refused { what });
        }
        Ok(ClassRecord {
            account_class: round.policy.rules().classes[class.class].name.clone(),
            surplus: class.surplus,
            bound,
            unsettled: class.unsettled.map(|why| why.to_string()),
        })
    };
    outcome.classes.iter().zip(prices).map(of_class).collect()
}

fn certificate(
    round: &Round,
    outcome: &SessionOutcome,
    (found, prices, classes): (&Residuals, &[SupportingPrices], &[ClassRecord]),
    probing: &Stop,
) -> Result<Certificate, MarketError> {
    let session = round.session();
    let core_violation = probe::core_violation(&session, outcome, probing)?;
    let regret = probe::regret(&session, outcome, probing);
    let surplus: u128 = classes.iter().map(|class| class.surplus).sum();
    let bound: u128 = classes.iter().map(|class| class.bound).sum();
    // What could not be settled is no outcome to hold against a bound.
    let gap = (!outcome.settled_nothing()).then(|| (bound - surplus) as f64 / bound.max(1) as f64);
    Ok(Certificate {
        inputs_blake3: round.hash.clone(),
        surplus,
        bound: Some(bound),
        price_bound: prices.iter().map(|prices| prices.bound).sum(),
        gap,
        overdrawn: found.overdrawn,
        above_holder_cap: found.above_holder_cap,
        groups_broken: found.groups_broken,
        misplaced: found.misplaced,
        above_bid: found.above_bid,
        below_reserve: found.below_reserve,
        above_cap: found.above_cap,
        below_ask: found.below_ask,
        off_price: found.off_price,
        off_surplus: found.off_surplus,
        unbalanced: found.unbalanced,
        core_violation,
        misreports: regret.bidders.count,
        seller_misreports: regret.sellers.count,
        misreports_unfinished: regret.unfinished,
        misreports_cut: regret.is_cut,
        regret: (!outcome.settled_nothing()).then_some(regret.bidders.most),
        seller_regret: (regret.sellers.count > 0).then_some(regret.sellers.most),
    })
}

/// What came of each bid.
pub(crate) fn awards(round: &Round, cleared: &Cleared) -> Vec<AwardRow> {
    (0..round.rows.len()).map(|bid| award(round, bid, &cleared.outcome.fates[bid])).collect()
}

/// What came of each offer.
pub(crate) fn sales(round: &Round, cleared: &Cleared) -> Vec<SaleRow> {
    (0..round.offers.len()).map(|offer| sale(round, offer, &cleared.outcome.offer_fates[offer])).collect()
}

/// What moved, with parties by name.
pub(crate) fn entries(round: &Round, cleared: &Cleared) -> Vec<EntryRow> {
    cleared.entries.iter().map(|entry| entry_row(round, entry)).collect()
}

/// The price of every good that trades: what everybody pays where the rule has such prices, else the reserve price and what
/// supports the round above it. Where everybody pays for an account above as well of which no class lets anything, its price too,
/// of the first class that it limits.
pub(crate) fn prices(round: &Round, cleared: &Cleared) -> Vec<RoundPrice> {
    let classes = || cleared.outcome.classes.iter();
    let goods = classes().flat_map(|class| class.catalog.goods());
    let mut told: BTreeSet<(Owner, Kind)> =
        goods.filter(|good| good.is_of_class).map(|good| (good.owner, good.kind)).collect();
    let mut prices = Vec::new();
    for (class, supporting) in classes().zip(&cleared.prices) {
        let paid_above = |(at, good): (u32, &ListedGood)| {
            let is_paid = class.prices.get(&GoodIndex(at)).is_some_and(|&price| price > 0);
            (!good.is_of_class && is_paid).then_some((good.owner, good.kind))
        };
        let above: BTreeSet<_> = (0..).zip(class.catalog.goods()).filter_map(paid_above).collect();
        let above: BTreeSet<_> = above.difference(&told).copied().collect();
        let price = |at: u32, good: &ListedGood, above: u64| Price {
            owner: good.owner,
            kind: good.kind,
            interval: good.interval,
            price: class.price(GoodIndex(at), above),
        };
        let sold = class.handed_out(&round.bids, &cleared.outcome.fates);
        let goods = (0..).zip(class.catalog.goods()).zip(supporting.above_reserve.iter().zip(sold));
        let is_told = |good: &ListedGood| good.is_of_class || above.contains(&(good.owner, good.kind));
        let shown = goods.filter(|((_, good), _)| is_told(good));
        prices.extend(shown.map(|((at, good), (&above, sold))| RoundPrice {
            price: price(at, good, above),
            reserve: good.reserve,
            offered: good.offered,
            sold,
        }));
        told.extend(above);
    }
    prices
}

/// The posted prices of the next round, where the policy posts any.
pub(crate) fn posted(round: &Round, cleared: &Cleared) -> Option<Vec<PostedRow>> {
    if round.policy.rules().classes.iter().all(|class| class.format != Format::Posted) {
        return None;
    }
    let row = |(&(owner, kind), PostedPrice { standing, wobble }): (&(Owner, Kind), &PostedPrice)| PostedRow {
        owner,
        kind,
        price: standing.price.0,
        excess: standing.smoothed,
        excesses: wobble.excesses(),
    };
    Some(cleared.posted.iter().map(row).collect())
}

fn sale(round: &Round, offer: usize, fate: &OfferFate) -> SaleRow {
    let row = &round.offer_rows[offer];
    SaleRow {
        offer: row.name.clone(),
        seller: row.seller.clone(),
        account_class: fate.class.map(|class| round.policy.rules().classes[class].name.clone()),
        ask: fate.ask.micro_credits(),
        part: fate.part,
        proceeds: fate.result.ok().map(Money::micro_credits),
        reason: fate.result.err().map(|lost| lost.name().to_owned()),
    }
}

fn award(round: &Round, bid: usize, fate: &Fate) -> AwardRow {
    let row = &round.rows[bid];
    AwardRow {
        bid: row.name.clone(),
        bidder: row.bidder.clone(),
        group: row.group.clone(),
        account_class: fate.class.map(|class| round.policy.rules().classes[class].name.clone()),
        amount: row.amount,
        counted: fate.counted.micro_credits(),
        reserve: fate.reserve.map(Money::micro_credits),
        node: fate.node.map(|node| round.fleet.name(node).to_owned()),
        part: fate.part,
        payment: fate.result.ok().map(Money::micro_credits),
        reason: fate.result.err().map(|lost| lost.name().to_owned()),
    }
}

fn entry_row(round: &Round, entry: &Entry) -> EntryRow {
    EntryRow {
        sequence: entry.sequence,
        round: entry.round.0,
        from: round.parties.name(entry.transfer.from),
        to: round.parties.name(entry.transfer.to),
        amount: entry.transfer.amount.micro_credits(),
        purpose: entry.transfer.purpose.name().to_owned(),
    }
}
