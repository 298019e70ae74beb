//! The lease service: what calls say, read into valid events; what the authority says, told in the words of the wire.
//!
//! Nothing here decides about a lease, and nothing is told before it is durable: both are for what stands behind the
//! [`Desk`].
//!
//! `lease_service` is the service as tonic calls it. `reading` makes valid events of messages, `telling` and `refusing` make
//! messages of answers, `calls` has both sides of each call that changes something, `looks` those that only look, and `times`,
//! `failure`, `underway` and `call_span` what they share. `watch`, `session` and `telemetry` are the streams, `live_plane` what
//! telemetry leads to, `notices` and `revoked` what holders and protected things must hear, and `waiting` the calls of a session
//! that wait for their answers. `watch_places` bounds open watches.

mod call_span;
mod calls;
mod desk;
#[cfg(test)]
mod edge_tests;
mod failure;
mod lease_service;
mod live_plane;
mod looks;
mod notices;
#[cfg(test)]
mod overload_tests;
mod reading;
mod refusing;
mod revoked;
mod session;
mod stale_tiles;
mod telemetry;
mod telling;
#[cfg(test)]
mod test_server;
mod times;
mod underway;
mod waiting;
mod watch;
mod watch_places;

pub(crate) use desk::Desk;
pub(crate) use failure::{Edge, Failure, LEASES, MARKET, code_name, of_transport};
pub(crate) use lease_service::Service;
pub(crate) use notices::Notices;
pub(crate) use stale_tiles::StaleTiles;
pub(crate) use telling::{account, class, kind};
pub(crate) use times::{read_duration, read_timestamp, timestamp};
pub(crate) use underway::{Underway, deadline};
pub(crate) use watch_places::Caller;
