//! A real server that is offered several times what it can serve: class A is served, memory stays, and refusals say what they are.
//!
//! A crowd asks over sessions, at a steady rate whatever the answers do, for short leases of class D. Beside it one caller of class
//! A asks by single calls, and is the one to be served.

use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::runtime::Builder;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;

use super::child::ServerChild;
use super::error::LeasesError;
use super::latencies::Latencies;
use super::load::{self, Calls};
use crate::cli::BenchLeasesOverloadArgs;
use crate::client::ServerUrl;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::session_request::Call;
use crate::proto::session_response::Outcome;
use crate::proto::{LeaseSpec, RequestLeaseRequest, Resources, ServiceClass, SessionRequest, SessionResponse};

/// Single calls under way while the peak is measured, and for how long.
const PEAK_IN_FLIGHT: usize = 256;
const PEAK_LENGTH: Duration = Duration::from_secs(5);
/// Sessions of the crowd: together they may have more under way than the server lets wait.
const SESSIONS: u32 = 8;
/// How often a session of the crowd sends what is due.
const BEAT: Duration = Duration::from_millis(2);
/// Calls of class A a second.
const URGENT_PER_SECOND: f64 = 100.0;
/// Short enough that leases end by themselves while the crowd asks.
const TERM_SECONDS: i64 = 2;
/// How often the server's memory is looked at.
const MEMORY_EVERY: Duration = Duration::from_millis(200);
/// Memory may grow by so much from the first half to the second, in percent: what is kept of the past is full by then.
const GROWTH_MAX_PERCENT: u64 = 20;

/// What came of it.
#[derive(Clone, Debug, Default)]
pub(super) struct Overload {
    /// Single calls a second that the server serves.
    peak: f64,
    /// Seconds of the crowd.
    seconds: f64,
    crowd: Crowd,
    urgent: Urgent,
    /// Bytes of the server: before, at most in the first half, and at most in the second.
    memory: [u64; 3],
}

/// What became of the calls of class D.
#[derive(Clone, Copy, Debug, Default)]
struct Crowd {
    /// Calls that were due.
    due: u64,
    /// Those that the connection took; the rest was held back by flow control.
    sent: u64,
    granted: u64,
    /// Refused because too many waited, and said so.
    overloaded: u64,
    /// Refused by the authority, with a reason.
    refused: u64,
    /// Anything else.
    other: u64,
}

/// What became of the calls of class A.
#[derive(Clone, Debug, Default)]
struct Urgent {
    served: u64,
    /// Refused because too many waited.
    overloaded: u64,
    other: u64,
    latencies: Latencies,
}

/// Measures the peak, and then offers more.
///
/// # Errors
/// A server that does not start, or ends.
pub(super) async fn measure(
    args: &BenchLeasesOverloadArgs,
    fleet: &Path,
    data: &Path,
) -> Result<Overload, LeasesError> {
    let server = ServerChild::start(fleet, data)?;
    let calls = LeaseServiceClient::new(server.url.connect(None).await?);
    let peak = load::unary(&calls, PEAK_IN_FLIGHT, PEAK_LENGTH, "peak").await?.per_second();
    let begun = Instant::now();
    let until = begun + args.length;
    let mut sessions = JoinSet::new();
    for number in 0..SESSIONS {
        let own = LeaseServiceClient::new(server.url.connect(None).await?);
        let rate = peak * f64::from(args.times) / f64::from(SESSIONS);
        sessions.spawn(crowd(own, number, rate, until));
    }
    let urgent = on_its_own(server.url.clone(), until);
    let memory = memory(&server, args.length).await;
    let mut overload = Overload { peak, memory, ..Overload::default() };
    while let Some(session) = sessions.join_next().await {
        overload.crowd.add(session.expect("a session of the crowd does not panic")?);
    }
    overload.seconds = begun.elapsed().as_secs_f64();
    overload.urgent = tokio::task::block_in_place(|| urgent.join()).expect("the caller of class A does not panic")?;
    Ok(overload)
}

/// The caller of class A has a thread of its own: how busy the crowd keeps its threads is no matter of the server.
fn on_its_own(url: ServerUrl, until: Instant) -> JoinHandle<Result<Urgent, LeasesError>> {
    std::thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build().map_err(LeasesError::Start)?;
        runtime.block_on(async { urgent(LeaseServiceClient::new(url.connect(None).await?), until).await })
    })
}

/// What the server takes before, at most in the first half, and at most in the second.
async fn memory(server: &ServerChild, length: Duration) -> [u64; 3] {
    let taken = || server.memory_bytes().unwrap_or(0);
    let mut most = [taken(), 0, 0];
    let begun = Instant::now();
    while begun.elapsed() < length {
        tokio::time::sleep(MEMORY_EVERY).await;
        let half = if begun.elapsed() < length / 2 { 1 } else { 2 };
        most[half] = taken().max(most[half]);
    }
    most
}

fn request((who, number): (u32, u64), class: ServiceClass) -> RequestLeaseRequest {
    RequestLeaseRequest {
        holder: format!("{}-{who}", class.as_str_name()),
        request_id: format!("r{number}"),
        spec: Some(LeaseSpec {
            resources: Some(Resources { memory_bytes: 1, ..Resources::default() }),
            term: Some(prost_types::Duration { seconds: TERM_SECONDS, nanos: 0 }),
            service_class: class.into(),
            ..LeaseSpec::default()
        }),
        first_send_time: None,
    }
}

/// One session that sends at a steady rate, and reads whatever comes.
async fn crowd(mut calls: Calls, who: u32, per_second: f64, until: Instant) -> Result<Crowd, LeasesError> {
    let (sender, receiver) = mpsc::channel(1 << 12);
    let mut answers = calls.session(ReceiverStream::new(receiver)).await?.into_inner();
    let sending = tokio::spawn(send(sender, who, per_second, until));
    let mut crowd = Crowd::default();
    while let Some(answer) = answers.next().await.transpose()? {
        crowd.take_in(&answer);
    }
    (crowd.due, crowd.sent) = sending.await.expect("sending does not panic");
    Ok(crowd)
}

/// Sends what is due at each beat; what the connection does not take then is held back for good. Says how many were due and sent.
async fn send(sender: mpsc::Sender<SessionRequest>, who: u32, per_second: f64, until: Instant) -> (u64, u64) {
    let begun = Instant::now();
    let (mut due, mut sent) = (0, 0);
    let mut beat = tokio::time::interval(BEAT);
    while Instant::now() < until {
        beat.tick().await;
        while (due as f64) < begun.elapsed().as_secs_f64() * per_second {
            let call = Some(Call::RequestLease(request((who, due), ServiceClass::D)));
            if sender.try_send(SessionRequest { tag: due, call }).is_ok() {
                sent += 1;
            }
            due += 1;
        }
    }
    (due, sent)
}

impl Crowd {
    fn take_in(&mut self, answer: &SessionResponse) {
        let count = match &answer.outcome {
            Some(Outcome::RequestLease(response)) if !response.leases.is_empty() => &mut self.granted,
            Some(Outcome::RequestLease(response)) if response.refusal.is_some() => &mut self.refused,
            Some(Outcome::Failure(failure))
                if failure.code == i32::from(Code::ResourceExhausted) && failure.reason == "OVERLOADED" =>
            {
                &mut self.overloaded
            }
            _ => &mut self.other,
        };
        *count += 1;
    }

    fn add(&mut self, other: Crowd) {
        self.due += other.due;
        self.sent += other.sent;
        self.granted += other.granted;
        self.overloaded += other.overloaded;
        self.refused += other.refused;
        self.other += other.other;
    }
}

/// Single calls of class A at a steady rate; times count from when a call was due.
async fn urgent(calls: Calls, until: Instant) -> Result<Urgent, LeasesError> {
    let gap = Duration::from_secs_f64(1.0 / URGENT_PER_SECOND);
    let mut under_way = JoinSet::new();
    let (mut due, mut number) = (Instant::now(), 0);
    while due < until {
        tokio::time::sleep_until(due.into()).await;
        let (mut calls, began) = (calls.clone(), due);
        under_way.spawn(async move {
            let answer = calls.request_lease(request((0, number), ServiceClass::A)).await;
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

impl Overload {
    /// Whether class A was served, memory stayed and every refusal said what it is.
    pub(super) fn holds(&self) -> bool {
        let [_, first, second] = self.memory;
        let is_flat = second * 100 <= first * (100 + GROWTH_MAX_PERCENT);
        self.urgent.overloaded + self.urgent.other + self.crowd.other == 0 && self.urgent.served > 0 && is_flat
    }

    fn times_the_peak(&self) -> f64 {
        self.crowd.sent as f64 / self.seconds / self.peak
    }

    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        let Overload { crowd, urgent, memory, .. } = self;
        let mut latencies = urgent.latencies.clone();
        json!({
            "peak_per_second": self.peak,
            "due_per_second": crowd.due as f64 / self.seconds,
            "sent_per_second": crowd.sent as f64 / self.seconds,
            "sent_times_peak": self.times_the_peak(),
            "granted": crowd.granted,
            "overloaded": crowd.overloaded,
            "refused": crowd.refused,
            "other": crowd.other,
            "class_a_served": urgent.served,
            "class_a_overloaded": urgent.overloaded,
            "class_a_other": urgent.other,
            "class_a_p50_ms": latencies.at_permille(500),
            "class_a_p99_ms": latencies.at_permille(990),
            "memory_bytes": memory,
            "holds": self.holds(),
        })
    }

    /// Lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let Overload { crowd, urgent, memory, .. } = self;
        let mut latencies = urgent.latencies.clone();
        let megabytes = memory.map(|bytes| bytes / 1_000_000);
        vec![
            format!(
                "peak: {:.0} single calls/s; class D sent {:.0}/s, {:.1} times as many ({} of {} due were held back)",
                self.peak,
                crowd.sent as f64 / self.seconds,
                self.times_the_peak(),
                crowd.due - crowd.sent,
                crowd.due
            ),
            format!(
                "class D: {} granted, {} refused as overloaded, {} refused by the authority, {} otherwise",
                crowd.granted, crowd.overloaded, crowd.refused, crowd.other
            ),
            format!(
                "class A: {} served, {} refused as overloaded, {} otherwise; half within {:.1} ms, 99 in 100 within {:.1} ms",
                urgent.served,
                urgent.overloaded,
                urgent.other,
                latencies.at_permille(500),
                latencies.at_permille(990)
            ),
            format!(
                "memory of the server: {} MB before, at most {} in the first half and {} in the second",
                megabytes[0], megabytes[1], megabytes[2]
            ),
        ]
    }
}
