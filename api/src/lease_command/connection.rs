//! How a verb reaches the server, and how it names a lease there.

use tonic::Request;
use tonic::transport::Channel;

use super::error::LeaseError;
use crate::cli::ServerArgs;
use crate::proto::lease_service_client::LeaseServiceClient;

/// The calls of the server that flags name.
pub(super) async fn connect(args: &ServerArgs) -> Result<LeaseServiceClient<Channel>, LeaseError> {
    let channel = args.server.connect(args.certificate.as_ref()).await?;
    Ok(LeaseServiceClient::new(channel))
}

/// A message with the deadline that flags state.
pub(super) fn timed<T>(args: &ServerArgs, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.set_timeout(args.timeout);
    request
}

/// The resource name of a lease, from its number or from itself.
pub(super) fn lease_name(text: &str) -> String {
    if text.starts_with("leases/") { text.to_owned() } else { format!("leases/{text}") }
}
