//! The tables of a fleet directory: the tree and what cuts across it, what it can give and at what price, what was measured of
//! it, and the jobs that ask for it.

mod capacities;
mod classes;
mod demand;
mod directory;
mod jobs;
mod jobs_write;
mod move_costs;
mod nodes;
mod tariffs;
mod telemetry;
mod zones;

pub use capacities::{CAPACITIES, write_capacities};
pub use directory::{
    FLEET_TABLES, InstancePaths, add_jobs, index_jobs, read_altered, read_fleet, read_instance, write_fleet_dir,
    write_work,
};
pub use jobs::{JOBS, read_jobs, write_jobs};
pub use move_costs::{MOVE_COSTS, write_move_costs};
pub use nodes::{NODES, write_nodes};
pub use tariffs::{TARIFFS, write_tariffs};
pub use telemetry::{TELEMETRY, TelemetryWriter, read_telemetry, read_telemetry_within};
pub use zones::{ZONE_MEMBERS, ZONES, write_members, write_zones};
