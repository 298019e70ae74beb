//! The tables of a market: a book of bids and offers, what came of each, what parties have and owe, and posted prices.

mod awards;
mod balances;
mod bids;
mod entries;
mod goods;
mod offers;
mod posted;
mod revocations;
mod sales;

pub use awards::{AWARDS, AwardRow, read_awards, write_awards};
pub use balances::{BALANCES, BalanceRow, PartyName, read_balances, write_balances};
pub use bids::{BIDS, BidRows, read_bids, write_bids};
pub use entries::{ENTRIES, EntryRow, read_entries, write_entries};
pub use goods::{AnywhereGoods, BidGood, NodeGood, stated_place};
pub use offers::{OFFERS, OfferGood, OfferRows, read_offers, write_offers};
pub use posted::{POSTED, PostedRow, excesses_text, read_posted, stated_excesses, write_posted};
pub use revocations::{REVOCATIONS, RevocationRow, read_revocations, write_revocations};
pub use sales::{SALES, SaleRow, read_sales, write_sales};
