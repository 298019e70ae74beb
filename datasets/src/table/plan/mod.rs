//! The tables of a plan: what runs where, how to get there, what was left out and why, and the proof.

mod certificate;
mod held_back;
mod moves;
mod placements;
mod prices;
mod unplaced;
mod words;

pub use certificate::{CERTIFICATE, SHIFT_KEY, read_certificate, write_certificate};
pub use held_back::{HELD_BACK, read_held_back, waits_for, write_held_back};
pub use moves::{MOVES, read_moves, write_moves};
pub use placements::{Before, PLACEMENTS, read_current, read_placements, write_current, write_placements};
pub(super) use prices::interval;
pub use prices::{PRICES, RoundPrice, charge_prices, read_prices, read_round_prices, write_prices, write_round_prices};
pub use unplaced::{UNPLACED, read_unplaced, write_unplaced};
pub use words::{account_words, cure_words, instant_words, interval_words, owner_sort};
