//! The call as tonic makes it: bounds, deadlines and counts around what [`Hall`] does.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::time::timeout;
use tonic::{Code, Request, Response, Status, Streaming};

use super::book::Book;
use super::rounds::Hall;
use crate::proto::market::market_server::Market;
use crate::proto::market::{ClearBookRequest, ClearBookResponse, RoundSpec};
use crate::serve::{Ended, Metrics};
use crate::service::{Failure, MARKET, Underway, deadline, read_duration};

/// How long a round has where nobody says.
const TIME_LIMIT: Duration = Duration::from_secs(30);
/// How long it has at most.
const TIME_LIMIT_MAX: Duration = Duration::from_mins(10);

/// The service.
#[derive(Clone, Debug)]
pub(crate) struct MarketService {
    hall: Arc<Hall>,
    metrics: Metrics,
    ended: Ended,
}

/// The outcome on its way.
type Told = tokio_stream::Iter<std::vec::IntoIter<Result<ClearBookResponse, Status>>>;

impl MarketService {
    /// The service of a hall, until the server ends.
    pub(crate) fn new(hall: Hall, metrics: Metrics, ended: Ended) -> MarketService {
        MarketService { hall: Arc::new(hall), metrics, ended }
    }

    /// Takes in a book, and clears it.
    async fn clear(
        &self,
        mut parts: Streaming<ClearBookRequest>,
        (begun, deadline): (Instant, Option<Duration>),
    ) -> Result<Told, Failure> {
        let seat = self.hall.enter(&self.metrics.rounds)?;
        let mut book = Book::default();
        let all = async {
            while let Some(part) = parts.message().await.map_err(|status| Failure::of_transport(&status, &MARKET))? {
                book.take_in(part)?;
            }
            Ok(())
        };
        // Whoever sends nothing keeps its seat no longer than a round may last.
        timeout(deadline.unwrap_or(TIME_LIMIT_MAX), all).await.unwrap_or_else(|_| Err(too_late()))?;
        let limit = limit(&book.spec)?.min(deadline.unwrap_or(TIME_LIMIT_MAX));
        let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_sub(begun.elapsed()));
        let work = self.hall.clear((book, seat), (begun, limit));
        let told = timeout(left, work).await.unwrap_or_else(|_| Err(too_late()))?;
        Ok(tokio_stream::iter(told.into_iter().map(Ok).collect::<Vec<_>>()))
    }
}

/// How long a round has, by what its caller says of it.
fn limit(spec: &RoundSpec) -> Result<Duration, Failure> {
    let Some(stated) = spec.time_limit else { return Ok(TIME_LIMIT) };
    let limit = Duration::from_micros(read_duration("round.time_limit", stated)?.0);
    if limit.is_zero() || limit > TIME_LIMIT_MAX {
        let words = format!("a round has more than no time, and at most {} s", TIME_LIMIT_MAX.as_secs());
        return Err(
            Failure::field("round.time_limit", "OUT_OF_RANGE", words).with("most_seconds", &TIME_LIMIT_MAX.as_secs())
        );
    }
    Ok(limit)
}

fn too_late() -> Failure {
    let words = "no outcome within the deadline; clear a smaller book, or wait longer: nothing is kept of a round";
    Failure::new(Code::DeadlineExceeded, "DEADLINE", words)
}

#[tonic::async_trait]
impl Market for MarketService {
    type ClearBookStream = Told;

    async fn clear_book(&self, request: Request<Streaming<ClearBookRequest>>) -> Result<Response<Told>, Status> {
        let underway = Underway::new((&self.metrics, &MARKET), "ClearBook");
        let times = (Instant::now(), deadline(&request));
        let mut ended = self.ended.clone();
        let done = tokio::select! {
            done = self.clear(request.into_inner(), times) => done,
            () = ended.wait() => Err(Failure::new(Code::Unavailable, "SHUTTING_DOWN", "the server is shutting down")),
        };
        underway.end(done)
    }
}
