//! Tables of files as the messages of a book.

use lessor_datasets::table::{BALANCES, BIDS, DatasetError, OFFERS, POSTED, REVOCATIONS, StatedRow, read_stated};
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
/// A file that is not of its table, and words that messages have no field for: there a misspelled one would be another, or none.
pub(super) fn parts(args: &MarketClearArgs) -> Result<Vec<ClearBookRequest>, DatasetError> {
    let mut messages = Messages::<ClearBookRequest>::new();
    let types = cells::place_types();
    read_stated(&args.book, &BIDS, |row| {
        messages.push(bid(row, &types)?, |part| &mut part.bids);
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

/// The account of a row; its owner is of one of these types.
fn account(row: &StatedRow<'_>, types: &[&'static str]) -> Result<Account, DatasetError> {
    let kind = row.word("kind", &Kind::ALL.map(Kind::name))?;
    Ok(cells::account([row.text("owner"), row.word("owner_type", types)?, kind]))
}

fn bid(row: &StatedRow<'_>, types: &[&'static str]) -> Result<BidRow, DatasetError> {
    let service = row.word("service", &ServiceClass::ALL.map(ServiceClass::name))?;
    Ok(BidRow {
        bid: text(row, "bid"),
        bidder: text(row, "bidder"),
        group: name(row, "group")?,
        service_class: cells::class_of(service).into(),
        amount_micro_credits: row.integer("amount"),
        account: Some(account(row, types)?),
        quantity: row.integer("quantity").unwrap_or_default(),
        start_time: time(row, "start"),
        end_time: time(row, "end"),
        divisible: row.flag("divisible").unwrap_or_default(),
        level: cells::level_of(row.text("owner_type")).into(),
    })
}

fn offer(row: &StatedRow<'_>) -> Result<OfferRow, DatasetError> {
    Ok(OfferRow {
        offer: text(row, "offer"),
        seller: text(row, "seller"),
        account: Some(account(row, &OWNER_TYPES)?),
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
    let side = |column| i64::try_from(row.integer(column).unwrap_or_default()).unwrap_or(i64::MAX);
    Ok(PostedPrice {
        account: Some(account(row, &OWNER_TYPES)?),
        price: row.integer("price"),
        excess: side("excess") - side("shortfall"),
        excesses: text(row, "excesses"),
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
