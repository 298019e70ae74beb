//! A real server that is killed again and again while clients lease from it: what was acknowledged must be there after, and all of
//! it must be one history.
//!
//! Each client keeps [books](books) of its own, which are held against what the server lists after each restart. A watch follows
//! all changes over all lives; when the last is over, they and every acknowledged call are held against a [model](model) that is
//! no part of the engine, with the revision as the witness of the order. The fleet is so small that clients are in each other's
//! way, and some ask for fence keys and for gangs.

mod books;
mod history;
mod model;
mod wishes;

use std::path::Path;
use std::time::Duration;

use lessor_datasets::table::read_fleet;
use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio::task::JoinSet;
use tonic::transport::Channel;

use self::books::{Books, compare, lease_until_killed, list, settle};
use self::history::{Changes, follow};
use super::child::ServerChild;
use super::error::LeasesError;
use crate::proto::lease_service_client::LeaseServiceClient;

/// Clients that lease at the same time.
const CLIENTS: usize = 8;
/// The shortest and the longest life of a server, in milliseconds: long enough for some hundred grants.
const LIFE_MS: std::ops::Range<u64> = 150..600;

type Calls = LeaseServiceClient<Channel>;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KillReport {
    /// How often the server was killed.
    pub(super) kills: u32,
    /// Grants, renewals and releases that were acknowledged, and refusals: all of them held against the history.
    pub(super) acknowledged: u64,
    /// Refusals among them.
    pub(super) refused: u64,
    /// Calls under way when the server was killed: each was repeated, and its one answer held against the list.
    pub(super) repeated: u64,
    /// Changes of leases in the history.
    pub(super) changes: u64,
    /// What was not as it was acknowledged, in words.
    pub(super) violations: Vec<String>,
}

/// Kills a server again and again.
///
/// # Errors
/// A server that does not come back, a call that fails although the server runs, or a watch that does not reach what it lists.
pub(super) async fn run(dir: &Path, data: &Path, kills: u32, seed: u64) -> Result<KillReport, LeasesError> {
    let fleet = read_fleet(dir)?;
    let mut lives = Pcg64Mcg::seed_from_u64(seed);
    let mut books: Vec<Books> = (0..CLIENTS).map(Books::of).collect();
    let changes = Changes::default();
    let mut report = KillReport::default();
    for kill in 0..=kills {
        let server = ServerChild::start(dir, data)?;
        let mut calls = LeaseServiceClient::new(server.url.connect(None).await?);
        let watch = tokio::spawn(follow(calls.clone(), changes.clone()));
        settle(&mut calls, &mut books, &mut report).await?;
        let (listed, revision) = list(&mut calls).await?;
        compare(&listed, &books, &mut report);
        if kill == kills {
            changes.reach(revision).await?;
            watch.abort();
            break;
        }
        let mut clients = JoinSet::new();
        for book in books.drain(..) {
            let seed = lives.random();
            clients.spawn(lease_until_killed(calls.clone(), book, seed));
        }
        tokio::time::sleep(Duration::from_millis(lives.random_range(LIFE_MS))).await;
        server.kill()?;
        report.kills += 1;
        books = clients.join_all().await;
        // They end in any order; the next life begins in the same one.
        books.sort_by_key(Books::client);
        // What a watch was told of before the kill counts: nothing is seen that is not durable.
        drop(watch.await);
    }
    let acknowledged: Vec<_> = books.iter_mut().flat_map(|book| book.close(&mut report.violations)).collect();
    report.acknowledged = acknowledged.len() as u64;
    report.refused = acknowledged.iter().filter(|call| call.is_refused()).count() as u64;
    let changes = changes.take(&mut report.violations);
    report.changes = changes.len() as u64;
    report.violations.extend(model::check(&fleet, &changes, &acknowledged));
    Ok(report)
}
