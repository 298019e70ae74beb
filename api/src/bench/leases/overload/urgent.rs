//! One caller of class A: the one to be served, whatever the others do.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use tokio::runtime::Builder;
use tokio::task::JoinSet;
use tonic::Code;

use super::request::request;
use crate::bench::leases::error::LeasesError;
use crate::bench::leases::latencies::Latencies;
use crate::bench::leases::load::Calls;
use crate::client::ServerUrl;
use crate::proto::ServiceClass;
use crate::proto::lease_service_client::LeaseServiceClient;

/// Calls of class A a second.
const PER_SECOND: f64 = 100.0;

/// What became of the calls of class A.
#[derive(Clone, Debug, Default)]
pub(super) struct Urgent {
    pub(super) served: u64,
    /// Refused because too many waited.
    pub(super) overloaded: u64,
    pub(super) other: u64,
    /// From when a call was due.
    pub(super) latencies: Latencies,
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
        let (mut calls, began) = (calls.clone(), due);
        under_way.spawn(async move {
            let answer = calls.request_lease(request("urgent", number, ServiceClass::A)).await;
            (began.elapsed(), answer.map(|response| response.into_inner().leases.len()))
        });
        number += 1;
        due += gap;
    }
    let mut urgent = Urgent::default();
    while let Some(done) = under_way.join_next().await {
        let (time, answer) = done.expect("a call does not panic");
        match answer {
            Ok(1) => {
                urgent.served += 1;
                urgent.latencies.push(time);
            }
            Err(status) if status.code() == Code::ResourceExhausted => urgent.overloaded += 1,
            Ok(_) | Err(_) => urgent.other += 1,
        }
    }
    Ok(urgent)
}
