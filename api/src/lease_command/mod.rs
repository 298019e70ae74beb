//! `lessor lease`: a client of every call of the service, for people and scripts.

mod calls;
mod error;
mod request;
mod shown;
mod spec;
mod telemetry;
mod watch;

use tokio::runtime::Builder;
use tonic::Request;
use tonic::transport::Channel;

use crate::Ending;
use crate::cli::{LeaseVerb, ServerArgs};
use crate::proto::lease_service_client::LeaseServiceClient;

pub(crate) use error::LeaseError;

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

/// The calls of the server that flags name.
async fn connect(args: &ServerArgs) -> Result<LeaseServiceClient<Channel>, LeaseError> {
    let channel = args.server.connect(args.certificate.as_ref()).await?;
    Ok(LeaseServiceClient::new(channel))
}

/// A message with the deadline that flags state.
fn timed<T>(args: &ServerArgs, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(args.timeout);
    request
}

/// The resource name of a lease, from its number or from itself.
fn lease_name(text: &str) -> String {
    if text.starts_with("leases/") { text.to_owned() } else { format!("leases/{text}") }
}
