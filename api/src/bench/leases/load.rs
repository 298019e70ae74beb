//! Load on a server: grants and releases, so many under way at once, or so many a second.

use std::time::{Duration, Instant};

use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::error::LeasesError;
use super::latencies::Latencies;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::session_request::Call;
use crate::proto::session_response::Outcome;
use crate::proto::{Lease, LeaseSpec, ReleaseRequest, RequestLeaseRequest, Resources, SessionRequest};

pub(super) type Calls = LeaseServiceClient<Channel>;

/// How many calls were answered, in what time.
#[derive(Clone, Debug, Default)]
pub(super) struct Answered {
    pub(super) seconds: f64,
    pub(super) latencies: Latencies,
}

impl Answered {
    pub(super) fn per_second(&self) -> f64 {
        self.latencies.count() as f64 / self.seconds
    }
}

/// One request of a worker: its own node-free megabyte for an hour.
pub(super) fn request(worker: usize, number: u64, run: &str) -> RequestLeaseRequest {
    RequestLeaseRequest {
        holder: format!("worker-{worker}"),
        request_id: format!("{run}-{worker}-{number}"),
        spec: Some(LeaseSpec {
            resources: Some(Resources {
                compute_mops: 10,
                memory_bytes: 1 << 20,
                power_mw: 100,
                ..Resources::default()
            }),
            term: Some(prost_types::Duration { seconds: 3_600, nanos: 0 }),
            ..LeaseSpec::default()
        }),
        first_send_time: None,
    }
}

/// Grants and releases by single calls, each worker one at a time.
///
/// # Errors
/// The first call that fails, or is refused.
pub(super) async fn unary(
    calls: &Calls,
    in_flight: usize,
    length: Duration,
    run: &str,
) -> Result<Answered, LeasesError> {
    let begun = Instant::now();
    let mut workers = JoinSet::new();
    for worker in 0..in_flight {
        workers.spawn(unary_worker(calls.clone(), worker, begun + length, run.to_owned()));
    }
    let mut answered = Answered::default();
    while let Some(worker) = workers.join_next().await {
        answered.latencies.join(worker.expect("a worker does not panic")?);
    }
    answered.seconds = begun.elapsed().as_secs_f64();
    Ok(answered)
}

async fn unary_worker(mut calls: Calls, worker: usize, until: Instant, run: String) -> Result<Latencies, LeasesError> {
    let mut latencies = Latencies::default();
    let mut number = 0;
    while Instant::now() < until {
        let begun = Instant::now();
        let response = calls.request_lease(request(worker, number, &run)).await?.into_inner();
        latencies.push(begun.elapsed());
        let refused = |refusal: Option<crate::proto::Refusal>| LeasesError::Refused {
            message: refusal.unwrap_or_default().message,
        };
        let lease = response.leases.into_iter().next().ok_or_else(|| refused(response.refusal))?;
        let begun = Instant::now();
        calls.release(ReleaseRequest { name: lease.name, holder: lease.holder }).await?;
        latencies.push(begun.elapsed());
        number += 1;
    }
    Ok(latencies)
}

/// Answers at a steady rate, and how late the calls began.
#[derive(Debug, Default)]
pub(super) struct Steady {
    pub(super) answered: Answered,
    pub(super) begun_late: Latencies,
}

/// Single calls at a steady rate, whatever the answers do; times count from when a call was due.
///
/// # Errors
/// The first call that fails, or is refused.
pub(super) async fn steady(
    calls: &Calls,
    per_second: f64,
    length: Duration,
    run: &str,
) -> Result<Answered, LeasesError> {
    Ok(steady_watched(calls, per_second, length, run).await?.answered)
}

/// The same, and how late the calls began: the load is not always given a core when a call is due.
///
/// # Errors
/// The first call that fails, or is refused.
pub(super) async fn steady_watched(
    calls: &Calls,
    per_second: f64,
    length: Duration,
    run: &str,
) -> Result<Steady, LeasesError> {
    // Each pair is a grant and a release after it.
    let gap = Duration::from_secs_f64(2.0 / per_second);
    let begun = Instant::now();
    let mut pairs = JoinSet::new();
    let mut steady = Steady::default();
    let mut due = begun;
    let mut number = 0;
    while due < begun + length {
        tokio::time::sleep_until(due.into()).await;
        // The timer's grain is a millisecond: whatever is due by now begins now, and its time counts from when it was due.
        while due <= Instant::now() {
            pairs.spawn(pair(calls.clone(), number, due, run.to_owned()));
            number += 1;
            due += gap;
        }
        while let Some(done) = pairs.try_join_next() {
            steady.join(done.expect("a pair does not panic")?);
        }
    }
    while let Some(done) = pairs.join_next().await {
        steady.join(done.expect("a pair does not panic")?);
    }
    steady.answered.seconds = begun.elapsed().as_secs_f64();
    Ok(steady)
}

impl Steady {
    fn join(&mut self, (late, times): (Duration, Latencies)) {
        self.begun_late.push(late);
        self.answered.latencies.join(times);
    }
}

/// A grant and its release: how late it began, and both times.
async fn pair(mut calls: Calls, number: u64, due: Instant, run: String) -> Result<(Duration, Latencies), LeasesError> {
    let late = due.elapsed();
    let mut latencies = Latencies::default();
    let response = calls.request_lease(request(0, number, &run)).await?.into_inner();
    latencies.push(due.elapsed());
    let Some(lease) = response.leases.into_iter().next() else {
        return Err(LeasesError::Refused { message: response.refusal.unwrap_or_default().message });
    };
    let begun = Instant::now();
    calls.release(ReleaseRequest { name: lease.name, holder: lease.holder }).await?;
    latencies.push(begun.elapsed());
    Ok((late, latencies))
}

/// Grants and releases over one session, so many under way at once.
///
/// # Errors
/// The first call that fails, or is refused.
pub(super) async fn session(
    calls: &mut Calls,
    in_flight: usize,
    length: Duration,
    run: &str,
) -> Result<Answered, LeasesError> {
    let begun = Instant::now();
    let (sender, receiver) = mpsc::channel(in_flight);
    let mut answers = calls.session(ReceiverStream::new(receiver)).await?.into_inner();
    let mut sent: Vec<Instant> = vec![Instant::now(); in_flight];
    let mut numbers = vec![0_u64; in_flight];
    for worker in 0..in_flight {
        send(&sender, worker, Call::RequestLease(request(worker, 0, run))).await;
    }
    let mut answered = Answered::default();
    let mut open = in_flight;
    while open > 0 {
        let Some(answer) = answers.next().await.transpose()? else { break };
        let worker = usize::try_from(answer.tag).expect("a tag is the number of a worker");
        answered.latencies.push(sent[worker].elapsed());
        let next = match answer.outcome {
            Some(Outcome::RequestLease(response)) => release(response.leases, response.refusal)?,
            Some(Outcome::Failure(failure)) => return Err(LeasesError::Refused { message: failure.message }),
            _ => {
                numbers[worker] += 1;
                Call::RequestLease(request(worker, numbers[worker], run))
            }
        };
        let is_pair_over = matches!(next, Call::RequestLease(_));
        if is_pair_over && begun.elapsed() >= length {
            open -= 1;
            continue;
        }
        sent[worker] = Instant::now();
        send(&sender, worker, next).await;
    }
    answered.seconds = begun.elapsed().as_secs_f64();
    Ok(answered)
}

async fn send(sender: &mpsc::Sender<SessionRequest>, worker: usize, call: Call) {
    // A session that ended is seen where its answers are read.
    let _ = sender.send(SessionRequest { tag: worker as u64, call: Some(call) }).await;
}

fn release(leases: Vec<Lease>, refusal: Option<crate::proto::Refusal>) -> Result<Call, LeasesError> {
    match leases.into_iter().next() {
        Some(lease) => Ok(Call::Release(ReleaseRequest { name: lease.name, holder: lease.holder })),
        None => Err(LeasesError::Refused { message: refusal.unwrap_or_default().message }),
    }
}
