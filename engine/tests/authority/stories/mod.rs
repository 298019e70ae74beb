//! Stories of leases, each with everything that came of it.

mod lives;
mod room;
mod trade;
