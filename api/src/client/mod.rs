//! A client of the lease service that keeps to a holder's side of the contract.
//!
//! [`LeaseClient::request`] asks for a lease, and asks again under the same request id where the answer is lost. What is
//! granted comes with a [`HolderTerm`], counted on this machine's suspend-counting clock from the *first* sending.
//! [`KeptLease`] renews in the background and says when to stop: a guard band before the end, whatever happens to the
//! server, the network or this process. A renewal that comes too late is not trusted. A revocation is heard at once, and its
//! notice is the term that is left.

mod boot_clock;
mod ear;
mod holder_term;
mod kept_lease;
mod lease_client;
mod server_url;

pub use boot_clock::BootInstant;
pub use holder_term::{HolderTerm, TermLeft};
pub use kept_lease::{Ended, Holding, KeptLease};
pub(crate) use lease_client::Repeats;
pub use lease_client::{Answer, Grant, LeaseClient, RequestError};
pub use server_url::{ConnectError, ServerUrl, ServerUrlError};
