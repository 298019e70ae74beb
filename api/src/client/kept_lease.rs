//! A lease that is renewed in the background until its user lets it go, or must. Where it is revoked, its user hears of it at once
//! and has what the notice leaves.

use std::pin::pin;
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use super::boot_clock::BootInstant;
use super::lease_client::{Grant, LeaseClient, RequestError, between, term_left};
use crate::proto::{Lease, ReleaseRequest, RenewRequest, RenewResponse};

/// The longest sleep between looks at the clock: sleeping does not count the machine's suspension, the clock does.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long a release is repeated before the lease is left to its end.
const RELEASE_PATIENCE: Duration = Duration::from_secs(5);

/// What is known of a kept lease.
#[derive(Clone, Debug)]
pub enum Holding {
    /// It is held, as of the last answer, and may be used until the term's stop.
    Held(Box<Grant>),
    /// It is revoked, as the notice of its lease says, and is not renewed. It may be used until the term's stop, a guard band
    /// before the notice is over; whoever releases it before that gives its capacity back at once.
    Revoked(Box<Grant>),
    /// It may no longer be used.
    Ended(Ended),
}

/// Why a lease is no longer held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Its user released it.
    Released,
    /// Its term, less the guard band, is over, and no renewal was answered in time.
    TermOver,
    /// The lessor says that it is not to be renewed: it was revoked, or has ended.
    Lost,
}

/// A lease that is renewed at half of its term, again and again. Dropping it stops the renewals, so that it ends by itself.
#[derive(Debug)]
pub struct KeptLease {
    holding: watch::Receiver<Holding>,
    release: Option<oneshot::Sender<()>>,
    keeper: JoinHandle<()>,
}

impl KeptLease {
    /// Begins to keep what was granted.
    #[must_use]
    pub fn keep(client: LeaseClient, grant: Grant) -> KeptLease {
        let (report, holding) = watch::channel(Holding::Held(Box::new(grant.clone())));
        let (release, released) = oneshot::channel();
        let keeper = tokio::spawn(Keeper { client, grant, report }.run(released));
        KeptLease { holding, release: Some(release), keeper }
    }

    /// Whether the lease may be used now. Ask right before each use: the answer is by the clock, whatever is still under way.
    #[must_use]
    pub fn is_held(&self) -> bool {
        match &*self.holding.borrow() {
            Holding::Held(grant) | Holding::Revoked(grant) => grant.term.is_open(BootInstant::now()),
            Holding::Ended(_) => false,
        }
    }

    /// What is known now.
    #[must_use]
    pub fn holding(&self) -> Holding {
        self.holding.borrow().clone()
    }

    /// Waits until the lease may no longer be used, and says why. The future may outlive a borrow of this.
    pub fn ended(&self) -> impl Future<Output = Ended> + Send + use<> {
        let mut holding = self.holding.clone();
        async move {
            let found = holding.wait_for(|holding| matches!(holding, Holding::Ended(_))).await;
            match found.as_deref() {
                Ok(Holding::Ended(ended)) => *ended,
                // The keeper is gone, and with it whoever would renew.
                Ok(Holding::Held(_) | Holding::Revoked(_)) | Err(_) => Ended::TermOver,
            }
        }
    }

    /// Waits until the lease is revoked, or may no longer be used, and says which: whoever waits for this has what the notice
    /// leaves to finish its work. The future may outlive a borrow of this.
    pub fn noticed(&self) -> impl Future<Output = Holding> + Send + use<> {
        let mut holding = self.holding.clone();
        async move {
            let found = holding.wait_for(|holding| !matches!(holding, Holding::Held(_))).await;
            found.map_or(Holding::Ended(Ended::TermOver), |found| found.clone())
        }
    }

    /// Ends the lease, and waits for the answer.
    pub async fn release(mut self) -> Ended {
        if let Some(release) = self.release.take() {
            // A keeper that is gone has said why.
            let _ = release.send(());
        }
        self.ended().await
    }
}

impl Drop for KeptLease {
    fn drop(&mut self) {
        self.keeper.abort();
    }
}

/// The one who renews.
struct Keeper {
    client: LeaseClient,
    grant: Grant,
    report: watch::Sender<Holding>,
}

impl Keeper {
    async fn run(mut self, mut released: oneshot::Receiver<()>) {
        let mut revoked = pin!(self.client.revoked(self.grant.lease.clone()));
        let ended = loop {
            let renew_at = self.grant.term.renew_at();
            let next = tokio::select! {
                () = until(renew_at) => Next::Renew,
                asked = &mut released => if asked.is_ok() { Next::Release } else { Next::Renew },
                lease = &mut revoked => Next::Finish(Box::new(lease)),
            };
            match next {
                Next::Release => break self.let_go().await,
                Next::Finish(lease) => break self.finish(*lease, released).await,
                Next::Renew => {}
            }
            if let Err(ended) = self.renew().await {
                break ended;
            }
            self.report.send_replace(Holding::Held(Box::new(self.grant.clone())));
        };
        self.report.send_replace(Holding::Ended(ended));
    }

    /// What the notice leaves is its user's; nothing is renewed.
    async fn finish(&mut self, revoked: Lease, released: oneshot::Receiver<()>) -> Ended {
        let Grant { lease, term } = &self.grant;
        let until_time = revoked.notice.as_ref().and_then(|notice| notice.until_time);
        let lost = lease.end_time.zip(until_time).map_or(Duration::ZERO, |(end, until)| between(until, end));
        self.grant = Grant { term: term.shortened(lost), lease: revoked };
        self.report.send_replace(Holding::Revoked(Box::new(self.grant.clone())));
        let is_released = tokio::select! {
            () = until(self.grant.term.stop()) => false,
            asked = released => asked.is_ok(),
        };
        if is_released { self.let_go().await } else { Ended::Lost }
    }

    /// Asks for as much time as there was at first, counted from now.
    async fn renew(&mut self) -> Result<(), Ended> {
        let first_sent = BootInstant::now();
        let term = self.grant.term;
        if !term.is_open(first_sent) {
            return Err(Ended::TermOver);
        }
        let renewal = self.renewal(term.spent(first_sent));
        let answer = tokio::select! {
            answer = self.client.renew(&renewal, term.stop()) => answer,
            () = until(term.stop()) => return Err(Ended::TermOver),
        };
        let answered = BootInstant::now();
        match answer {
            Ok(RenewResponse { decide_time, lease: Some(lease), .. }) => {
                let left = term_left(decide_time, &lease).map_err(|_| Ended::Lost)?;
                let term = term.renewed(first_sent, answered, left).ok_or(Ended::TermOver)?;
                self.grant = Grant { lease, term };
                Ok(())
            }
            // Refused for now, or not heard: what is left of the term stays, and half of it on there is another try.
            Ok(_) => self.go_on(answered),
            Err(RequestError::Status(status)) if is_passing(&status) => self.go_on(answered),
            Err(_) => Err(Ended::Lost),
        }
    }

    fn go_on(&mut self, now: BootInstant) -> Result<(), Ended> {
        self.grant.term = self.grant.term.from(now).ok_or(Ended::TermOver)?;
        Ok(())
    }

    fn renewal(&self, more: Duration) -> RenewRequest {
        let Lease { name, holder, version, end_time, .. } = self.grant.lease.clone();
        RenewRequest {
            name,
            holder,
            version,
            end_time: end_time.map(|end| later(end, more)),
            ..RenewRequest::default()
        }
    }

    async fn let_go(&mut self) -> Ended {
        let Lease { name, holder, .. } = self.grant.lease.clone();
        // Without an answer the lease ends by itself; its user has stopped in either case.
        let _ = self.client.release(&ReleaseRequest { name, holder }, RELEASE_PATIENCE).await;
        Ended::Released
    }
}

/// What comes next for a lease that is held.
enum Next {
    Renew,
    Release,
    /// It is revoked.
    Finish(Box<Lease>),
}

/// Whether a status says nothing about the lease.
fn is_passing(status: &tonic::Status) -> bool {
    use tonic::Code::{Cancelled, DeadlineExceeded, ResourceExhausted, Unavailable};
    matches!(status.code(), Unavailable | DeadlineExceeded | Cancelled | ResourceExhausted)
}

fn later(time: prost_types::Timestamp, more: Duration) -> prost_types::Timestamp {
    // The lessor counts microseconds: a part of one is left out rather than refused.
    let micros = i64::from(time.nanos / 1_000) + i64::from(more.subsec_micros());
    let seconds = time.seconds.saturating_add(i64::try_from(more.as_secs()).unwrap_or(i64::MAX));
    let carry = micros / 1_000_000;
    let nanos = i32::try_from(micros % 1_000_000 * 1_000).expect("a part of a second fits 32 bits");
    prost_types::Timestamp { seconds: seconds.saturating_add(carry), nanos }
}

/// Sleeps until an instant of the suspend-counting clock.
async fn until(instant: BootInstant) {
    loop {
        let left = BootInstant::now().until(instant);
        if left.is_zero() {
            return;
        }
        tokio::time::sleep(left.min(LOOK_EVERY)).await;
    }
}
