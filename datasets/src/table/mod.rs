//! The Parquet tables: schemas, streaming readers, writers, and errors that name file, row and column.
//!
//! A table is read strictly: known columns only, in batches, each cell checked against its column. A table is written beside
//! its place and renamed. Whatever can be checked by the models alone is left to them, and their refusals come back with the
//! file and cell that they speak of.

mod awards;
mod balances;
mod bids;
mod capacities;
mod cells;
mod certificate;
mod classes;
mod column;
mod demand;
mod entries;
mod error;
mod fleet;
mod goods;
mod held_back;
mod jobs;
mod jobs_write;
mod move_costs;
mod moves;
mod nodes;
mod offers;
mod placements;
mod prices;
mod revocations;
mod sales;
mod sink;
mod source;
mod spec;
mod tariffs;
mod telemetry;
mod unplaced;
mod words;
mod zones;

pub use awards::{AWARDS, AwardRow, read_awards, write_awards};
pub use balances::{BALANCES, BalanceRow, PartyName, read_balances, write_balances};
pub use bids::{BIDS, BidRows, read_bids, write_bids};
pub use capacities::{CAPACITIES, write_capacities};
pub use certificate::{CERTIFICATE, SHIFT_KEY, read_certificate, write_certificate};
pub use entries::{ENTRIES, EntryRow, read_entries, write_entries};
pub use error::{DatasetError, Problem};
pub use fleet::{InstancePaths, index_jobs, read_altered, read_fleet, read_instance, write_fleet_dir};
pub use goods::BidGood;
pub use held_back::{HELD_BACK, read_held_back, waits_for, write_held_back};
pub use jobs::{JOBS, read_jobs, write_jobs};
pub use move_costs::{MOVE_COSTS, write_move_costs};
pub use moves::{MOVES, read_moves, write_moves};
pub use nodes::{NODES, write_nodes};
pub use offers::{OFFERS, OfferGood, OfferRows, read_offers, write_offers};
pub use placements::{Before, PLACEMENTS, read_current, read_placements, write_current, write_placements};
pub use prices::{PRICES, charge_prices, read_prices, write_prices};
pub use revocations::{REVOCATIONS, RevocationRow, read_revocations, write_revocations};
pub use sales::{SALES, SaleRow, read_sales, write_sales};
pub use spec::{ColumnSpec, ColumnType, TABLE_KEY, TableSpec, VERSION, VERSION_KEY};
pub use tariffs::{TARIFFS, write_tariffs};
pub use telemetry::{TELEMETRY, TelemetryRow, TelemetryWriter, read_telemetry, read_telemetry_within};
pub use unplaced::{UNPLACED, cure_words, instant_words, read_unplaced, write_unplaced};
pub use zones::{ZONE_MEMBERS, ZONES, write_members, write_zones};

/// Every table: first those of a fleet directory, then the results of a plan, then those of a market.
pub const TABLES: [&TableSpec; 21] = [
    &NODES,
    &ZONES,
    &ZONE_MEMBERS,
    &CAPACITIES,
    &TARIFFS,
    &MOVE_COSTS,
    &TELEMETRY,
    &JOBS,
    &PLACEMENTS,
    &MOVES,
    &HELD_BACK,
    &UNPLACED,
    &PRICES,
    &CERTIFICATE,
    &BIDS,
    &OFFERS,
    &AWARDS,
    &SALES,
    &ENTRIES,
    &BALANCES,
    &REVOCATIONS,
];
