//! One caller of class A: the one to be served, whatever the others do. It renews each lease that it gets.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use prost_types::Timestamp;
use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tonic::{Code, Status};

use super::request::request;
use crate::bench::leases::error::LeasesError;
use crate::bench::leases::latencies::Latencies;
use crate::bench::leases::load::Calls;
use crate::client::ServerUrl;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::{Lease, RenewRequest, ServiceClass};

/// Calls of class A a second.
const PER_SECOND: f64 = 100.0;

/// What became of the calls of class A: as many requests, and a renewal of each lease.
#[derive(Clone, Debug, Default)]
pub(super) struct Urgent {
    pub(super) requests: Served,
    pub(super) renewals: Served,
}

/// What became of calls of one kind.
#[derive(Clone, Debug, Default)]
pub(super) struct Served {
    pub(super) count: u64,
    /// Refused because too many waited.
    pub(super) overloaded: u64,
    pub(super) other: u64,
    /// From when a call was due.
    pub(super) latencies: Latencies,
}

impl Served {
    /// Takes in a call that brought a lease, or did not.
    fn take_in(&mut self, begun: Instant, answer: Result<Option<Lease>, Status>) -> Option<Lease> {
        match answer {
            Ok(Some(lease)) => {
                self.count += 1;
                self.latencies.push(begun.elapsed());
                return Some(lease);
            }
            Err(status) if status.code() == Code::ResourceExhausted => self.overloaded += 1,
            Ok(None) | Err(_) => self.other += 1,
        }
        None
    }

    /// A line for people, with a word for what was done.
    pub(super) fn line(&self, done: &str) -> String {
        let mut times = self.latencies.clone();
        format!(
            "{} {done}, {} refused as overloaded, {} otherwise; half within {:.1} ms, 99 in 100 within {:.1} ms",
            self.count,
            self.overloaded,
            self.other,
            times.at_permille(500),
            times.at_permille(990)
        )
    }

    fn add(&mut self, more: Served) {
        self.count += more.count;
        self.overloaded += more.overloaded;
        self.other += more.other;
        self.latencies.join(more.latencies);
    }
}

impl Urgent {
    /// Calls that were not served.
    pub(super) fn lost(&self) -> u64 {
        [&self.requests, &self.renewals].iter().map(|served| served.overloaded + served.other).sum()
    }

    fn add(&mut self, more: Urgent) {
        self.requests.add(more.requests);
        self.renewals.add(more.renewals);
    }
}

/// The caller has a thread of its own: how busy others keep their threads is no matter of the server.
pub(super) fn on_its_own(url: ServerUrl, until: Instant) -> JoinHandle<Result<Urgent, LeasesError>> {
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(LeasesError::Start)?;
        runtime.block_on(async { ask(LeaseServiceClient::new(url.connect(None).await?), until).await })
    })
}

/// Single calls at a steady rate.
async fn ask(calls: Calls, until: Instant) -> Result<Urgent, LeasesError> {
    let gap = Duration::from_secs_f64(1.0 / PER_SECOND);
    let mut under_way = JoinSet::new();
    let (mut due, mut number) = (Instant::now(), 0);
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        under_way.spawn(one(calls.clone(), number, due));
        number += 1;
        due += gap;
    }
    let mut urgent = Urgent::default();
    while let Some(done) = under_way.join_next().await {
        urgent.add(done.expect("a call does not panic"));
    }
    Ok(urgent)
}

/// A request that was due at an instant, and the renewal of its lease.
async fn one(mut calls: Calls, number: u64, due: Instant) -> Urgent {
    let mut urgent = Urgent::default();
    let answer = calls.request_lease(request("urgent", number, ServiceClass::A)).await;
    let answer = answer.map(|response| response.into_inner().leases.pop());
    let Some(lease) = urgent.requests.take_in(due, answer) else { return urgent };
    let end_time = lease.end_time.map(|end| Timestamp { seconds: end.seconds + 1, ..end });
    let Lease { name, holder, version, .. } = lease;
    let (renewal, begun) =
        (RenewRequest { name, holder, version, end_time, ..RenewRequest::default() }, Instant::now());
    let answer = calls.renew(renewal).await;
    urgent.renewals.take_in(begun, answer.map(|response| response.into_inner().lease));
    urgent
}
