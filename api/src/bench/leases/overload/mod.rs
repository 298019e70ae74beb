//! A real server that is offered several times what it can serve: class A is served, memory stays, and refusals say what they are.
//!
//! A crowd asks over sessions, at a steady rate whatever the answers do, for short leases of classes C and D; a few of class D ask
//! by single calls and give up at their deadline. Beside them one caller of class A asks by single calls and renews what it gets,
//! and is the one to be served.

mod came_to;
mod crowd;
mod impatient;
mod request;
mod urgent;

use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::task::JoinSet;

use self::came_to::Tally;
use self::urgent::Urgent;
use super::child::ServerChild;
use super::error::LeasesError;
use super::load;
use crate::cli::BenchLeasesOverloadArgs;
use crate::proto::ServiceClass;
use crate::proto::lease_service_client::LeaseServiceClient;

/// Single calls under way while the peak is measured, and for how long.
const PEAK_IN_FLIGHT: usize = 256;
const PEAK_LENGTH: Duration = Duration::from_secs(5);
/// Connections of the crowd and sessions of each: together they may have many times more under way than the server lets wait.
const CONNECTIONS: u32 = 8;
const SESSIONS_EACH: u32 = 8;
/// The share of what is offered that comes as single calls with a deadline. Each of them costs the load as much as dozens of calls
/// of a session.
const IMPATIENT_SHARE: f64 = 0.02;
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
    crowd: Tally,
    impatient: Tally,
    urgent: Urgent,
    /// Bytes of the server: before, at most in the first half, and at most in the second.
    memory: [u64; 3],
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
    let offered = peak * f64::from(args.times);
    let gap = |share: f64| Duration::from_secs_f64(1.0 / (offered * share));
    let begun = Instant::now();
    let until = begun + args.length;
    let mut sessions = JoinSet::new();
    for connection in 0..CONNECTIONS {
        let channel = server.url.connect(None).await?;
        for number in (0..SESSIONS_EACH).map(|number| connection * SESSIONS_EACH + number) {
            let gap = gap((1.0 - IMPATIENT_SHARE) / f64::from(CONNECTIONS * SESSIONS_EACH));
            let class = if number % 2 == 0 { ServiceClass::C } else { ServiceClass::D };
            sessions.spawn(crowd::session(channel.clone(), (number, class), (gap, until)));
        }
    }
    let impatient = tokio::spawn(impatient::ask(calls, gap(IMPATIENT_SHARE), until));
    let urgent = urgent::on_its_own(server.url.clone(), until);
    let memory = memory(&server, args.length).await;
    let mut overload = Overload { peak, memory, ..Overload::default() };
    while let Some(session) = sessions.join_next().await {
        overload.crowd.add(session.expect("a session of the crowd does not panic")?);
    }
    overload.seconds = begun.elapsed().as_secs_f64();
    overload.impatient = impatient.await.expect("a caller does not panic");
    overload.urgent = tokio::task::block_in_place(|| urgent.join()).expect("the caller of class A does not panic")?;
    Ok(overload)
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

impl Overload {
    /// Whether class A was served, memory stayed and every refusal said what it is.
    pub(super) fn holds(&self) -> bool {
        let [_, first, second] = self.memory;
        let is_flat = second * 100 <= first * (100 + GROWTH_MAX_PERCENT);
        let untold = self.crowd.other + self.impatient.other;
        self.urgent.lost() + untold == 0 && self.urgent.renewals.count > 0 && is_flat
    }

    fn due(&self) -> u64 {
        self.crowd.due + self.impatient.due
    }

    fn sent(&self) -> u64 {
        self.crowd.sent + self.impatient.sent
    }

    fn times_the_peak(&self) -> f64 {
        self.sent() as f64 / self.seconds / self.peak
    }

    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        let Overload { crowd, impatient, urgent, memory, .. } = self;
        let (mut requests, mut renewals) = (urgent.requests.latencies.clone(), urgent.renewals.latencies.clone());
        json!({
            "peak_per_second": self.peak,
            "due_per_second": self.due() as f64 / self.seconds,
            "sent_per_second": self.sent() as f64 / self.seconds,
            "sent_times_peak": self.times_the_peak(),
            "granted": crowd.granted,
            "overloaded": crowd.overloaded,
            "refused": crowd.refused,
            "other": crowd.other,
            "impatient_granted": impatient.granted,
            "impatient_overloaded": impatient.overloaded,
            "impatient_refused": impatient.refused,
            "impatient_given_up": impatient.given_up,
            "impatient_other": impatient.other,
            "class_a_served": urgent.requests.count,
            "class_a_overloaded": urgent.requests.overloaded,
            "class_a_other": urgent.requests.other,
            "class_a_p50_ms": requests.at_permille(500),
            "class_a_p99_ms": requests.at_permille(990),
            "class_a_renewed": urgent.renewals.count,
            "class_a_renewals_overloaded": urgent.renewals.overloaded,
            "class_a_renewals_other": urgent.renewals.other,
            "class_a_renewals_p50_ms": renewals.at_permille(500),
            "class_a_renewals_p99_ms": renewals.at_permille(990),
            "memory_bytes": memory,
            "holds": self.holds(),
        })
    }

    /// Lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let Overload { crowd, impatient, urgent, memory, .. } = self;
        let megabytes = memory.map(|bytes| bytes / 1_000_000);
        vec![
            format!(
                "peak: {:.0} single calls/s; classes C and D due {:.0}/s and sent {:.0}/s, {:.1} times as many ({} of {} due were \
                 held back)",
                self.peak,
                self.due() as f64 / self.seconds,
                self.sent() as f64 / self.seconds,
                self.times_the_peak(),
                self.due() - self.sent(),
                self.due()
            ),
            format!(
                "classes C and D over {} sessions: {} granted, {} refused as overloaded, {} refused by the authority, {} otherwise",
                CONNECTIONS * SESSIONS_EACH,
                crowd.granted,
                crowd.overloaded,
                crowd.refused,
                crowd.other
            ),
            format!(
                "class D by single calls with a deadline: {} granted, {} refused as overloaded, {} refused by the \
                 authority, {} given up at the deadline, {} otherwise",
                impatient.granted, impatient.overloaded, impatient.refused, impatient.given_up, impatient.other
            ),
            format!("class A: {}", urgent.requests.line("served")),
            format!("renewals of class A: {}", urgent.renewals.line("renewed")),
            format!(
                "memory of the server: {} MB before, at most {} in the first half and {} in the second",
                megabytes[0], megabytes[1], megabytes[2]
            ),
            if self.holds() {
                "it holds".to_owned()
            } else {
                format!(
                    "it does not hold: all of class A must be served, every refusal must say that it is one, and memory may \
                     grow by at most {GROWTH_MAX_PERCENT} %"
                )
            },
        ]
    }
}
