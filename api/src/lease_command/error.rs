//! Why a call of `lessor lease` failed.

use lessor_datasets::table::DatasetError;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::client::{ConnectError, RequestError};
use crate::service::code_name;

/// Why a call of `lessor lease` failed.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// The threads of the client did not start.
    #[error("the client cannot start")]
    Start(#[source] std::io::Error),
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The server ended the call with a status.
    #[error("{}", status_words(.0))]
    Status(Box<Status>),
    /// An answer that lacks what it must have.
    #[error("the server's answer has {missing} missing; is it of the same version?")]
    Incomplete {
        /// What it lacks.
        missing: &'static str,
    },
    /// A table that cannot be read.
    #[error(transparent)]
    Table(#[from] DatasetError),
    /// A flag that only the server could have judged, or a text of no known form.
    #[error("{text:?} is not {what}")]
    Malformed {
        /// What was written.
        text: String,
        /// What it should be.
        what: &'static str,
    },
}

impl LeaseError {
    /// 2 where the request itself makes no sense, 1 where the server refused or could not be reached.
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            LeaseError::Status(status) if status.code() == Code::InvalidArgument => 2,
            LeaseError::Malformed { .. }
            | LeaseError::Table(_)
            | LeaseError::Connect(ConnectError::Certificate { .. } | ConnectError::NoCertificate { .. }) => 2,
            LeaseError::Start(_) | LeaseError::Connect(_) | LeaseError::Status(_) | LeaseError::Incomplete { .. } => 1,
        }
    }
}

impl From<Status> for LeaseError {
    fn from(status: Status) -> LeaseError {
        LeaseError::Status(Box::new(status))
    }
}

impl From<RequestError> for LeaseError {
    fn from(error: RequestError) -> LeaseError {
        match error {
            RequestError::Status(status) | RequestError::Unanswered { status, .. } => LeaseError::Status(status),
            RequestError::Incomplete { missing } => LeaseError::Incomplete { missing },
        }
    }
}

/// The code, the reason and the words of a status.
fn status_words(status: &Status) -> String {
    let details = status.get_error_details();
    let reason = details.error_info().map_or(String::new(), |info| format!("{}: ", info.reason));
    if status.code() == Code::Unknown && reason.is_empty() {
        // No server of this service says so little.
        return format!("{}; where the server talks TLS, write https://", status.message());
    }
    format!("{reason}{} ({})", status.message(), code_name(status.code()))
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    #[test]
    fn a_server_that_says_nothing_of_itself_may_talk_another_way() {
        assert!(status_words(&Status::unknown("transport error")).ends_with("write https://"));
        let details = ErrorDetails::with_error_info("NO_ROOM", "lessor.lease.v1", []);
        assert_eq!(
            status_words(&Status::with_error_details(Code::Unknown, "none", details)),
            "NO_ROOM: none (UNKNOWN)"
        );
    }
}
