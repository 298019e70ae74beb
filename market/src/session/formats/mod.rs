//! How the bids and offers of one account class are compared: a format of the policy is a file, or two.

mod counter;
mod exact_prices;
mod exact_support;
mod exchange;
mod items;
mod reduction;
pub(super) mod sealed;
mod tranches;
mod uniform;
mod uniform_support;

use lessor_solver::support::stop::Stop;

use crate::policy::{Format, PaymentRule};
use crate::session::SessionError;
use crate::session::market::{Cleared, Fates, Market};
use crate::session::progress::Report;

/// Clears one account class by the format that the policy gives it.
///
/// # Errors
/// See [`SessionError`].
pub(super) fn clear(
    market: &mut Market<'_>,
    fates: &mut Fates,
    stop: &Stop,
    report: Report<'_>,
) -> Result<Cleared, SessionError> {
    match market.class.format {
        Format::SealedBid => sealed::clear_sealed(market, fates, stop, report),
        Format::Greedy => counter::clear_greedy(market, fates, stop),
        Format::Posted => Ok(counter::clear_posted(market, fates)),
        Format::UnitDemand => items::clear_items(market, fates, stop, report),
        Format::DoubleAuction => match market.class.payment {
            PaymentRule::TradeReduction => Ok(reduction::clear_reduced(market, fates)),
            PaymentRule::Uniform => {
                let parts = tranches::clear_tranches(market, fates)?;
                let whole = exchange::clear_exchange(market, fates, stop, report)?;
                let mut prices = whole.prices;
                // Where a good trades both ways, what is told is the price of its parts.
                let of_parts = parts.prices.iter();
                let whole_prices =
                    of_parts.filter_map(|(&good, &price)| Some((good, prices.insert(good, price)?))).collect();
                Ok(Cleared {
                    prices,
                    whole_prices,
                    part_prices: parts.part_prices,
                    surplus: parts.surplus + whole.surplus,
                    bound: parts.bound.zip(whole.bound).map(|(parts, whole)| parts + whole),
                    unsettled: whole.unsettled,
                    ..Cleared::default()
                })
            }
            _ => exchange::clear_exchange(market, fates, stop, report),
        },
    }
}
