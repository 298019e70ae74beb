//! Callers of class D that ask by single calls and give up when their deadline has passed: the server sheds what they gave up.

use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tonic::{Code, Request, Response, Status};

use super::came_to::{CameTo, Tally};
use super::request::request;
use crate::bench::leases::load::Calls;
use crate::proto::{RequestLeaseResponse, ServiceClass};

/// How long a caller waits.
const PATIENCE: Duration = Duration::from_millis(100);
/// Calls under way at once: callers beyond them find nobody to call for them, as where a pool of connections is used up.
const UNDER_WAY_MAX: usize = 2_048;

/// Single calls, one after each gap, whatever the answers do.
pub(super) async fn ask(calls: Calls, gap: Duration, until: Instant) -> Tally {
    let mut tally = Tally::default();
    let mut under_way = JoinSet::new();
    let mut due = Instant::now();
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        while due <= Instant::now() && due < until {
            if under_way.len() < UNDER_WAY_MAX {
                under_way.spawn(one(calls.clone(), tally.due));
                tally.sent += 1;
            }
            tally.due += 1;
            due += gap;
        }
        while let Some(done) = under_way.try_join_next() {
            tally.take_in(came_to(done.expect("a call does not panic")));
        }
    }
    while let Some(done) = under_way.join_next().await {
        tally.take_in(came_to(done.expect("a call does not panic")));
    }
    tally
}

async fn one(mut calls: Calls, number: u64) -> Result<Response<RequestLeaseResponse>, Status> {
    let mut call = Request::new(request("impatient", number, ServiceClass::D));
    call.set_timeout(PATIENCE);
    calls.request_lease(call).await
}

fn came_to(answer: Result<Response<RequestLeaseResponse>, Status>) -> CameTo {
    match answer.map(Response::into_inner).map_err(|status| status.code()) {
        Ok(response) if !response.leases.is_empty() => CameTo::Granted,
        Ok(response) if response.refusal.is_some() => CameTo::Refused,
        Err(Code::ResourceExhausted) => CameTo::Overloaded,
        // The server gives up a little earlier than the caller, who then hears why.
        Err(Code::DeadlineExceeded | Code::Cancelled) => CameTo::GivenUp,
        Ok(_) | Err(_) => CameTo::Other,
    }
}
