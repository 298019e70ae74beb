//! `lessor lease`: a client of every call of the service, for people and scripts.

mod calls;
mod connection;
pub(crate) mod error;
mod request;
mod shown;
mod spec;
mod telemetry;
mod watch;

use tokio::runtime::Builder;

use crate::cli::LeaseVerb;
use crate::ending::Ending;

use error::LeaseError;

/// Carries out one verb.
///
/// # Errors
/// A server that is not there, or a call that it ended with a status.
pub(crate) fn run(verb: &LeaseVerb) -> Result<Ending, LeaseError> {
    let runtime = Builder::new_current_thread().enable_all().build().map_err(LeaseError::Start)?;
    runtime.block_on(async {
        match verb {
            LeaseVerb::Request(args) => request::run(args).await,
            LeaseVerb::Quote(args) => calls::quote(args).await,
            LeaseVerb::Renew(args) => calls::renew(args).await,
            LeaseVerb::Release(args) => calls::release(args).await,
            LeaseVerb::Checkpoint(args) => calls::checkpoint(args).await,
            LeaseVerb::Revoke(args) => calls::revoke(args).await,
            LeaseVerb::Confirm(args) => calls::confirm(args).await,
            LeaseVerb::Get(args) => calls::get(args).await,
            LeaseVerb::List(args) => calls::list(args).await,
            LeaseVerb::Watch(args) => watch::run(args).await,
            LeaseVerb::Explain(args) => calls::explain(args).await,
            LeaseVerb::Drain(args) => calls::drain(args).await,
            LeaseVerb::Telemetry(args) => telemetry::run(args).await,
        }
    })
}
