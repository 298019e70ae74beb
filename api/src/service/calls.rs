//! Calls that change something: each is an event on the way in and an answer on the way out, alone or in a session.

use lessor_engine::authority::{Answer, Event, Token};
use tonic::Code;

use super::desk::Desk;
use super::failure::Failure;
use super::reading::{self, holder, lease_id, renewal};
use super::refusing::refusal;
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
        Call::RequestLease(asked) => (Event::Request(reading::request(desk.fleet(), &asked)?), |desk, answered| {
            requested(desk, answered).map(Outcome::RequestLease)
        }),
        Call::Renew(asked) => {
            (Event::Renew(renewal(&asked)?), |desk, answered| renewed(desk, answered).map(Outcome::Renew))
        }
        Call::Release(asked) => (release(&asked)?, |desk, answered| {
            let lease = Some(one_lease(desk, answered)?);
            Ok(Outcome::Release(proto::ReleaseResponse { lease }))
        }),
        Call::ConfirmFence(asked) => (confirm_fence(&asked)?, |desk, answered| {
            let lease = Some(one_lease(desk, answered)?);
            Ok(Outcome::ConfirmFence(proto::ConfirmFenceResponse { lease }))
        }),
        Call::Checkpoint(asked) => (checkpoint(&asked)?, |desk, answered| {
            let lease = Some(one_lease(desk, answered)?);
            Ok(Outcome::Checkpoint(proto::CheckpointResponse { lease }))
        }),
        Call::Quote(_) | Call::WatchHolder(_) => {
            return Err(Failure::new(Code::Internal, "NO_EVENT", "a look changes nothing"));
        }
    })
}

fn release(asked: &proto::ReleaseRequest) -> Result<Event, Failure> {
    Ok(Event::Release { holder: holder(&asked.holder)?, lease: lease_id(&asked.name)? })
}

fn confirm_fence(asked: &proto::ConfirmFenceRequest) -> Result<Event, Failure> {
    Ok(Event::ConfirmFence { lease: lease_id(&asked.name)?, token: Token(asked.token) })
}

fn checkpoint(asked: &proto::CheckpointRequest) -> Result<Event, Failure> {
    Ok(Event::Checkpoint { holder: holder(&asked.holder)?, lease: lease_id(&asked.name)? })
}

fn requested(desk: &Desk, answered: Answered) -> Result<proto::RequestLeaseResponse, Failure> {
    let decide_time = Some(timestamp(answered.now));
    Ok(match outcome(desk, answered)? {
        Ok(leases) => proto::RequestLeaseResponse { decide_time, leases, refusal: None },
        Err(refusal) => proto::RequestLeaseResponse { decide_time, leases: Vec::new(), refusal: Some(refusal) },
    })
}

fn renewed(desk: &Desk, answered: Answered) -> Result<proto::RenewResponse, Failure> {
    let decide_time = Some(timestamp(answered.now));
    Ok(match outcome(desk, answered)? {
        Ok(leases) => proto::RenewResponse { decide_time, lease: leases.into_iter().next(), refusal: None },
        Err(refusal) => proto::RenewResponse { decide_time, lease: None, refusal: Some(refusal) },
    })
}

/// The one lease of an answer.
fn one_lease(desk: &Desk, answered: Answered) -> Result<proto::Lease, Failure> {
    match outcome(desk, answered)? {
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
fn outcome(desk: &Desk, answered: Answered) -> Result<Result<Vec<proto::Lease>, proto::Refusal>, Failure> {
    match answered.answer {
        Answer::Lease(one) => Ok(Ok(vec![lease(desk.names(), &one)])),
        Answer::Gang(all) => Ok(Ok(all.iter().map(|one| lease(desk.names(), one)).collect())),
        Answer::Done => Ok(Ok(Vec::new())),
        Answer::Refused(refused) => {
            let refused = refusal(desk.fleet(), &refused)?;
            desk.metrics().refusals.inc();
            Ok(Err(refused))
        }
    }
}

impl Desk {
    /// Grants, offers or refuses leases.
    ///
    /// # Errors
    /// A request that makes no sense, or an authority that takes nothing now.
    pub(crate) async fn request_lease(
        &self,
        asked: proto::RequestLeaseRequest,
    ) -> Result<proto::RequestLeaseResponse, Failure> {
        let event = Event::Request(reading::request(self.fleet(), &asked)?);
        requested(self, self.decide(event).await?)
    }

    /// Moves the end of a lease.
    ///
    /// # Errors
    /// A lease that is not to be renewed so, or an authority that takes nothing now.
    pub(crate) async fn renew(&self, asked: proto::RenewRequest) -> Result<proto::RenewResponse, Failure> {
        renewed(self, self.decide(Event::Renew(renewal(&asked)?)).await?)
    }

    /// Ends a lease.
    ///
    /// # Errors
    /// A lease that its caller does not have, or an authority that takes nothing now.
    pub(crate) async fn release(&self, asked: proto::ReleaseRequest) -> Result<proto::ReleaseResponse, Failure> {
        let lease = Some(one_lease(self, self.decide(release(&asked)?).await?)?);
        Ok(proto::ReleaseResponse { lease })
    }

    /// Notes that work is safe.
    ///
    /// # Errors
    /// A lease that its caller does not have, or an authority that takes nothing now.
    pub(crate) async fn checkpoint(
        &self,
        asked: proto::CheckpointRequest,
    ) -> Result<proto::CheckpointResponse, Failure> {
        let lease = Some(one_lease(self, self.decide(checkpoint(&asked)?).await?)?);
        Ok(proto::CheckpointResponse { lease })
    }

    /// Ends a lease for its holder.
    ///
    /// # Errors
    /// A lease that is not active, or an authority that takes nothing now.
    pub(crate) async fn revoke(&self, asked: proto::RevokeRequest) -> Result<proto::RevokeResponse, Failure> {
        let notice = asked.notice.map(|span| read_duration("notice", span)).transpose()?;
        let event = Event::Revoke { lease: lease_id(&asked.name)?, notice };
        let lease = Some(one_lease(self, self.decide(event).await?)?);
        Ok(proto::RevokeResponse { lease })
    }

    /// Takes back what a revoked lease holds.
    ///
    /// # Errors
    /// A lease that is not revoked, another token than its own, or an authority that takes nothing now.
    pub(crate) async fn confirm_fence(
        &self,
        asked: proto::ConfirmFenceRequest,
    ) -> Result<proto::ConfirmFenceResponse, Failure> {
        let lease = Some(one_lease(self, self.decide(confirm_fence(&asked)?).await?)?);
        Ok(proto::ConfirmFenceResponse { lease })
    }

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
        match outcome(self, answered)? {
            Ok(_) => Ok(proto::DrainResponse { deadline_time: by.map(timestamp) }),
            Err(refusal) => Err(Failure::new(Code::FailedPrecondition, "REFUSED", refusal.message)),
        }
    }
}
