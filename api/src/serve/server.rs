//! A server that runs: an authority, its journal, and the transport in front of them.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use lessor_datasets::table::read_fleet;
use lessor_engine::admission::{PolicyName, PolicyPlacement, PowerModel};
use lessor_engine::authority::{Event, PriceList, Terms};
use lessor_engine::ledger::{FloorShares, Kept};
use lessor_engine::plane::PlaneEffect;
use lessor_market::policy::Policy;
use lessor_models::fleet::{Fleet, Owner};
use lessor_models::job::ServiceClass;
use lessor_models::time::Span;
use prometheus_client::metrics::gauge::Gauge;
use tokio::net::TcpSocket;
use tokio::task::{JoinError, JoinHandle};
use tokio_stream::StreamExt;
use tonic::transport::server::{Router, TcpIncoming};
use tonic::transport::{self, Server as Transport};
use tonic_reflection::pb::{v1, v1alpha};

use super::address::{self, TlsWish};
use super::connection::Connection;
use super::connections::Places;
use super::data_directory;
use super::error::ServeError;
use super::joint_writes::Rush;
use super::market_policy;
use super::metrics::{Metrics, PageTask};
use super::reasons::WithReasons;
use super::reflection::Reflection;
use super::shell_metrics::ShellMetrics;
use super::shutdown::{self, Ended, Ending};
use super::tls::{self, TlsError};
use crate::journal::{Disk, fresh_salt};
use crate::market::policy_file;
use crate::market::round::fleet_files;
use crate::market_service::{Hall, HousePolicy, MarketService};
use crate::plan::hashed_file::hash_all;
use crate::proto::lease_service_server::{LeaseService, LeaseServiceServer};
use crate::proto::market::market_server::MarketServer;
use crate::service::{Desk, LEASES, MARKET, Notices, Service, StaleTiles};
use crate::shell::{Counters, FleetChange, Handle, Pending, PlacementMaker, Shell, ShellError, ShellOptions, View};

/// Calls under way on one connection.
const STREAMS_MAX: u32 = 4_096;
/// Floors brought into force together, so that they share commits; fewer than wait in a queue at most.
const FLOORS_TOGETHER: usize = 4_096;
/// What a connection may have sent that nobody has read, in bytes. HTTP/2 here cuts a connection whose unread small frames take
/// more than half of it, each counted as 256 bytes: as many calls as may be under way must not, whatever keeps the server.
const CONNECTION_WINDOW: u32 = 8 << 20;
/// Calls of one connection that may have been given up before they were looked at; beyond them HTTP/2 here cuts it. Callers whose
/// deadlines pass while the server is kept give up together, and they may be as many as may be under way.
const GIVEN_UP_MAX: usize = 4_096;
/// Connections that may wait to be taken.
const BACKLOG: u32 = 1_024;
/// How often a quiet connection is asked whether it is still there, and how long it has to answer.
const KEEPALIVE: (Duration, Duration) = (Duration::from_secs(20), Duration::from_secs(10));
/// How long a connection has for its first word, and how long it may then be silent: longer than one that is there takes to answer.
const SILENCE: (Duration, Duration) = (Duration::from_secs(10), Duration::from_secs(45));
/// How long a caller may take to agree on keys.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long calls may take to end when the server does.
const LAST_CALLS: Duration = Duration::from_secs(5);

/// The seed of the policy that decides by chance: what it decided is in the journal.
const POLICY_SEED: u64 = 1;

/// What a server is started with.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// The fleet directory.
    pub fleet: PathBuf,
    /// The data directory.
    pub data: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Whether TLS is asked for on loopback too.
    pub tls: TlsWish,
    /// Where metrics are served, if anywhere.
    pub metrics: Option<SocketAddr>,
    /// How requests are placed; none for the engine's own first fit.
    pub policy: Option<PolicyName>,
    /// The policy of the authority, where no other says otherwise.
    pub terms: Terms,
    /// The rules of the market, and how long posted prices stand; none for no prices but those of the terms.
    pub market: Option<(PathBuf, Span)>,
    /// What becomes of a data directory whose fleet has changed.
    pub fleet_change: FleetChange,
}

impl ServerOptions {
    /// The usual, on a fleet and a data directory.
    #[must_use]
    pub fn new(fleet: PathBuf, data: PathBuf, listen: SocketAddr) -> ServerOptions {
        ServerOptions {
            fleet,
            data,
            listen,
            tls: TlsWish::WhereNeeded,
            metrics: None,
            policy: None,
            terms: Terms::default(),
            market: None,
            fleet_change: FleetChange::Refused,
        }
    }
}

/// A server that runs. Dropping it ends it without waiting for calls under way; what was acknowledged is durable.
#[derive(Debug)]
pub struct Server {
    url: String,
    certificate: Option<PathBuf>,
    metrics: Option<(SocketAddr, PageTask)>,
    ending: Ending,
    task: JoinHandle<Result<(), transport::Error>>,
    handle: Handle,
    /// Gone once the server was stopped.
    shell: Option<Shell>,
}

impl Server {
    /// Reads the fleet, recovers what the data directory holds, and listens.
    ///
    /// # Errors
    /// A fleet, a data directory or an address that cannot be used.
    pub async fn start(options: &ServerOptions) -> Result<Server, ServeError> {
        // An address that is taken is known before anything is made.
        let (socket, page) = addresses(options)?;
        let Authority { shell, handle, fleet, terms, said, notices, hall } = open(options).await?;
        handle.attend();
        let metrics = Metrics::new();
        let desk = Arc::new(Desk::new(handle.clone(), (fleet, terms), &said, notices, metrics.clone()));
        let page = match page {
            None => None,
            Some((address, socket)) => {
                let mut registry = metrics.registry();
                registry.register_collector(Box::new(ShellMetrics::new(handle.clone())));
                registry.register_collector(Box::new(StaleTiles::new(Arc::clone(&desk))));
                let page = socket.listen(BACKLOG).and_then(|listener| super::metrics::serve(listener, registry));
                Some(page.map_err(cannot_listen(address, "metrics"))?)
            }
        };
        let (ending, ended) = shutdown::ending();
        let service = Service::new(desk, ended.clone());
        let places = Places::of_process(metrics.connections.clone());
        let market = MarketService::new(hall, metrics, ended.clone());
        let services = (service, Some(market));
        let Listening { url, certificate, task } = listen_on((socket, places), services, options, ended).await?;
        Ok(Server { url, certificate, metrics: page, ending, task, handle, shell: Some(shell) })
    }

    /// What the shell counted.
    pub(crate) fn counters(&self) -> &Counters {
        self.handle.counters()
    }

    /// The address, as clients take it.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// What clients may trust, where the server talks TLS.
    #[must_use]
    pub fn certificate(&self) -> Option<&Path> {
        self.certificate.as_deref()
    }

    /// Where metrics are served, if anywhere.
    #[must_use]
    pub fn metrics(&self) -> Option<SocketAddr> {
        self.metrics.as_ref().map(|page| page.0)
    }

    /// Waits until the server ends by itself, which it only does when it failed.
    ///
    /// # Errors
    /// Why it failed.
    pub async fn ended(&mut self) -> Result<(), ServeError> {
        tokio::select! {
            ended = &mut self.task => joined(ended),
            () = self.handle.ended() => close(self.shell.take()).await,
        }
    }

    /// Ends streams, waits for calls under way, and closes the journal.
    ///
    /// # Errors
    /// A transport or a journal that failed.
    pub async fn stop(mut self) -> Result<(), ServeError> {
        self.ending.begin();
        let ended = tokio::time::timeout(LAST_CALLS, &mut self.task).await;
        // Calls that are still under way then are cut off: what they asked for is decided, and a repeat gets its answer.
        let transport = ended.map_or(Ok(()), joined);
        self.task.abort();
        close(self.shell.take()).await.and(transport)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn joined(ended: Result<Result<(), transport::Error>, JoinError>) -> Result<(), ServeError> {
    match ended {
        Ok(ended) => ended.map_err(ServeError::Transport),
        Err(error) => Err(ServeError::Task(error)),
    }
}

/// Ends a shell in order, beside the threads that serve.
async fn close(shell: Option<Shell>) -> Result<(), ServeError> {
    let Some(shell) = shell else { return Ok(()) };
    let closed = tokio::task::spawn_blocking(move || shell.close()).await.map_err(ServeError::Task)?;
    closed.map_err(ServeError::Ended)
}

/// An authority that has recovered.
struct Authority {
    shell: Shell,
    handle: Handle,
    fleet: Arc<Fleet>,
    terms: Terms,
    /// What planes said last.
    said: Vec<PlaneEffect>,
    notices: Notices,
    hall: Hall,
}

/// Reads the fleet and recovers what the data directory holds, beside the threads that serve.
async fn open(options: &ServerOptions) -> Result<Authority, ServeError> {
    let options = options.clone();
    tokio::task::spawn_blocking(move || recover(&options)).await.map_err(ServeError::Task)?
}

fn recover(options: &ServerOptions) -> Result<Authority, ServeError> {
    let ServerOptions { fleet: directory, data, policy, market, fleet_change, .. } = options;
    let fleet = Arc::new(read_fleet(directory)?);
    let salt = fresh_salt().map_err(ServeError::Start)?;
    let placement = policy.map(|policy| placement(policy, &fleet));
    let notices = Notices::new();
    let listener = notices.listener();
    let rules =
        market.as_ref().map(|(path, period)| policy_file::read(path).map(|rules| (rules, *period))).transpose()?;
    let (mut terms, mut prices) = (options.terms, PriceList::default());
    if let Some((rules, period)) = &rules {
        terms = market_policy::terms(rules, terms);
        prices = market_policy::prices(rules, &fleet, *period);
    }
    let shell_options = ShellOptions {
        placement,
        listener,
        prices,
        fleet_change: *fleet_change,
        ..ShellOptions::new(&fleet, terms, salt)
    };
    data_directory::look(data)?;
    let started = Disk::open(data).map_err(ShellError::from).and_then(|disk| Shell::start(disk, shell_options));
    let (shell, handle) = started.map_err(|source| ServeError::Recover { path: data.clone(), source })?;
    let report = shell.recovery();
    tracing::info!(target: "lessor", commits = report.sequence, records = report.records, leases = report.live, "recovered");
    for finding in &report.findings {
        tracing::warn!(target: "lessor", "{finding}");
    }
    set_floors(&handle, market_policy::floors(rules.as_ref().map(|(rules, _)| rules), &fleet))?;
    let said = read(&handle, |view| view.ledger().said())?;
    let house = rules.zip(market.as_ref()).map(|((rules, _), (path, _))| house(rules, path)).transpose()?;
    let hall = hall(directory, &fleet, house)?;
    Ok(Authority { shell, handle, fleet, terms, said, notices, hall })
}

/// Where rounds are held on the fleet of a directory.
fn hall(directory: &Path, fleet: &Arc<Fleet>, house: Option<HousePolicy>) -> Result<Hall, ServeError> {
    let files = hash_all(&fleet_files(directory).collect::<Vec<_>>())?;
    let hashes = files.into_iter().map(|file| (file.table, file.blake3)).collect();
    Ok(Hall::new(Arc::clone(fleet), hashes, house))
}

/// The policy of the house, with the hash of its file.
fn house(policy: Policy, path: &Path) -> Result<HousePolicy, ServeError> {
    let blake3 = hash_all(&[("policy", path.to_owned())])?.remove(0).blake3;
    Ok(HousePolicy { policy: Arc::new(policy), blake3 })
}

/// Why an authority that has just begun has room in its queues.
const NOBODY_ELSE: &str = "nobody else speaks to an authority that has just begun";

/// What an authority that has just begun says to a look or an event, once that is durable.
fn told<T>(pending: Pending<T>) -> Result<T, ServeError> {
    pending.wait().map_err(|_| ServeError::Ended(ShellError::Panicked))
}

/// Looks at an authority that has just begun.
fn read<T: Send + 'static>(
    handle: &Handle,
    look: impl FnOnce(&mut View<'_>) -> T + Send + 'static,
) -> Result<T, ServeError> {
    told(handle.read(ServiceClass::A, look).expect(NOBODY_ELSE))
}

/// Brings floors into force that are not yet, and lifts those that no longer are.
fn set_floors(handle: &Handle, floors: Vec<(Owner, FloorShares)>) -> Result<(), ServeError> {
    let owners: Vec<Owner> = floors.iter().map(|floor| floor.0).collect();
    let known = read(handle, move |view| -> Vec<Option<Kept>> {
        owners.iter().map(|owner| view.ledger().floors(*owner)).collect()
    })?;
    let changed =
        floors.into_iter().zip(known).filter(|(floor, known)| known.unwrap_or_default() != Kept::from(floor.1));
    let events: Vec<Event> = changed.map(|((owner, shares), _)| Event::FloorShares { owner, shares }).collect();
    for together in events.chunks(FLOORS_TOGETHER) {
        let submitted = together.iter().map(|event| handle.submit(event.clone()).expect(NOBODY_ELSE));
        let pending: Vec<_> = submitted.collect();
        pending.into_iter().try_for_each(|pending| told(pending).map(drop))?;
    }
    Ok(())
}

/// Makes a policy for a ledger, on tiles that draw power as their classes say.
fn placement(policy: PolicyName, fleet: &Fleet) -> PlacementMaker {
    let power = PowerModel::new(fleet.classes(), PowerModel::SOCKET_MOPS);
    Box::new(move |ledger| Box::new(PolicyPlacement::new(ledger, policy.policy(power, POLICY_SEED))))
}

/// A service that is listened to.
#[derive(Debug)]
pub(crate) struct Listening {
    /// Its address, as clients take it.
    pub(crate) url: String,
    /// What clients may trust, where it talks TLS.
    pub(crate) certificate: Option<PathBuf>,
    /// Ends when the server does.
    pub(crate) task: JoinHandle<Result<(), transport::Error>>,
}

/// Listens for calls of a service, with health and reflection beside it, until the word that the server ends.
///
/// # Errors
/// An address or a certificate that cannot be used.
pub(crate) async fn listen_with<S: LeaseService>(
    service: S,
    options: &ServerOptions,
    ended: Ended,
) -> Result<Listening, ServeError> {
    let socket = (bind(options.listen, "listen")?, Places::of_process(Gauge::default()));
    listen_on(socket, (service, None), options, ended).await
}

/// Sockets at both addresses, that of the metrics only where they are asked for.
fn addresses(options: &ServerOptions) -> Result<(TcpSocket, Option<(SocketAddr, TcpSocket)>), ServeError> {
    let socket = bind(options.listen, "listen")?;
    let Some(address) = options.metrics else { return Ok((socket, None)) };
    if is_one_place(options.listen, address) {
        return Err(cannot_listen(address, "metrics")(io::ErrorKind::AddrInUse.into()));
    }
    Ok((socket, Some((address, bind(address, "metrics")?))))
}

/// Whether only one socket can listen at two addresses.
fn is_one_place(one: SocketAddr, other: SocketAddr) -> bool {
    let is_one_host = one.ip() == other.ip() || one.ip().is_unspecified() || other.ip().is_unspecified();
    one.port() == other.port() && one.port() != 0 && is_one_host
}

/// A socket at the address that a flag names. Nobody can connect to it yet.
fn bind(address: SocketAddr, flag: &'static str) -> Result<TcpSocket, ServeError> {
    let bound = || {
        let socket = if address.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A server that starts again need not wait for connections of the one before.
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(socket)
    };
    bound().map_err(cannot_listen(address, flag))
}

fn cannot_listen(address: SocketAddr, flag: &'static str) -> impl Fn(io::Error) -> ServeError + Copy {
    move |source| ServeError::Listen { address, flag, source }
}

async fn listen_on<S: LeaseService>(
    (socket, places): (TcpSocket, Places),
    services: (S, Option<MarketService>),
    options: &ServerOptions,
    mut ended: Ended,
) -> Result<Listening, ServeError> {
    let cannot_listen = cannot_listen(options.listen, "listen");
    let incoming = TcpIncoming::from(socket.listen(BACKLOG).map_err(cannot_listen)?).with_nodelay(Some(true));
    let address = incoming.local_addr().map_err(cannot_listen)?;
    let talk = address::Transport::of(address, options.tls);
    let mut transport = Transport::builder()
        .max_concurrent_streams(STREAMS_MAX)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .http2_max_pending_accept_reset_streams(Some(GIVEN_UP_MAX))
        .http2_keepalive_interval(Some(KEEPALIVE.0))
        .http2_keepalive_timeout(Some(KEEPALIVE.1));
    let mut certificate = None;
    if talk == address::Transport::Tls {
        let identity = tls::identity(&options.data, address.ip())?;
        if identity.is_new {
            tracing::info!(target: "lessor", file = %identity.certificate.display(), "a development certificate was made");
        }
        let unusable = |source| TlsError::Unusable { directory: options.data.join(tls::DIRECTORY), source };
        transport = transport.tls_config(identity.config.timeout(HANDSHAKE)).map_err(unusable)?;
        certificate = Some(identity.certificate);
    }
    let router = routes(&mut transport, services, Reflection::new(ended.clone())).await;
    let rush = Arc::new(Rush::new());
    let incoming = incoming.then(move |accepted| {
        let (places, rush) = (places.clone(), rush.clone());
        async move {
            let accepted = accepted?;
            io::Result::Ok(Connection::new(accepted, places.take().await, (SILENCE, rush)))
        }
    });
    let task = tokio::spawn(router.serve_with_incoming_shutdown(incoming, async move { ended.wait().await }));
    Ok(Listening { url: format!("{}://{address}", talk.scheme()), certificate, task })
}

/// The services, their health, and reflection in both versions: older tools ask for the first one only.
async fn routes<S: LeaseService>(
    transport: &mut Transport,
    (leases, market): (S, Option<MarketService>),
    reflection: Reflection,
) -> Router {
    let (health, health_service) = tonic_health::server::health_reporter();
    health.set_serving::<LeaseServiceServer<S>>().await;
    if market.is_some() {
        health.set_serving::<MarketServer<MarketService>>().await;
    }
    let leases = LeaseServiceServer::new(leases).max_decoding_message_size(LEASES.message_bytes_max);
    let market = market.map(|market| MarketServer::new(market).max_decoding_message_size(MARKET.message_bytes_max));
    transport
        .add_service(WithReasons(leases, &LEASES))
        .add_optional_service(market.map(|market| WithReasons(market, &MARKET)))
        .add_service(health_service)
        .add_service(v1::server_reflection_server::ServerReflectionServer::new(reflection.clone()))
        .add_service(v1alpha::server_reflection_server::ServerReflectionServer::new(reflection))
}
