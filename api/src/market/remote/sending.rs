//! Tables of files as the messages of a book.

use lessor_datasets::table::{
    BALANCES, BIDS, DatasetError, OFFERS, POSTED, REVOCATIONS, StatedRow, excesses_text, read_stated, stated_excesses,
    stated_place,
};
use lessor_models::job::ServiceClass;
use lessor_models::resources::Kind;

use crate::cli::MarketClearArgs;
use crate::market_service::cells::{self, OWNER_TYPES};
use crate::market_service::messages::Messages;
use crate::proto::Account;
use crate::proto::market::{Balance, BidRow, ClearBookRequest, OfferRow, PostedPrice, Revocation};
use crate::service::timestamp;

/// The messages of a book, at least one, of the files that flags name.
///
/// # Errors
/// A file that is not of its table, and cells that messages have no field for: there they would be others, or none.
pub(super) fn parts(args: &MarketClearArgs) -> Result<Vec<ClearBookRequest>, DatasetError> {
    let mut messages = Messages::<ClearBookRequest>::new();
    read_stated(&args.book, &BIDS, |row| {
        messages.push(bid(row)?, |part| &mut part.bids);
        Ok(())
    })?;
    if let Some(path) = &args.offers {
        read_stated(path, &OFFERS, |row| {
            messages.push(offer(row)?, |part| &mut part.offers);
            Ok(())
        })?;
    }
    if let Some(path) = &args.balances {
        // A table without a row says that nobody has anything, which is not the same as no table.
        messages.current().balances.get_or_insert_default();
        read_stated(path, &BALANCES, |row| {
            let last_round = row.integer("round").unwrap_or_default();
            messages.push(balance(row), |part| {
                let balances = part.balances.get_or_insert_default();
                balances.last_round = last_round;
                &mut balances.balances
            });
            Ok(())
        })?;
    }
    if let Some(path) = &args.posted {
        read_stated(path, &POSTED, |row| {
            messages.push(posted_price(row)?, |part| &mut part.posted_prices.get_or_insert_default().posted_prices);
            Ok(())
        })?;
    }
    if let Some(path) = &args.revoked {
        read_stated(path, &REVOCATIONS, |row| {
            messages.push(revocation(row)?, |part| &mut part.revocations);
            Ok(())
        })?;
    }
    Ok(messages.into_all())
}

fn text(row: &StatedRow<'_>, column: &'static str) -> String {
    row.text(column).unwrap_or_default().to_owned()
}

/// A name that may be left out; an empty one would be another than the file states.
fn name(row: &StatedRow<'_>, column: &'static str) -> Result<String, DatasetError> {
    Ok(row.name(column)?.unwrap_or_default().to_owned())
}

fn time(row: &StatedRow<'_>, column: &'static str) -> Option<prost_types::Timestamp> {
    row.time(column).map(timestamp)
}

/// The account of a row.
fn account(row: &StatedRow<'_>) -> Result<Account, DatasetError> {
    account_of(row, row.word("owner_type", &OWNER_TYPES)?)
}

/// The account of a row whose owner is of a type, or whose level stands in its place.
fn account_of(row: &StatedRow<'_>, owner_type: Option<&str>) -> Result<Account, DatasetError> {
    let kind = row.word("kind", &Kind::ALL.map(Kind::name))?;
    Ok(cells::account([row.text("owner"), owner_type, kind]))
}

fn bid(row: &StatedRow<'_>) -> Result<BidRow, DatasetError> {
    let service = row.word("service", &ServiceClass::ALL.map(ServiceClass::name))?;
    let place = stated_place(row)?;
    Ok(BidRow {
        bid: text(row, "bid"),
        bidder: text(row, "bidder"),
        group: name(row, "group")?,
        service_class: cells::class_of(service).into(),
        amount_micro_credits: row.integer("amount"),
        account: Some(account_of(row, place)?),
        quantity: row.integer("quantity").unwrap_or_default(),
        start_time: time(row, "start"),
        end_time: time(row, "end"),
        divisible: row.flag("divisible").unwrap_or_default(),
        level: cells::level_of(place).into(),
    })
}

fn offer(row: &StatedRow<'_>) -> Result<OfferRow, DatasetError> {
    Ok(OfferRow {
        offer: text(row, "offer"),
        seller: text(row, "seller"),
        account: Some(account(row)?),
        quantity: row.integer("quantity").unwrap_or_default(),
        start_time: time(row, "start"),
        end_time: time(row, "end"),
        price: row.integer("price"),
        draw_mw: row.integer("draw_mw").unwrap_or_default(),
        heat_price: row.integer("heat_price").unwrap_or_default(),
        divisible: row.flag("divisible").unwrap_or_default(),
    })
}

fn balance(row: &StatedRow<'_>) -> Balance {
    Balance {
        party: text(row, "party"),
        balance_micro_credits: row.integer("balance").unwrap_or_default(),
        owed_micro_credits: row.integer("owed").unwrap_or_default(),
        held_micro_credits: row.integer("held").unwrap_or_default(),
    }
}

fn posted_price(row: &StatedRow<'_>) -> Result<PostedPrice, DatasetError> {
    let (excess, excesses) = stated_excesses(row)?;
    Ok(PostedPrice {
        account: Some(account(row)?),
        price: row.integer("price"),
        excess,
        excesses: excesses_text(&excesses).unwrap_or_default(),
    })
}

fn revocation(row: &StatedRow<'_>) -> Result<Revocation, DatasetError> {
    Ok(Revocation {
        holder: text(row, "holder"),
        paid_micro_credits: row.integer("paid"),
        start_time: time(row, "start"),
        end_time: time(row, "end"),
        revoke_time: time(row, "revoked"),
        seller: name(row, "seller")?,
    })
}
