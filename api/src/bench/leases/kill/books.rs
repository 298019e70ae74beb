//! The books of a client: what it asked for, what was answered, what it ended. They are held against what the server lists.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::time::Instant;

use rand::{Rng, SeedableRng};
use rand_pcg::Pcg64Mcg;
use tonic::{Code, Status};

use super::super::error::LeasesError;
use super::history::{Answer, Call};
use super::wishes::request;
use super::{Calls, KillReport};
use crate::proto::lease::State;
use crate::proto::{
    Lease, ListLeasesRequest, ReleaseRequest, RenewRequest, RequestLeaseRequest, RequestLeaseResponse, Revision,
};

/// How much longer a renewal makes a lease.
const RENEWAL_SECONDS: i64 = 3_600;

/// What a client knows of one of its leases.
#[derive(Clone, Debug)]
struct Entry {
    /// As it was last acknowledged.
    lease: Lease,
    /// A call that may have changed it and was not answered, and when it began.
    open: Option<(Open, Instant)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Open {
    Renewal,
    Release,
}

/// What one client knows.
#[derive(Clone, Debug, Default)]
pub(super) struct Books {
    /// Which client.
    client: usize,
    /// By name, what was granted and not released.
    held: BTreeMap<String, Entry>,
    /// Requests whose answers never came, by their numbers, and when each was first sent.
    asked: BTreeMap<u64, Instant>,
    /// Names of leases whose release was acknowledged.
    released: BTreeSet<String>,
    /// Everything that was acknowledged, in order.
    acknowledged: Vec<Call>,
    /// Answers that make no sense, in words.
    complaints: Vec<String>,
    next: u64,
}

/// Asks for leases, renews some and releases some, until no answer comes.
pub(super) async fn lease_until_killed(mut calls: Calls, mut book: Books, seed: u64) -> Books {
    let mut choices = Pcg64Mcg::seed_from_u64(seed);
    loop {
        let choice = choices.random_range(0..4_u32);
        let some = book.held.keys().nth(choices.random_range(0..book.held.len().max(1))).cloned();
        let answered = match (choice, some) {
            (0, Some(name)) => renew(&mut calls, &mut book, &name).await,
            (1, Some(name)) => release(&mut calls, &mut book, &name).await,
            _ => {
                book.next += 1;
                let number = book.next;
                ask(&mut calls, &mut book, number, Instant::now()).await
            }
        };
        if !answered {
            return book;
        }
    }
}

async fn ask(calls: &mut Calls, book: &mut Books, number: u64, begun: Instant) -> bool {
    let asked = request(book.client, number);
    match calls.request_lease(asked.clone()).await {
        Ok(response) => {
            book.take_in(asked, response.into_inner(), begun);
            true
        }
        Err(status) => {
            book.complain(&format!("request {number}"), &status);
            book.asked.insert(number, begun);
            false
        }
    }
}

async fn renew(calls: &mut Calls, book: &mut Books, name: &str) -> bool {
    let entry = book.held.get_mut(name).expect("the name is one of those held");
    let end_time =
        entry.lease.end_time.map(|end| prost_types::Timestamp { seconds: end.seconds + RENEWAL_SECONDS, ..end });
    let Lease { name, holder, version, .. } = entry.lease.clone();
    let renewal = RenewRequest { name: name.clone(), holder, version, end_time, bid_micro_credits: None };
    let (_, begun) = *entry.open.get_or_insert((Open::Renewal, Instant::now()));
    match calls.renew(renewal).await {
        Ok(response) => {
            let response = response.into_inner();
            match response.lease {
                Some(lease) => {
                    *entry = Entry { lease: lease.clone(), open: None };
                    book.acknowledged.push(Call::since(begun, Answer::Renewed(lease)));
                }
                None => book.complaints.push(format!("{name}: a renewal was refused: {:?}", response.refusal)),
            }
            true
        }
        Err(status) => {
            book.complain(&name, &status);
            false
        }
    }
}

async fn release(calls: &mut Calls, book: &mut Books, name: &str) -> bool {
    let entry = book.held.get_mut(name).expect("the name is one of those held");
    let Lease { name, holder, .. } = entry.lease.clone();
    let (_, begun) = *entry.open.get_or_insert((Open::Release, Instant::now()));
    match calls.release(ReleaseRequest { name: name.clone(), holder }).await {
        Ok(response) => {
            let lease = response.into_inner().lease.unwrap_or_default();
            book.acknowledged.push(Call::since(begun, Answer::Released(lease)));
            book.held.remove(&name);
            book.released.insert(name);
            true
        }
        Err(status) => {
            book.complain(&name, &status);
            false
        }
    }
}

impl Books {
    /// The books of a client that begins.
    pub(super) fn of(client: usize) -> Books {
        Books { client, ..Books::default() }
    }

    pub(super) fn client(&self) -> usize {
        self.client
    }

    /// What was acknowledged; what made no sense goes to the violations.
    pub(super) fn close(&mut self, violations: &mut Vec<String>) -> Vec<Call> {
        violations.append(&mut self.complaints);
        std::mem::take(&mut self.acknowledged)
    }

    /// Notes a status that a server gives, as against one that says that there is no server.
    fn complain(&mut self, what: &str, status: &Status) {
        // A connection that broke has a source; what a server says has none.
        let is_said = status.source().is_none() && !matches!(status.code(), Code::Cancelled | Code::Unavailable);
        if is_said {
            self.complaints.push(format!("{what}: {status:?}"));
        }
    }

    fn take_in(&mut self, asked: RequestLeaseRequest, response: RequestLeaseResponse, begun: Instant) {
        let asked = Box::new(asked);
        let answer = match (response.refusal, response.leases) {
            (None, leases) if !leases.is_empty() => {
                let entries =
                    leases.iter().map(|lease| (lease.name.clone(), Entry { lease: lease.clone(), open: None }));
                self.held.extend(entries);
                Answer::Granted(asked, leases)
            }
            (Some(refusal), leases) if leases.is_empty() => Answer::Refused(asked, refusal),
            other => return self.complaints.push(format!("{asked:?} was answered with {other:?}")),
        };
        self.acknowledged.push(Call::since(begun, answer));
    }
}

/// Repeats what was under way when the server was killed, and what was acknowledged last: a repeat gets the first answer.
pub(super) async fn settle(calls: &mut Calls, books: &mut [Books], report: &mut KillReport) -> Result<(), LeasesError> {
    for book in books {
        for (number, begun) in std::mem::take(&mut book.asked) {
            report.repeated += 1;
            if !ask(calls, book, number, begun).await {
                report.violations.push(format!("request {number}: a repeat of what was under way was not answered"));
            }
        }
        let open: Vec<(String, Open)> =
            book.held.iter().filter_map(|(name, entry)| Some((name.clone(), entry.open?.0))).collect();
        for (name, open) in open {
            let is_answered = match open {
                Open::Renewal => renew(calls, book, &name).await,
                Open::Release => release(calls, book, &name).await,
            };
            report.repeated += 1;
            if !is_answered {
                report.violations.push(format!("{name}: a repeat of what was under way was not answered"));
            }
        }
        if let Some(known) = book.held.values().next_back().map(|entry| entry.lease.clone()) {
            let number = known.request_id.parse().expect("request ids are numbers");
            let again = calls.request_lease(request(book.client, number)).await?.into_inner();
            report.repeated += 1;
            let is_same = again.leases.iter().any(|lease| lease.name == known.name && lease.token == known.token);
            if !is_same {
                report.violations.push(format!("{}: a repeat got {again:?} in place of {known:?}", known.name));
            }
        }
    }
    Ok(())
}

/// Every lease that the server knows, by name, and as of which revision the first page is.
pub(super) async fn list(calls: &mut Calls) -> Result<(BTreeMap<String, Lease>, Revision), LeasesError> {
    let mut message = ListLeasesRequest { page_size: 1_000, ..ListLeasesRequest::default() };
    let (mut leases, mut first) = (BTreeMap::new(), None);
    loop {
        let page = calls.list_leases(message.clone()).await?.into_inner();
        first = first.or(page.revision);
        leases.extend(page.leases.into_iter().map(|lease| (lease.name.clone(), lease)));
        if page.next_page_token.is_empty() {
            return Ok((leases, first.unwrap_or_default()));
        }
        message.page_token = page.next_page_token;
    }
}

/// Holds every client's books against the server's list.
pub(super) fn compare(listed: &BTreeMap<String, Lease>, books: &[Books], report: &mut KillReport) {
    let mut tokens = BTreeSet::new();
    for lease in listed.values().filter(|lease| lease.state() == State::Active) {
        if !tokens.insert(lease.token) {
            report.violations.push(format!("{}: token {} is that of another lease too", lease.name, lease.token));
        }
    }
    for book in books {
        for (name, entry) in &book.held {
            if let Some(wrong) = difference(entry, listed.get(name)) {
                report.violations.push(format!("{name}: {wrong}"));
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
    let (known, open) = (&entry.lease, entry.open.map(|(open, _)| open));
    let Some(lease) = listed else {
        return (open != Some(Open::Release)).then(|| format!("{} was acknowledged and is not there", known.name));
    };
    let may_be_released = open == Some(Open::Release);
    let is_state_right = lease.state() == State::Active || (may_be_released && lease.state() == State::Released);
    let newest = known.version + u32::from(open == Some(Open::Renewal));
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
        Entry { lease: lease(1, State::Active), open: open.map(|open| (open, Instant::now())) }
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
