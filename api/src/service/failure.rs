//! A call that ends with a status code: what went wrong, as gRPC says it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::proto;

/// The longest text that a status holds, in bytes. Words about a request quote what it says, a name of any length among it; all
/// texts of a status pass as HTTP/2 headers, some of them twice, and common clients take 8 KiB of those.
const TEXT_MAX: usize = 512;

/// A service of this server, as its failures and its transport know it.
#[derive(Debug)]
pub(crate) struct Edge {
    /// The domain of its `google.rpc.ErrorInfo`.
    domain: &'static str,
    /// The largest message that is read, in bytes.
    pub(crate) message_bytes_max: usize,
}

/// The lease service. A request with as many fence keys as may be is a tenth of its largest message.
pub(crate) const LEASES: Edge = Edge { domain: proto::PACKAGE, message_bytes_max: 64 << 10 };

/// The market. A book comes in as many messages as it takes.
pub(crate) const MARKET: Edge = Edge { domain: proto::market::PACKAGE, message_bytes_max: 256 << 10 };

/// Why a call failed. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    code: Code,
    reason: &'static str,
    message: String,
    field: Option<Cow<'static, str>>,
    metadata: Vec<(&'static str, String)>,
    retry_after: Option<Duration>,
}

impl Failure {
    /// A failure with a code, a reason in capitals, and words.
    pub(crate) fn new(code: Code, reason: &'static str, message: impl Into<String>) -> Failure {
        Failure { code, reason, message: message.into(), field: None, metadata: Vec::new(), retry_after: None }
    }

    /// The reason, in capitals.
    pub(crate) fn reason(&self) -> &'static str {
        self.reason
    }

    /// The code.
    pub(crate) fn code(&self) -> Code {
        self.code
    }

    /// A field of the message that makes no sense.
    pub(crate) fn field(
        field: impl Into<Cow<'static, str>>,
        reason: &'static str,
        message: impl Into<String>,
    ) -> Failure {
        Failure { field: Some(field.into()), ..Failure::new(Code::InvalidArgument, reason, message) }
    }

    /// What the transport of a service says of a stream that broke, or of a message that cannot be read.
    pub(crate) fn of_transport(status: &Status, edge: &Edge) -> Failure {
        match status.code() {
            Code::OutOfRange => Failure::new(Code::OutOfRange, "MESSAGE_TOO_LARGE", status.message())
                .with("most_bytes", &edge.message_bytes_max),
            // Of a method that is not there the transport says nothing more.
            Code::Unimplemented if !status.message().is_empty() => {
                Failure::new(Code::Unimplemented, "COMPRESSION", status.message())
            }
            Code::Unimplemented => Failure::new(Code::Unimplemented, "UNKNOWN_METHOD", status.message()),
            code => Failure::new(code, "TRANSPORT", status.message()),
        }
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
        proto::Failure {
            code: self.code.into(),
            reason: self.reason.to_owned(),
            message: cut(self.message),
            metadata: self.metadata.into_iter().map(|(key, value)| (key.to_owned(), cut(value))).collect(),
            field: self.field.unwrap_or_default().into_owned(),
            retry_delay: self.retry_after.and_then(|delay| prost_types::Duration::try_from(delay).ok()),
        }
    }

    /// The same as the status of a call of a service.
    pub(crate) fn status(self, edge: &Edge) -> Status {
        let metadata: HashMap<String, String> =
            self.metadata.into_iter().map(|(key, value)| (key.to_owned(), cut(value))).collect();
        let message = cut(self.message);
        let mut details = ErrorDetails::with_error_info(self.reason, edge.domain, metadata);
        if let Some(field) = self.field {
            details.add_bad_request_violation(field, message.as_str());
        }
        if let Some(delay) = self.retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(self.code, message, details)
    }
}

/// The status of the transport with its reason.
pub(crate) fn of_transport(status: &Status, edge: &Edge) -> Status {
    Failure::of_transport(status, edge).status(edge)
}

/// Of the lease service.
impl From<Failure> for Status {
    fn from(failure: Failure) -> Status {
        failure.status(&LEASES)
    }
}

/// A text as far as a status holds it.
fn cut(mut text: String) -> String {
    const MORE: char = '…';
    if text.len() > TEXT_MAX {
        text.truncate(text.floor_char_boundary(TEXT_MAX - MORE.len_utf8()));
        text.push(MORE);
    }
    text
}

/// The name of a code, as gRPC writes it.
pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_a_session_says_all_that_a_status_does() {
        let failure =
            Failure::field("spec.node", "R", "words").with("node", "n").retry_after(Duration::from_millis(50));
        let status = failure.clone().status(&LEASES);
        let told = failure.into_message();
        assert_eq!((told.code, told.message.as_str()), (i32::from(status.code()), status.message()));
        let info = status.get_details_error_info().unwrap();
        assert_eq!((told.reason, told.metadata), (info.reason, info.metadata));
        let blamed = status.get_details_bad_request().unwrap().field_violations.remove(0).field;
        assert_eq!(told.field, blamed);
        let delay = status.get_details_retry_info().unwrap().retry_delay.unwrap();
        assert_eq!(told.retry_delay, prost_types::Duration::try_from(delay).ok());
    }

    #[test]
    fn a_status_says_no_more_of_a_long_name_than_headers_take() {
        for name in ["x".repeat(60_000), "ß".repeat(60_000), "\u{1}".repeat(60_000)] {
            let failure = Failure::field("spec.node", "R", format!("no {name:?}")).with("node", &name);
            let status = Status::from(failure);
            assert!(status.message().len() <= TEXT_MAX && status.message().ends_with('…'));
            let headers = status.into_http::<()>().into_parts().0.headers;
            let bytes: usize = headers.iter().map(|(key, value)| key.as_str().len() + value.len() + 32).sum();
            assert!(bytes < 6 << 10, "{bytes} bytes of headers");
        }
        assert_eq!(cut("x".repeat(TEXT_MAX)), "x".repeat(TEXT_MAX));
    }

    #[test]
    fn what_the_transport_refuses_has_its_own_reasons() {
        let reason =
            |status: Status| of_transport(&status, &LEASES).get_error_details().error_info().unwrap().reason.clone();
        assert_eq!(reason(Status::unimplemented("")), "UNKNOWN_METHOD");
        assert_eq!(reason(Status::unimplemented("Content is compressed with `gzip`")), "COMPRESSION");
        assert_eq!(reason(Status::internal("broken")), "TRANSPORT");
    }

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
