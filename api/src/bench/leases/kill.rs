//! A real server that is killed again and again while clients lease from it: what was acknowledged must be there after.
//!
//! Each client keeps books of its own: what it asked for, what was answered, what it ended. After each restart the books of all
//! clients are held against what the server lists. Nothing of the engine is asked: the books are the history of the client.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Status};

use super::child::ServerChild;
use super::error::LeasesError;
use crate::proto::lease::State;
use crate::proto::lease_service_client::LeaseServiceClient;
use crate::proto::{
    Lease, LeaseSpec, ListLeasesRequest, ReleaseRequest, RenewRequest, RequestLeaseRequest, RequestLeaseResponse,
    Resources,
};

/// Clients that lease at the same time.
const CLIENTS: usize = 8;
/// The shortest and the longest life of a server, in milliseconds: long enough for some hundred grants.
const LIFE_MS: std::ops::Range<u64> = 150..600;
/// Longer than any run: nothing that is acknowledged ends by itself.
const TERM_SECONDS: i64 = 24 * 3_600;
/// How much longer a renewal makes it.
const RENEWAL_SECONDS: i64 = 3_600;

type Calls = LeaseServiceClient<Channel>;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KillReport {
    /// How often the server was killed.
    pub(super) kills: u32,
    /// Grants, renewals and releases that were acknowledged and held against the server's list.
    pub(super) acknowledged: u64,
    /// Calls under way when the server was killed: each was repeated, and its one answer held against the list.
    pub(super) repeated: u64,
    /// What was not as it was acknowledged, in words.
    pub(super) violations: Vec<String>,
}

/// What a client knows of one of its leases.
#[derive(Clone, Debug)]
struct Entry {
    /// As it was last acknowledged.
    lease: Lease,
    /// A call that may have changed it and was not answered.
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Renewal,
    Release,
}

/// What one client knows.
#[derive(Clone, Debug, Default)]
struct Books {
    /// Which client.
    client: usize,
    /// By request id, what was granted and not released.
    held: BTreeMap<String, Entry>,
    /// Request ids whose answers never came.
    asked: BTreeSet<String>,
    /// Names of leases whose release was acknowledged.
    released: BTreeSet<String>,
    /// Answers that make no sense, in words.
    complaints: Vec<String>,
    acknowledged: u64,
    next: u64,
}

/// Kills a server again and again.
///
/// # Errors
/// A server that does not come back, or a call that fails although the server runs.
pub(super) async fn run(fleet: &Path, data: &Path, kills: u32, seed: u64) -> Result<KillReport, LeasesError> {
    let mut lives = Pcg64Mcg::seed_from_u64(seed);
    let mut books: Vec<Books> = (0..CLIENTS).map(|client| Books { client, ..Books::default() }).collect();
    let mut report = KillReport::default();
    for kill in 0..=kills {
        let server = ServerChild::start(fleet, data)?;
        let mut calls = LeaseServiceClient::new(server.url.connect(None).await?);
        settle(&mut calls, &mut books, &mut report).await?;
        compare(&list(&mut calls).await?, &books, &mut report);
        if kill == kills {
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
        books.sort_by_key(|book| book.client);
    }
    for book in &mut books {
        report.acknowledged += book.acknowledged;
        report.violations.append(&mut book.complaints);
    }
    Ok(report)
}

/// Asks for leases, renews some and releases some, until no answer comes.
async fn lease_until_killed(mut calls: Calls, mut book: Books, seed: u64) -> Books {
    let mut choices = Pcg64Mcg::seed_from_u64(seed);
    loop {
        let choice = choices.random_range(0..4_u32);
        let some = book.held.keys().nth(choices.random_range(0..book.held.len().max(1))).cloned();
        let answered = match (choice, some) {
            (0, Some(id)) => renew(&mut calls, &mut book, &id).await,
            (1, Some(id)) => release(&mut calls, &mut book, &id).await,
            _ => ask(&mut calls, &mut book).await,
        };
        if !answered {
            return book;
        }
    }
}

fn request(client: usize, id: &str) -> RequestLeaseRequest {
    RequestLeaseRequest {
        holder: format!("client-{client}"),
        request_id: id.to_owned(),
        spec: Some(LeaseSpec {
            resources: Some(Resources { memory_bytes: 1 << 20, ..Resources::default() }),
            term: Some(prost_types::Duration { seconds: TERM_SECONDS, nanos: 0 }),
            ..LeaseSpec::default()
        }),
        first_send_time: None,
    }
}

async fn ask(calls: &mut Calls, book: &mut Books) -> bool {
    let client = book.client;
    let id = format!("request-{client}-{}", book.next);
    book.next += 1;
    match calls.request_lease(request(client, &id)).await {
        Ok(response) => {
            book.take_in(&id, &response.into_inner());
            true
        }
        Err(status) => {
            book.complain(&id, &status);
            book.asked.insert(id);
            false
        }
    }
}

async fn renew(calls: &mut Calls, book: &mut Books, id: &str) -> bool {
    let entry = book.held.get_mut(id).expect("the id is one of those held");
    let end_time =
        entry.lease.end_time.map(|end| prost_types::Timestamp { seconds: end.seconds + RENEWAL_SECONDS, ..end });
    let Lease { name, holder, version, .. } = entry.lease.clone();
    let renewal = RenewRequest { name, holder, version, end_time, bid_micro_credits: None };
    entry.open = Some(Open::Renewal);
    match calls.renew(renewal).await {
        Ok(response) => {
            if let Some(lease) = response.into_inner().lease {
                *entry = Entry { lease, open: None };
                book.acknowledged += 1;
            }
            true
        }
        Err(status) => {
            book.complain(id, &status);
            false
        }
    }
}

async fn release(calls: &mut Calls, book: &mut Books, id: &str) -> bool {
    let entry = book.held.get_mut(id).expect("the id is one of those held");
    let Lease { name, holder, .. } = entry.lease.clone();
    entry.open = Some(Open::Release);
    if let Err(status) = calls.release(ReleaseRequest { name: name.clone(), holder }).await {
        book.complain(id, &status);
        return false;
    }
    book.held.remove(id);
    book.released.insert(name);
    book.acknowledged += 1;
    true
}

impl Books {
    /// Notes a status that a server gives, as against one that says that there is no server.
    fn complain(&mut self, id: &str, status: &Status) {
        use Code::{Cancelled, Internal, Unavailable, Unknown};
        if !matches!(status.code(), Cancelled | Internal | Unavailable | Unknown) {
            self.complaints.push(format!("{id}: {status:?}"));
        }
    }

    fn take_in(&mut self, id: &str, response: &RequestLeaseResponse) {
        self.acknowledged += 1;
        if let Some(lease) = response.leases.first() {
            self.held.insert(id.to_owned(), Entry { lease: lease.clone(), open: None });
        }
    }
}

/// Repeats what was under way when the server was killed, and what was acknowledged last: a repeat gets the first answer.
async fn settle(calls: &mut Calls, books: &mut [Books], report: &mut KillReport) -> Result<(), LeasesError> {
    for book in books {
        let client = book.client;
        for id in std::mem::take(&mut book.asked) {
            let response = calls.request_lease(request(client, &id)).await?.into_inner();
            book.take_in(&id, &response);
            report.repeated += 1;
        }
        let open: Vec<(String, Open)> =
            book.held.iter().filter_map(|(id, entry)| Some((id.clone(), entry.open?))).collect();
        for (id, open) in open {
            let is_answered = match open {
                Open::Renewal => renew(calls, book, &id).await,
                Open::Release => release(calls, book, &id).await,
            };
            report.repeated += 1;
            if !is_answered {
                report.violations.push(format!("{id}: a repeat of what was under way was not answered"));
            }
        }
        let last = book.held.iter().next_back().map(|(id, entry)| (id.clone(), entry.lease.clone()));
        if let Some((id, known)) = last {
            let again = calls.request_lease(request(client, &id)).await?.into_inner();
            report.repeated += 1;
            let is_same =
                again.leases.first().is_some_and(|lease| lease.name == known.name && lease.token == known.token);
            if !is_same {
                report.violations.push(format!("{id}: a repeat got {again:?} in place of {known:?}"));
            }
        }
    }
    Ok(())
}

async fn list(calls: &mut Calls) -> Result<BTreeMap<String, Lease>, LeasesError> {
    let mut message = ListLeasesRequest { page_size: 1_000, ..ListLeasesRequest::default() };
    let mut leases = BTreeMap::new();
    loop {
        let page = calls.list_leases(message.clone()).await?.into_inner();
        leases.extend(page.leases.into_iter().map(|lease| (lease.name.clone(), lease)));
        if page.next_page_token.is_empty() {
            return Ok(leases);
        }
        message.page_token = page.next_page_token;
    }
}

/// Holds every client's books against the server's list.
fn compare(listed: &BTreeMap<String, Lease>, books: &[Books], report: &mut KillReport) {
    let mut tokens = BTreeSet::new();
    for lease in listed.values().filter(|lease| lease.state() == State::Active) {
        if !tokens.insert(lease.token) {
            report.violations.push(format!("{}: token {} is that of another lease too", lease.name, lease.token));
        }
    }
    for book in books {
        for (id, entry) in &book.held {
            if let Some(wrong) = difference(entry, listed.get(&entry.lease.name)) {
                report.violations.push(format!("{id}: {wrong}"));
            }
        }
        for name in &book.released {
            if listed.get(name).is_some_and(|lease| lease.state() != State::Released) {
                report.violations.push(format!("{name}: its release was acknowledged and is not there"));
            }
        }
    }
}

/// What is not as it was acknowledged.
fn difference(entry: &Entry, listed: Option<&Lease>) -> Option<String> {
    let known = &entry.lease;
    let Some(lease) = listed else {
        return (entry.open != Some(Open::Release))
            .then(|| format!("{} was acknowledged and is not there", known.name));
    };
    let may_be_released = entry.open == Some(Open::Release);
    let is_state_right = lease.state() == State::Active || (may_be_released && lease.state() == State::Released);
    let newest = known.version + u32::from(entry.open == Some(Open::Renewal));
    let is_version_right = (known.version..=newest).contains(&lease.version);
    let is_same = lease.token == known.token && lease.node == known.node && lease.holder == known.holder;
    let is_end_right = lease.version > known.version || lease.end_time == known.end_time;
    let is_right = is_state_right && is_version_right && is_same && is_end_right;
    (!is_right).then(|| format!("acknowledged as {known:?}, found as {lease:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(version: u32, state: State) -> Lease {
        Lease { name: "leases/1".into(), version, state: state.into(), token: 7, ..Lease::default() }
    }

    fn entry(open: Option<Open>) -> Entry {
        Entry { lease: lease(1, State::Active), open }
    }

    #[test]
    fn a_lease_that_is_gone_or_another_is_found() {
        assert!(difference(&entry(None), None).is_some());
        assert!(difference(&entry(None), Some(&lease(2, State::Active))).is_some());
        assert!(difference(&entry(None), Some(&lease(1, State::Released))).is_some());
        assert!(difference(&entry(None), Some(&Lease { token: 8, ..lease(1, State::Active) })).is_some());
        assert_eq!(difference(&entry(None), Some(&lease(1, State::Active))), None);
    }

    #[test]
    fn a_call_under_way_may_have_been_done_or_not() {
        assert_eq!(difference(&entry(Some(Open::Renewal)), Some(&lease(2, State::Active))), None);
        assert_eq!(difference(&entry(Some(Open::Release)), Some(&lease(1, State::Released))), None);
        assert!(difference(&entry(Some(Open::Renewal)), Some(&lease(3, State::Active))).is_some());
    }
}
