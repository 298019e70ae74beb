//! Calls that are repeated under one request id until there is an answer.

use std::error::Error;
use std::path::PathBuf;
use std::time::Duration;

use prost_types::Timestamp;
use tonic::transport::Channel;
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::boot_clock::BootInstant;
use super::ear::Ears;
use super::holder_term::{HolderTerm, TermLeft};
use super::server_url::{ConnectError, ServerUrl};
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::{
    Lease, ListLeasesRequest, Refusal, ReleaseRequest, ReleaseResponse, RenewRequest, RenewResponse,
    RequestLeaseRequest,
};

/// The longest wait for one answer before the call is repeated.
const ATTEMPT: Duration = Duration::from_secs(2);
/// The first pause before a repeat, and the longest; it doubles in between.
const PAUSES: (Duration, Duration) = (Duration::from_millis(20), Duration::from_secs(1));

/// The reason of a request that was first sent before everything that is remembered.
const TOO_OLD: &str = "TOO_OLD";

/// A client of one server, over one connection that heals itself.
#[derive(Clone, Debug)]
pub struct LeaseClient {
    calls: LeaseServiceClient<Channel>,
    ears: Ears,
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Every lease that was asked for.
    Granted(Vec<Grant>),
    /// None, and why.
    Refused(Box<Refusal>),
}

/// A lease, and until when it may be used by this machine's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    /// The lease.
    pub lease: Lease,
    /// The part of its term that the holder may use.
    pub term: HolderTerm,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The server ended the call with a status.
    #[error("the server answered {:?}: {}", .0.code(), .0.message())]
    Status(Box<Status>),
    /// The server ended the last try with a status, and an earlier one may have been taken in.
    #[error("the server answered {:?}: {}", .status.code(), .status.message())]
    Unanswered {
        /// How the last try ended.
        status: Box<Status>,
        /// When the request was first sent, by the lessor's clock, for whoever repeats it later; none where that was not told.
        first_sent: Option<Timestamp>,
    },
    /// The server answered with neither leases nor a refusal, or with a lease that has no term.
    #[error("the server's answer has {missing} missing; is it of the same version?")]
    Incomplete {
        /// What it lacks.
        missing: &'static str,
    },
}

impl From<Status> for RequestError {
    fn from(status: Status) -> RequestError {
        RequestError::Status(Box::new(status))
    }
}

impl LeaseClient {
    /// A client of the server at an address, which trusts the certificates of a PEM file where one is given.
    ///
    /// # Errors
    /// A file that cannot be read, or nobody at the address.
    pub async fn connect(url: &ServerUrl, certificate: Option<&PathBuf>) -> Result<LeaseClient, ConnectError> {
        url.connect(certificate).await.map(LeaseClient::new)
    }

    /// A client over a connection.
    #[must_use]
    pub fn new(channel: Channel) -> LeaseClient {
        LeaseClient { calls: LeaseServiceClient::new(channel), ears: Ears::default() }
    }

    /// Waits until a lease is revoked, and returns it with its notice.
    pub(super) fn revoked(&self, lease: Lease) -> impl Future<Output = Lease> + Send + use<> {
        self.ears.clone().revoked(self.calls.clone(), lease)
    }

    /// The calls themselves, each sent once.
    pub fn calls(&mut self) -> &mut LeaseServiceClient<Channel> {
        &mut self.calls
    }

    /// A request that says when it is first sent, by the lessor's clock, unless it does already: for whoever may repeat it later
    /// than answers are kept. It is refused as too old then, and not done a second time. The lessor is asked for its time, until
    /// it answers or the patience is at its end; one that does not tell, or is too busy to, leaves the request as it is.
    ///
    /// # Errors
    /// The last status where patience ended, or one that a repeat would not change. Nothing was asked for.
    pub async fn dated(
        &mut self,
        mut request: RequestLeaseRequest,
        patience: Duration,
    ) -> Result<RequestLeaseRequest, RequestError> {
        if request.first_send_time.is_none() {
            request.first_send_time = self.lessor_time(BootInstant::now().after(patience)).await?;
        }
        Ok(request)
    }

    /// The lessor's time; none where it has no time to tell, for what is urgent is not kept waiting for that.
    async fn lessor_time(&mut self, until: BootInstant) -> Result<Option<Timestamp>, Status> {
        let mut repeats = Repeats::new(until);
        loop {
            let look = ListLeasesRequest { page_size: 1, ..ListLeasesRequest::default() };
            match self.calls.list_leases(repeats.attempt(look)).await {
                Ok(page) => return Ok(page.into_inner().read_time),
                Err(status) if status.code() == Code::ResourceExhausted => return Ok(None),
                Err(status) => repeats.pause_after(status).await?,
            }
        }
    }

    /// Asks for leases until there is an answer, or the patience is at its end. Repeats carry the same request id, so that
    /// they are one request, and when it was first sent: as the request says, or else as the lessor's clock shows before. A request
    /// that was dated so, and that nobody took in until it was too old, is first sent again. The term counts from the first
    /// sending; where the answer is that of an earlier one, which somebody else may have sent, from when the lessor was asked for
    /// its time.
    ///
    /// # Errors
    /// A status that a repeat would not change, the last status where patience ended, or an answer that makes no sense.
    pub async fn request(&mut self, request: &RequestLeaseRequest, patience: Duration) -> Result<Answer, RequestError> {
        let until = BootInstant::now().after(patience);
        let mut sending = Sending::of(request, self.counted(until).await?);
        let mut repeats = Repeats::new(until);
        let response = loop {
            let sent = self.calls.request_lease(repeats.attempt(sending.request.clone())).await;
            match sent {
                Ok(response) => break response.into_inner(),
                Err(status) if sending.is_new_again(&status) && repeats.is_there_time() => {
                    sending = Sending::of(request, self.counted(until).await?);
                }
                Err(status) => {
                    sending.failed(&status);
                    repeats.pause_after(status).await.map_err(|status| sending.unanswered(status))?;
                }
            }
        };
        if let Some(refusal) = response.refusal {
            return Ok(Answer::Refused(Box::new(refusal)));
        }
        if response.leases.is_empty() {
            return Err(RequestError::Incomplete { missing: "leases" });
        }
        let mut counted = sending.counted;
        if counted.told.is_none() {
            sending.is_taken_in_perhaps = true;
            counted = self.counted(until).await.map_err(|status| sending.unanswered(status))?;
        }
        let granted = |lease: Lease| {
            let left = term_left(counted.decided(&lease), &lease)?;
            Ok(Grant { lease, term: HolderTerm::granted(counted.from, left) })
        };
        response.leases.into_iter().map(granted).collect::<Result<_, _>>().map(Answer::Granted)
    }

    /// Now, and what the lessor's clock shows then.
    async fn counted(&mut self, until: BootInstant) -> Result<Counted, Status> {
        let from = BootInstant::now();
        Ok(Counted { from, told: self.lessor_time(until).await? })
    }

    /// Renews until there is an answer, or until an instant of the holder's clock.
    ///
    /// # Errors
    /// A status that a repeat would not change, or the last status where there was none in time.
    pub async fn renew(&mut self, renewal: &RenewRequest, until: BootInstant) -> Result<RenewResponse, RequestError> {
        let mut repeats = Repeats::new(until);
        loop {
            match self.calls.renew(repeats.attempt(renewal.clone())).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => repeats.pause_after(status).await?,
            }
        }
    }

    /// Ends a lease, repeating the call until there is an answer or patience is at its end.
    ///
    /// # Errors
    /// A status that a repeat would not change, or the last status where patience ended.
    pub async fn release(
        &mut self,
        release: &ReleaseRequest,
        patience: Duration,
    ) -> Result<ReleaseResponse, RequestError> {
        let mut repeats = Repeats::new(BootInstant::now().after(patience));
        loop {
            match self.calls.release(repeats.attempt(release.clone())).await {
                Ok(response) => return Ok(response.into_inner()),
                Err(status) => repeats.pause_after(status).await?,
            }
        }
    }
}

/// From when a term counts: an instant of the holder's clock, and what the lessor's showed then or later.
#[derive(Clone, Copy, Debug)]
struct Counted {
    from: BootInstant,
    told: Option<Timestamp>,
}

impl Counted {
    /// The instant of the lessor's clock from which on a lease's term counts: its start, or the instant told where that is later.
    fn decided(self, lease: &Lease) -> Option<Timestamp> {
        let order = |time: &Timestamp| (time.seconds, time.nanos);
        let started = lease.start_time?;
        Some(self.told.filter(|told| order(told) > order(&started)).unwrap_or(started))
    }
}

/// A request as it is sent, from its first sending on.
#[derive(Debug)]
struct Sending {
    request: RequestLeaseRequest,
    counted: Counted,
    /// Nobody but this client says when it was first sent.
    is_dated_here: bool,
    /// A try ended without an answer, and may have been taken in.
    is_taken_in_perhaps: bool,
}

impl Sending {
    /// A request that is first sent now, unless it says otherwise.
    fn of(request: &RequestLeaseRequest, counted: Counted) -> Sending {
        let first_send_time = request.first_send_time.or(counted.told);
        Sending {
            request: RequestLeaseRequest { first_send_time, ..request.clone() },
            counted,
            is_dated_here: request.first_send_time.is_none(),
            is_taken_in_perhaps: false,
        }
    }

    /// Whether it is too old and was never taken in, so that it may be first sent again: nobody did it.
    fn is_new_again(&self, status: &Status) -> bool {
        let is_too_old = status.get_details_error_info().is_some_and(|info| info.reason == TOO_OLD);
        is_too_old && self.is_dated_here && !self.is_taken_in_perhaps
    }

    /// A try ended with a status.
    fn failed(&mut self, status: &Status) {
        self.is_taken_in_perhaps |= is_unanswered(status);
    }

    /// There is no answer.
    fn unanswered(&self, status: Status) -> RequestError {
        let is_open = is_unanswered(&status) || status.code() == Code::ResourceExhausted;
        if !is_open || !self.is_taken_in_perhaps {
            return status.into();
        }
        RequestError::Unanswered { status: Box::new(status), first_sent: self.request.first_send_time }
    }
}

/// Whether a try ended without a word of the lessor on what it asked for.
fn is_unanswered(status: &Status) -> bool {
    let unsaid = [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled, Code::Unknown];
    status.source().is_some() || unsaid.contains(&status.code())
}

/// What the lessor says is left of a lease's term, counted from when it decided.
pub(super) fn term_left(decided: Option<Timestamp>, lease: &Lease) -> Result<TermLeft, RequestError> {
    let from = decided.ok_or(RequestError::Incomplete { missing: "the time of the decision" })?;
    let end = lease.end_time.ok_or(RequestError::Incomplete { missing: "the end of the lease" })?;
    let band = lease.guard_band.ok_or(RequestError::Incomplete { missing: "the guard band" })?;
    Ok(TermLeft { left: between(from, end), band: Duration::try_from(band).unwrap_or(Duration::MAX) })
}

/// From one instant to a later one; zero where it is not later.
pub(super) fn between(from: Timestamp, to: Timestamp) -> Duration {
    let nanos = |time: Timestamp| i128::from(time.seconds) * 1_000_000_000 + i128::from(time.nanos);
    let nanos = u128::try_from(nanos(to) - nanos(from)).unwrap_or(0);
    Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX))
}

/// Repeats of one call, until an instant.
pub(crate) struct Repeats {
    until: BootInstant,
    pause: Duration,
}

impl Repeats {
    /// Repeats until an instant.
    pub(crate) fn new(until: BootInstant) -> Repeats {
        Repeats { until, pause: PAUSES.0 }
    }

    /// Whether there is time for another attempt.
    fn is_there_time(&self) -> bool {
        !BootInstant::now().until(self.until).is_zero()
    }

    /// The call, with the deadline of one attempt.
    fn attempt<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        request.set_timeout(ATTEMPT.min(BootInstant::now().until(self.until)));
        request
    }

    /// Waits before a repeat.
    ///
    /// # Errors
    /// The status, where a repeat would not change it or there is no time for one.
    pub(crate) async fn pause_after(&mut self, status: Status) -> Result<(), Status> {
        let left = BootInstant::now().until(self.until);
        let Some(pause) = pause(&status, self.pause).filter(|pause| *pause < left) else { return Err(status) };
        tokio::time::sleep(pause).await;
        self.pause = (self.pause * 2).min(PAUSES.1);
        Ok(())
    }
}

/// How long to wait before a call is repeated that ended with a status: at least so long, and as long as the server says; none
/// where a repeat would not change the status.
fn pause(status: &Status, least: Duration) -> Option<Duration> {
    let asked = status.get_details_retry_info().and_then(|info| info.retry_delay);
    match status.code() {
        Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Some(asked.unwrap_or_default().max(least)),
        // A server that takes nothing in now says when it may; a limit of another kind stands.
        Code::ResourceExhausted => asked.map(|asked| asked.max(least)),
        // A connection that broke: no server said so.
        _ if status.source().is_some() => Some(least),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use tonic_types::ErrorDetails;

    use super::*;

    const LEAST: Duration = Duration::from_millis(20);

    #[test]
    fn what_began_before_the_look_counts_from_the_look() {
        let at = |seconds| Some(Timestamp { seconds, nanos: 5 });
        let lease = Lease { start_time: at(100), ..Lease::default() };
        let decided = |told| Counted { from: BootInstant::now(), told }.decided(&lease);
        assert_eq!([decided(at(160)), decided(at(99)), decided(None)], [at(160), at(100), at(100)]);
    }

    fn status(code: Code, retry_after: Option<Duration>) -> Status {
        let mut details = ErrorDetails::new();
        if let Some(delay) = retry_after {
            details.set_retry_info(Some(delay));
        }
        Status::with_error_details(code, "", details)
    }

    #[test]
    fn a_server_that_is_overloaded_is_asked_again_when_it_says() {
        let second = Duration::from_secs(1);
        assert_eq!(pause(&status(Code::ResourceExhausted, Some(second)), LEAST), Some(second));
        assert_eq!(pause(&status(Code::ResourceExhausted, Some(Duration::ZERO)), LEAST), Some(LEAST));
        assert_eq!(pause(&status(Code::Unavailable, Some(second)), LEAST), Some(second));
        assert_eq!(pause(&status(Code::Unavailable, None), LEAST), Some(LEAST));
    }

    #[test]
    fn what_a_repeat_would_not_change_is_not_repeated() {
        assert_eq!(pause(&status(Code::ResourceExhausted, None), LEAST), None);
        assert_eq!(pause(&status(Code::InvalidArgument, Some(LEAST)), LEAST), None);
    }
}
