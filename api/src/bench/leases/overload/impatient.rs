//! Callers of class D that ask by single calls and give up when their deadline has passed: the server sheds what they gave up.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::{Code, Request, Response, Status};

use super::request;
use crate::bench::leases::load::Calls;
use crate::proto::{RequestLeaseResponse, ServiceClass};

/// How long a caller waits.
const PATIENCE: Duration = Duration::from_millis(100);
/// Calls under way at once: callers beyond them find nobody to call for them, as where a pool of connections is used up.
const UNDER_WAY_MAX: usize = 2_048;

/// What became of their calls.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Impatient {
    /// Calls that were due.
    pub(super) due: u64,
    /// Those that were made.
    pub(super) sent: u64,
    pub(super) granted: u64,
    /// Refused because too many waited, and said so.
    pub(super) overloaded: u64,
    /// Refused by the authority, with a reason.
    pub(super) refused: u64,
    /// Given up at the deadline.
    pub(super) given_up: u64,
    pub(super) other: u64,
}

/// Single calls, one after each gap, whatever the answers do.
pub(super) async fn ask(calls: Calls, gap: Duration, until: Instant) -> Impatient {
    let mut impatient = Impatient::default();
    let mut under_way = JoinSet::new();
    let mut due = Instant::now();
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        while due <= Instant::now() && due < until {
            if under_way.len() < UNDER_WAY_MAX {
                under_way.spawn(one(calls.clone(), impatient.due));
                impatient.sent += 1;
            }
            impatient.due += 1;
            due += gap;
        }
        while let Some(done) = under_way.try_join_next() {
            impatient.take_in(done.expect("a call does not panic"));
        }
    }
    while let Some(done) = under_way.join_next().await {
        impatient.take_in(done.expect("a call does not panic"));
    }
    impatient
}

async fn one(mut calls: Calls, number: u64) -> Result<Response<RequestLeaseResponse>, Status> {
    let mut call = Request::new(request("impatient", number, ServiceClass::D));
    call.set_timeout(PATIENCE);
    calls.request_lease(call).await
}

impl Impatient {
    fn take_in(&mut self, answer: Result<Response<RequestLeaseResponse>, Status>) {
        let count = match answer.map(Response::into_inner).map_err(|status| status.code()) {
            Ok(response) if !response.leases.is_empty() => &mut self.granted,
            Ok(response) if response.refusal.is_some() => &mut self.refused,
            Err(Code::ResourceExhausted) => &mut self.overloaded,
            // The server gives up a little earlier than the caller, who then hears why.
            Err(Code::DeadlineExceeded | Code::Cancelled) => &mut self.given_up,
            Ok(_) | Err(_) => &mut self.other,
        };
        *count += 1;
    }
}
