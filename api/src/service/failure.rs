//! A call that ends with a status code: what went wrong, as gRPC says it.

use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::proto;

/// Why a call failed. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: Code,
    reason: &'static str,
    message: String,
    field: Option<&'static str>,
    metadata: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with a code, a reason in capitals, and words.
    pub(crate) fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, reason, message: message.into(), field: None, metadata: Vec::new(), retry_after: None }
    }

    /// A field of the message that makes no sense.
    pub(crate) fn field(field: &'static str, reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { field: Some(field), ..Failure::new(Code::InvalidArgument, reason, message) }
    }

    /// What the transport says of a stream that broke, or of a message that cannot be read.
    pub(crate) fn of_transport(status: &Status) -> Failure {
        Failure::new(status.code(), "TRANSPORT", status.message())
    }

    /// The same with something that a program may want to know.
    pub(crate) fn with(mut self, key: &'static str, value: &(impl ToString + ?Sized)) -> Failure {
        self.metadata.push((key, value.to_string()));
        self
    }

    /// The same, to be tried again after a while.
    pub(crate) fn retry_after(mut self, delay: Duration) -> Failure {
        self.retry_after = Some(delay);
        self
    }

    /// The same as one answer of a session.
    pub(crate) fn into_message(self) -> proto::Failure {
        proto::Failure { code: self.code.into(), reason: self.reason.to_owned(), message: self.message }
    }
}

impl From<Failure> for Status {
    fn from(failure: Failure) -> Status {
        let metadata: HashMap<String, String> =
            failure.metadata.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        let mut details = ErrorDetails::with_error_info(failure.reason, proto::PACKAGE, metadata);
        if let Some(field) = failure.field {
            details.add_bad_request_violation(field, failure.message.as_str());
        }
        if let Some(delay) = failure.retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(failure.code, failure.message, details)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_names_its_reason_its_field_and_when_to_try_again() {
        let failure = Failure::field("spec.term", "TERM_TOO_LONG", "too long").with("most_micros", &5);
        let status = Status::from(failure.retry_after(Duration::from_secs(1)));
        let details = status.get_error_details();
        let info = details.error_info().unwrap();
        assert_eq!(
            (status.code(), info.reason.as_str(), info.domain.as_str()),
            (Code::InvalidArgument, "TERM_TOO_LONG", "lessor.lease.v1")
        );
        assert_eq!(info.metadata["most_micros"], "5");
        assert_eq!(details.bad_request().unwrap().field_violations[0].field, "spec.term");
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
    }
}
