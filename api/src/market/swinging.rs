//! Posted prices that do not settle: of which accounts, and what to do about it.

use lessor_datasets::table::account_words;
use lessor_market::posted::Steering;
use lessor_market::session::catalog::place;
use lessor_market::session::posted_prices::{self, PostedPrices};
use lessor_models::account_prices::SWING_ROUNDS;

use super::record::Swinging;
use super::round::Round;

/// The accounts whose posted price swings, in order. A policy's gain is below the bound for the elasticity that it states, so
/// demand moves more than that.
pub(super) fn swinging(round: &Round, posted: &PostedPrices) -> Vec<Swinging> {
    let told = |(owner, kind)| {
        let class = round.policy.class_of(place(&round.fleet, owner), kind)?;
        Some(Swinging {
            account: account_words(&round.fleet, owner, kind),
            account_class: class.name.clone(),
            gain_permille: class.steering?.gain_permille,
            cure: cure(&class.name, class.steering?),
        })
    };
    posted_prices::swinging(posted).filter_map(told).collect()
}

fn cure(class: &str, steering: Steering) -> String {
    let (gain, lower) = (steering.gain_permille, (steering.gain_permille / 2).max(1));
    let settles = |gain_permille: u32| {
        let permille = Steering { gain_permille, ..steering }.settles_below_permille();
        format!("{}.{:03}", permille / 1_000, permille % 1_000)
    };
    format!(
        "in the last {SWING_ROUNDS} rounds it was too dear and too cheap in turn; with gain_permille = {gain} in account_class \
         {class:?} a price settles where the elasticity of demand is below {}: gain_permille = {lower} settles below {}",
        settles(gain),
        settles(lower)
    )
}
