//! Rounds beside the runtime: so many at once, each on threads of its own, so that calls of the lease service find cores.

use std::sync::Arc;
use std::thread::available_parallelism;
use std::time::{Duration, Instant};

use lessor_market::policy::Policy;
use lessor_models::fleet::Fleet;
use lessor_solver::support::stop::Stop;
use prometheus_client::metrics::gauge::Gauge;
use rayon::ThreadPoolBuilder;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::spawn_blocking;
use tonic::Code;

use super::book::Book;
use super::{outcome, refusing};
use crate::market::cleared::{TENTHS, cleared};
use crate::market::policy_file;
use crate::market::round::{Round, Venue};
use crate::market::standing_plan::StandingPlan;
use crate::process::deadline::with_alarms;
use crate::proto::market::ClearBookResponse;
use crate::service::Failure;

/// Rounds at once, whatever the machine has.
const ROUNDS_MAX: usize = 4;
/// Books for each round that there may be: one that is cleared, and one that comes in or waits.
const BOOKS_PER_ROUND: usize = 2;
/// After how long a book that was not taken in is worth another try.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// The policy that a server was started with, and the hash of its file.
#[derive(Clone, Debug)]
pub(crate) struct HousePolicy {
    /// The rules.
    pub(crate) policy: Arc<Policy>,
    /// BLAKE3 of the file, in hexadecimal.
    pub(crate) blake3: String,
}

/// Where rounds are held: a fleet, the rules of the house, and room for so many at once.
#[derive(Debug)]
pub(crate) struct Hall {
    fleet: Arc<Fleet>,
    /// The hashes of the fleet's tables, by name.
    hashes: Vec<(String, String)>,
    house: Option<HousePolicy>,
    books: Arc<Semaphore>,
    rounds: Arc<Semaphore>,
    /// Threads of each round.
    threads: usize,
}

/// Room for a book, free again once this is dropped.
#[derive(Debug)]
pub(super) struct Seat {
    taken: Gauge,
    _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.taken.dec();
    }
}

/// When searches of a round stop. Raised both once nobody waits for it any more.
#[derive(Debug, Default)]
pub(super) struct Stops {
    solving: Stop,
    probing: Stop,
}

/// Ends a round that nobody waits for.
struct Waited(Arc<Stops>);

impl Drop for Waited {
    fn drop(&mut self) {
        self.0.solving.raise();
        self.0.probing.raise();
    }
}

impl Hall {
    /// Room for rounds on half of the machine's cores: one of each, at most four.
    pub(crate) fn new(fleet: Arc<Fleet>, hashes: Vec<(String, String)>, house: Option<HousePolicy>) -> Hall {
        let half = available_parallelism().map_or(1, usize::from) / 2;
        let rounds = half.clamp(1, ROUNDS_MAX);
        Hall {
            fleet,
            hashes,
            house,
            books: Arc::new(Semaphore::new(rounds * BOOKS_PER_ROUND)),
            rounds: Arc::new(Semaphore::new(rounds)),
            threads: (half / rounds).max(1),
        }
    }

    /// Room for a book, which is counted as long as it is taken.
    ///
    /// # Errors
    /// As many books as there may be.
    pub(super) fn enter(&self, taken: &Gauge) -> Result<Seat, Failure> {
        let permit = Arc::clone(&self.books).try_acquire_owned().map_err(|_| {
            let words = "as many rounds are under way as may be; try again once one is over";
            Failure::new(Code::ResourceExhausted, "OVERLOADED", words).retry_after(RETRY_AFTER)
        })?;
        taken.inc();
        Ok(Seat { taken: taken.clone(), _permit: permit })
    }

    /// Clears a book once there is a round for it; it has from an instant on so long. The searches end where nobody waits any more.
    ///
    /// # Errors
    /// A policy or a book that makes no sense, or that could not be settled.
    pub(super) async fn clear(
        self: &Arc<Hall>,
        (book, seat): (Book, Seat),
        (begun, limit): (Instant, Duration),
    ) -> Result<Vec<ClearBookResponse>, Failure> {
        let round = Arc::clone(&self.rounds).acquire_owned().await.expect("nobody closes the rounds");
        let stops = Arc::new(Stops::default());
        let _waited = Waited(Arc::clone(&stops));
        let hall = Arc::clone(self);
        let work = move || {
            let told = hall.hold(&book, &stops, (begun, limit));
            // Both are free again only once the work has ended, whoever still waits for it.
            drop((round, seat));
            told
        };
        spawn_blocking(work).await.unwrap_or_else(|_| Err(Failure::new(Code::Internal, "FAILED", "the round failed")))
    }

    /// The round itself, on threads of its own.
    pub(super) fn hold(
        &self,
        book: &Book,
        stops: &Stops,
        (begun, limit): (Instant, Duration),
    ) -> Result<Vec<ClearBookResponse>, Failure> {
        let threads = ThreadPoolBuilder::new().num_threads(self.threads).build();
        let threads = threads.map_err(|_| {
            Failure::new(Code::ResourceExhausted, "NO_THREADS", "the system gives no threads").retry_after(RETRY_AFTER)
        })?;
        let (policy, hash) = self.policy(&book.spec.policy)?;
        let hashes = self.hashes.iter().cloned().chain([("policy".to_owned(), hash)]).collect();
        let venue = Venue { fleet: Arc::clone(&self.fleet), policy, plan: StandingPlan::default(), hashes };
        let at = book.at()?;
        let [solved, probed] = TENTHS.map(|tenths| begun + limit * tenths / 10);
        let alarms = [(solved, &stops.solving), (probed, &stops.probing)];
        threads.install(|| {
            with_alarms(&alarms, || {
                let round = Round::new(venue, book.entrants(at)).map_err(refusing::refused)?;
                let cleared = cleared(&round, &stops.solving, &stops.probing, &mut |_| ());
                let cleared = cleared.map_err(|error| refusing::refused(error.into()))?;
                outcome::told(&round, &cleared)
            })
        })
    }

    /// The rules of a round, and the hash of their text: those that it brings, or those of the house.
    fn policy(&self, text: &str) -> Result<(Arc<Policy>, String), Failure> {
        if !text.is_empty() {
            let policy = policy_file::parse("round.policy".as_ref(), text).map_err(|error| refusing::policy(&error))?;
            return Ok((Arc::new(policy), blake3::hash(text.as_bytes()).to_hex().to_string()));
        }
        let house = self.house.as_ref().ok_or_else(|| {
            let words =
                "the server has no policy of its own; state one in `round.policy`, or start it with --market-policy";
            Failure::new(Code::FailedPrecondition, "NO_POLICY", words)
        })?;
        Ok((Arc::clone(&house.policy), house.blake3.clone()))
    }
}
