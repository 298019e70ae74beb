//! The measurements and what they are held against, all of one run on one machine.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::echo::Echo;
use super::error::LeasesError;
use super::load::{self, Answered, Calls};
use super::{appended, etcd};
use crate::cli::BenchLeasesLoadArgs;
use crate::client::ServerUrl;
use crate::process::machine;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::serve::{Server, ServerOptions, TlsWish, ending, listen_with};

/// How often service and yardstick take turns, so that both see the same machine.
const TURNS: u32 = 8;
/// The share of a measurement's time in which the echo's answer times are taken before it.
const ECHO_SHARE: u32 = 2;
/// The share of the peak at which answer times are taken.
const HALF: f64 = 0.5;

/// The longest time for which the yardstick of durability is measured.
const APPENDED_MAX: Duration = Duration::from_secs(5);

/// What was measured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rates {
    /// Single calls a second: of the service, and of the echo.
    unary: (f64, f64),
    /// Time on cores for a single call, client and server together, in microseconds: of the service, and of the echo.
    unary_core_us: (f64, f64),
    /// Calls of a session a second: of the service, and as many records appended and synced.
    session: (f64, f64),
    /// Records and bytes of one group commit of the session.
    commit: (f64, f64),
    /// Answer times at half of the peak of single calls, in milliseconds: half of them, and 99 in 100.
    half: (f64, f64),
    /// The same of the echo at that rate, right before.
    half_echo: (f64, f64),
    /// How late 99 in 100 of the calls began, for the load shares the cores; their times count from when they were due.
    half_begun_late_ms: f64,
    /// Group commits of that run, in milliseconds: half of them, and 99 in 100. A call waits for what is left of one and for the
    /// next, and more calls fall into slow ones than into fast ones.
    half_commit: (f64, f64),
    /// Calls a second of that run.
    half_rate: f64,
    /// Single calls of an etcd a second, where there is one.
    etcd: Option<f64>,
}

/// Measures.
///
/// # Errors
/// A server that does not start, or a call that fails.
pub(super) async fn measure(args: &BenchLeasesLoadArgs, fleet: &Path, data: &Path) -> Result<Rates, LeasesError> {
    let (unary, unary_core_us) = unary(args, &options(args, fleet, &data.join("unary"))).await?;
    let (session, commit) = session(args, &options(args, fleet, &data.join("session")), data).await?;
    let half = half(args, &options(args, fleet, &data.join("half")), unary.0 * HALF).await?;
    let etcd = match &args.etcd {
        None => None,
        Some(url) => Some(etcd::unary(&url.connect(None).await?, args.unary as usize, args.length).await?.per_second()),
    };
    Ok(Rates { unary, unary_core_us, session, commit, etcd, ..half })
}

fn options(args: &BenchLeasesLoadArgs, fleet: &Path, data: &Path) -> ServerOptions {
    let listen = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
    ServerOptions {
        tls: if args.tls { TlsWish::Always } else { TlsWish::WhereNeeded },
        ..ServerOptions::new(fleet.to_owned(), data.to_owned(), listen)
    }
}

async fn calls(url: &str, certificate: Option<&Path>) -> Result<Calls, LeasesError> {
    let parsed = ServerUrl::parse(url).map_err(|error| LeasesError::NoServer { said: error.to_string() })?;
    let certificate = certificate.map(Path::to_path_buf);
    Ok(LeaseServiceClient::new(parsed.connect(certificate.as_ref()).await?))
}

/// Single calls of the service and of an echo, in turns.
async fn unary(args: &BenchLeasesLoadArgs, options: &ServerOptions) -> Result<((f64, f64), (f64, f64)), LeasesError> {
    let server = Server::start(options).await?;
    let mut service = calls(server.url(), server.certificate()).await?;
    let granted = sample(&mut service).await?;
    let (end, ended) = ending();
    let listening = listen_with(Echo::new(granted), options, ended).await?;
    let echo = calls(&listening.url, listening.certificate.as_deref()).await?;
    let in_flight = args.unary as usize;
    let turn = args.length / TURNS;
    let (mut served, mut echoed) = (Turns::default(), Turns::default());
    for number in 0..TURNS {
        // The runs have names of their own, so that no request of the second is a repeat.
        let (echo_run, run) = (format!("echo-{number}"), format!("unary-{number}"));
        echoed.take(load::unary(&echo, in_flight, turn, &echo_run)).await?;
        served.take(load::unary(&service, in_flight, turn, &run)).await?;
    }
    end.begin();
    drop(echo);
    drop(service);
    server.stop().await?;
    Ok(((served.per_second(), echoed.per_second()), (served.core_us(), echoed.core_us())))
}

/// Turns of one of two that are measured in turn.
#[derive(Debug, Default)]
struct Turns {
    calls: f64,
    seconds: f64,
    core_seconds: f64,
}

impl Turns {
    async fn take(&mut self, turn: impl Future<Output = Result<Answered, LeasesError>>) -> Result<(), LeasesError> {
        let before = machine::core_seconds();
        let answered = turn.await?;
        self.core_seconds += machine::core_seconds() - before;
        self.calls += answered.latencies.count() as f64;
        self.seconds += answered.seconds;
        Ok(())
    }

    fn per_second(&self) -> f64 {
        self.calls / self.seconds
    }

    fn core_us(&self) -> f64 {
        1e6 * self.core_seconds / self.calls
    }
}

/// Calls over a session, and as many records of the same size appended and synced in commits of the same size.
async fn session(
    args: &BenchLeasesLoadArgs,
    options: &ServerOptions,
    dir: &Path,
) -> Result<((f64, f64), (f64, f64)), LeasesError> {
    let server = Server::start(options).await?;
    let mut service = calls(server.url(), server.certificate()).await?;
    let answered = load::session(&mut service, args.session as usize, args.length, "session").await?;
    let counters = server.counters();
    let commits = counters.commits().max(1);
    let (records, bytes) = (counters.records() as f64 / commits as f64, counters.bytes() / commits);
    drop(service);
    server.stop().await?;
    let commits_per_second = appended::per_second(dir, bytes, args.length.min(APPENDED_MAX))?;
    Ok(((answered.per_second(), commits_per_second * records), (records, bytes as f64)))
}

/// Answer times at a steady rate, of an echo and then of the service.
async fn half(args: &BenchLeasesLoadArgs, options: &ServerOptions, rate: f64) -> Result<Rates, LeasesError> {
    let server = Server::start(options).await?;
    let mut service = calls(server.url(), server.certificate()).await?;
    let granted = sample(&mut service).await?;
    let (end, ended) = ending();
    let listening = listen_with(Echo::new(granted), options, ended).await?;
    let echo = calls(&listening.url, listening.certificate.as_deref()).await?;
    let mut echoed = load::steady(&echo, rate, args.length / ECHO_SHARE, "half-echo").await?.latencies;
    end.begin();
    drop(echo);
    let load::Steady { answered, mut begun_late } = load::steady_watched(&service, rate, args.length, "half").await?;
    let Answered { seconds, mut latencies } = answered;
    let commit_ms = |permille| server.counters().commit_times().permille_us(permille) as f64 / 1_000.0;
    let half_commit = (commit_ms(500), commit_ms(990));
    let half_rate = latencies.count() as f64 / seconds;
    drop(service);
    server.stop().await?;
    Ok(Rates {
        unary: (0.0, 0.0),
        unary_core_us: (0.0, 0.0),
        session: (0.0, 0.0),
        commit: (0.0, 0.0),
        half: (latencies.at_permille(500), latencies.at_permille(990)),
        half_echo: (echoed.at_permille(500), echoed.at_permille(990)),
        half_begun_late_ms: begun_late.at_permille(990),
        half_commit,
        half_rate,
        etcd: None,
    })
}

/// A lease as the service grants it, for an echo to say again.
async fn sample(service: &mut Calls) -> Result<crate::proto::Lease, LeasesError> {
    let first = service.request_lease(load::request(0, 0, "first")).await?.into_inner();
    let refused = || LeasesError::Refused { message: first.refusal.unwrap_or_default().message };
    first.leases.into_iter().next().ok_or_else(refused)
}

impl Rates {
    /// One JSON object.
    pub(super) fn json(&self) -> Value {
        json!({
            "unary_per_second": self.unary.0,
            "echo_per_second": self.unary.1,
            "unary_core_us": self.unary_core_us.0,
            "echo_core_us": self.unary_core_us.1,
            "session_per_second": self.session.0,
            "appended_per_second": self.session.1,
            "records_per_commit": self.commit.0,
            "bytes_per_commit": self.commit.1,
            "half_per_second": self.half_rate,
            "half_p50_ms": self.half.0,
            "half_p99_ms": self.half.1,
            "half_echo_p50_ms": self.half_echo.0,
            "half_echo_p99_ms": self.half_echo.1,
            "half_begun_late_p99_ms": self.half_begun_late_ms,
            "half_commit_p50_ms": self.half_commit.0,
            "half_commit_p99_ms": self.half_commit.1,
            "etcd_per_second": self.etcd,
        })
    }

    /// Lines for people.
    pub(super) fn lines(&self) -> Vec<String> {
        let percent = |of: (f64, f64)| 100.0 * of.0 / of.1;
        let mut lines = vec![
            format!(
                "single calls: {:.0}/s, echo {:.0}/s: {:.0} %; time on cores for one {:.1} us, echo {:.1} us: {:.0} %",
                self.unary.0,
                self.unary.1,
                percent(self.unary),
                self.unary_core_us.0,
                self.unary_core_us.1,
                percent((self.unary_core_us.1, self.unary_core_us.0))
            ),
            format!(
                "session: {:.0}/s, the same bytes appended and synced {:.0}/s: {:.0} % ({:.0} records, {:.0} bytes a commit)",
                self.session.0,
                self.session.1,
                percent(self.session),
                self.commit.0,
                self.commit.1
            ),
            format!(
                "at {:.0} single calls/s: half within {:.1} ms, 99 in 100 within {:.1} ms (an echo {:.1} and {:.1} ms; 99 \
                 in 100 began within {:.1} ms); commits {:.1} and {:.1} ms",
                self.half_rate,
                self.half.0,
                self.half.1,
                self.half_echo.0,
                self.half_echo.1,
                self.half_begun_late_ms,
                self.half_commit.0,
                self.half_commit.1
            ),
        ];
        lines
            .extend(self.etcd.map(|rate| {
                format!("etcd: {rate:.0}/s, so single calls are {:.1} times as many", self.unary.0 / rate)
            }));
        lines
    }
}
