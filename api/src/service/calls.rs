//! Calls that change something: each is an event on the way in and an answer on the way out, alone or in a session.

use lessor_engine::authority::{Answer, Event, Token};
use tonic::Code;

use super::desk::Desk;
use super::failure::Failure;
use super::reading::{self, holder, lease_id, renewal};
use super::refusing::{Form, refusal};
use super::telling::lease;
use super::times::{read_duration, timestamp};
use crate::proto;
use crate::proto::session_request::Call;
use crate::proto::session_response::Outcome;
use crate::shell::Answered;

/// What an answer is in a session.
pub(crate) type Told = fn(&Desk, Answered) -> Result<Outcome, Failure>;

/// The event of a call in a session, and what becomes of its answer. A look is no event.
///
/// # Errors
/// A call that makes no sense.
pub(crate) fn event_of(desk: &Desk, call: Call) -> Result<(Event, Told), Failure> {
    Ok(match call {
        Call::RequestLease(asked) => {
            (request_lease(desk, &asked)?, |desk, answered| requested(desk, answered).map(Outcome::RequestLease))
        }
        Call::Renew(asked) => (renew(desk, &asked)?, |desk, answered| renewed(desk, answered).map(Outcome::Renew)),
        Call::Release(asked) => {
            (release(desk, &asked)?, |desk, answered| released(desk, answered).map(Outcome::Release))
        }
        Call::ConfirmFence(asked) => {
            (confirm_fence(desk, &asked)?, |desk, answered| fenced(desk, answered).map(Outcome::ConfirmFence))
        }
        Call::Checkpoint(asked) => {
            (checkpoint(desk, &asked)?, |desk, answered| checkpointed(desk, answered).map(Outcome::Checkpoint))
        }
        Call::Quote(_) | Call::WatchHolder(_) => {
            return Err(Failure::new(Code::Internal, "NO_EVENT", "a look changes nothing"));
        }
    })
}

/// What the span of a call in a session names it.
pub(crate) fn method_of(call: &Call) -> &'static str {
    match call {
        Call::RequestLease(_) => "Session/RequestLease",
        Call::Renew(_) => "Session/Renew",
        Call::Release(_) => "Session/Release",
        Call::ConfirmFence(_) => "Session/ConfirmFence",
        Call::Checkpoint(_) => "Session/Checkpoint",
        Call::Quote(_) => "Session/Quote",
        Call::WatchHolder(_) => "Session/WatchHolder",
    }
}

/// The event of a request for leases.
///
/// # Errors
/// A request that makes no sense.
pub(crate) fn request_lease(desk: &Desk, asked: &proto::RequestLeaseRequest) -> Result<Event, Failure> {
    reading::request(desk.fleet(), asked).map(Event::Request)
}

/// The event of a renewal.
///
/// # Errors
/// A renewal that makes no sense.
pub(crate) fn renew(_: &Desk, asked: &proto::RenewRequest) -> Result<Event, Failure> {
    renewal(asked).map(Event::Renew)
}

/// The event of a holder that ends a lease.
///
/// # Errors
/// Names that make no sense.
pub(crate) fn release(_: &Desk, asked: &proto::ReleaseRequest) -> Result<Event, Failure> {
    Ok(Event::Release { holder: holder(&asked.holder)?, lease: lease_id(&asked.name)? })
}

/// The event of work that is safe.
///
/// # Errors
/// Names that make no sense.
pub(crate) fn checkpoint(_: &Desk, asked: &proto::CheckpointRequest) -> Result<Event, Failure> {
    Ok(Event::Checkpoint { holder: holder(&asked.holder)?, lease: lease_id(&asked.name)? })
}

/// The event of an operator that ends a lease.
///
/// # Errors
/// A name or a notice that makes no sense.
pub(crate) fn revoke(_: &Desk, asked: &proto::RevokeRequest) -> Result<Event, Failure> {
    let notice = asked.notice.map(|span| read_duration("notice", span)).transpose()?;
    Ok(Event::Revoke { lease: lease_id(&asked.name)?, notice })
}

/// The event of a fence that stands.
///
/// # Errors
/// A name that makes no sense.
pub(crate) fn confirm_fence(_: &Desk, asked: &proto::ConfirmFenceRequest) -> Result<Event, Failure> {
    Ok(Event::ConfirmFence { lease: lease_id(&asked.name)?, token: Token(asked.token) })
}

/// What a request for leases came to.
///
/// # Errors
/// A request that the authority makes no sense of.
pub(crate) fn requested(desk: &Desk, answered: Answered) -> Result<proto::RequestLeaseResponse, Failure> {
    let decide_time = Some(timestamp(answered.decided));
    Ok(match outcome(desk, answered, Form::Spec)? {
        Ok(leases) => proto::RequestLeaseResponse { decide_time, leases, refusal: None },
        Err(refusal) => proto::RequestLeaseResponse { decide_time, leases: Vec::new(), refusal: Some(refusal) },
    })
}

/// What a renewal came to.
///
/// # Errors
/// A lease that is not to be renewed so.
pub(crate) fn renewed(desk: &Desk, answered: Answered) -> Result<proto::RenewResponse, Failure> {
    let decide_time = Some(timestamp(answered.now));
    Ok(match outcome(desk, answered, Form::Flat)? {
        Ok(leases) => proto::RenewResponse { decide_time, lease: leases.into_iter().next(), refusal: None },
        Err(refusal) => proto::RenewResponse { decide_time, lease: None, refusal: Some(refusal) },
    })
}

/// A lease that its holder ended.
///
/// # Errors
/// A lease that its caller does not have.
pub(crate) fn released(desk: &Desk, answered: Answered) -> Result<proto::ReleaseResponse, Failure> {
    Ok(proto::ReleaseResponse { lease: Some(one_lease(desk, answered)?) })
}

/// A lease whose work is safe.
///
/// # Errors
/// A lease that its caller does not have.
pub(crate) fn checkpointed(desk: &Desk, answered: Answered) -> Result<proto::CheckpointResponse, Failure> {
    Ok(proto::CheckpointResponse { lease: Some(one_lease(desk, answered)?) })
}

/// A lease that an operator ended.
///
/// # Errors
/// A lease that is not active.
pub(crate) fn revoked(desk: &Desk, answered: Answered) -> Result<proto::RevokeResponse, Failure> {
    Ok(proto::RevokeResponse { lease: Some(one_lease(desk, answered)?) })
}

/// A lease whose fence stands.
///
/// # Errors
/// A lease that is not revoked, or another token than its own.
pub(crate) fn fenced(desk: &Desk, answered: Answered) -> Result<proto::ConfirmFenceResponse, Failure> {
    Ok(proto::ConfirmFenceResponse { lease: Some(one_lease(desk, answered)?) })
}

/// The one lease of an answer.
fn one_lease(desk: &Desk, answered: Answered) -> Result<proto::Lease, Failure> {
    match outcome(desk, answered, Form::Flat)? {
        Ok(leases) => {
            leases.into_iter().next().ok_or_else(|| Failure::new(Code::Internal, "NO_LEASE", "the answer has no lease"))
        }
        Err(refusal) => Err(Failure::new(Code::FailedPrecondition, "REFUSED", refusal.message)),
    }
}

/// The leases of an answer, or the refusal that it is.
///
/// # Errors
/// A refusal that is a failure.
fn outcome(desk: &Desk, answered: Answered, form: Form) -> Result<Result<Vec<proto::Lease>, proto::Refusal>, Failure> {
    match answered.answer {
        Answer::Lease(one) => Ok(Ok(vec![lease(desk.names(), &one)])),
        Answer::Gang(all) => Ok(Ok(all.iter().map(|one| lease(desk.names(), one)).collect())),
        Answer::Done => Ok(Ok(Vec::new())),
        Answer::Refused(refused) => {
            let refused = refusal(desk.fleet(), &refused, form)?;
            desk.metrics().refusals.inc();
            Ok(Err(refused))
        }
    }
}

impl Desk {
    /// Empties a node, or lets it take leases again.
    ///
    /// # Errors
    /// A node that is not there, or an authority that takes nothing now.
    pub(crate) async fn drain(&self, asked: proto::DrainRequest) -> Result<proto::DrainResponse, Failure> {
        let node = reading::node(self.fleet(), &asked.node)?;
        let by = match (asked.cancel, asked.notice) {
            (true, None) => None,
            (false, Some(notice)) => {
                let notice = read_duration("notice", notice)?;
                Some(self.now().await?.after(notice))
            }
            (true, Some(_)) => {
                return Err(Failure::field("notice", "BOTH", "a drain that is taken back has no notice"));
            }
            (false, None) => return Err(Failure::field("notice", "MISSING", "a drain has a notice")),
        };
        let answered = self.decide(Event::Drain { node, by }).await?;
        match outcome(self, answered, Form::Flat)? {
            Ok(_) => Ok(proto::DrainResponse { deadline_time: by.map(timestamp) }),
            Err(refusal) => Err(Failure::new(Code::FailedPrecondition, "REFUSED", refusal.message)),
        }
    }
}
