//! What a history should have led to, kept as plainly as may be: a list of what is held, looked through for every question.
//!
//! The changes of a watch, in the order of their revisions, are made one after another, each only if it may be made then. Every
//! acknowledged call is held against them: what changed something is there, word for word, no later call took effect before one
//! that was over when it began, and what was refused could not have been granted at one instant at least while its call was under
//! way.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::resources::{Kind, UNLIMITED};

use super::history::{Answer, Call};
use super::wishes::{request, spec};
use crate::proto::lease::State;
use crate::proto::refusal::Reason;
use crate::proto::{Lease, RequestLeaseRequest};

/// Violations that are told: one often brings many.
const TOLD_MAX: usize = 20;

/// What is held, and what was given before.
struct Model<'a> {
    fleet: &'a Fleet,
    /// By name.
    held: BTreeMap<String, Lease>,
    /// Holders and request ids that were granted.
    granted: BTreeSet<(String, String)>,
    last_token: u64,
    /// The gang that is being granted: its request, and how many of it are there.
    gang: Option<(String, String, u32)>,
}

/// Holds acknowledged calls against the changes that a watch was told of, by revision from 1 on. Says what does not fit.
pub(super) fn check(fleet: &Fleet, changes: &[Lease], calls: &[Call]) -> Vec<String> {
    let mut wrong = Vec::new();
    let done = Done::of(changes, calls, &mut wrong);
    let mut refused: Vec<Refused<'_>> = calls.iter().filter_map(|call| done.refused(call, changes.len())).collect();
    refused.sort_by_key(|refused| refused.from);
    let mut waiting = refused.into_iter().peekable();
    let mut open: Vec<Refused<'_>> = Vec::new();
    let mut model = Model::empty(fleet);
    for revision in 0..=changes.len() {
        if let Some(lease) = revision.checked_sub(1).map(|at| &changes[at]) {
            model.change(lease).unwrap_or_else(|why| wrong.push(format!("revision {revision}: {why}: {lease:?}")));
        }
        open.extend(std::iter::from_fn(|| waiting.next_if(|refused| refused.from <= revision)));
        // Between members of a gang there is no state.
        if model.gang.is_none() {
            open.retain(|refused| model.why_not(refused.asked) != Some(refused.reason));
        }
        for late in open.extract_if(.., |refused| refused.until <= revision) {
            let Refused { asked, reason, .. } = late;
            wrong.push(format!(
                "until revision {revision}: refused as {reason:?}, and nothing was in the way: {asked:?}"
            ));
        }
    }
    if let Some(gang) = model.gang {
        wrong.push(format!("a gang is not whole: {gang:?}"));
    }
    wrong.truncate(TOLD_MAX);
    wrong
}

/// A refusal, and the revisions between which it was decided.
struct Refused<'a> {
    asked: &'a RequestLeaseRequest,
    reason: Reason,
    from: usize,
    until: usize,
}

/// Calls that changed something, with their revisions.
struct Done {
    /// By when they ended: the last revision of those that ended by then.
    by_end: Vec<(Instant, usize)>,
    /// By when they began, latest first: the first revision of those that began then or later.
    by_begin: Vec<(Instant, usize)>,
}

impl Done {
    fn of(changes: &[Lease], calls: &[Call], wrong: &mut Vec<String>) -> Done {
        let revisions: BTreeMap<(&str, u32, i32), usize> = changes
            .iter()
            .zip(1..)
            .map(|(lease, at)| ((lease.name.as_str(), lease.version, lease.state), at))
            .collect();
        let mut done: Vec<(&Call, usize)> = Vec::new();
        for call in calls {
            if let Answer::Granted(asked, leases) = &call.answer
                && leases.iter().any(|lease| lease.request_id != asked.request_id)
            {
                wrong.push(format!("{asked:?} was answered with {leases:?}"));
            }
            for lease in call.changed() {
                match revisions.get(&(lease.name.as_str(), lease.version, lease.state)) {
                    Some(&at) if changes[at - 1] == *lease => done.push((call, at)),
                    Some(&at) => wrong.push(format!("acknowledged as {lease:?}, changed to {:?}", changes[at - 1])),
                    None => wrong.push(format!("acknowledged, and no change says so: {lease:?}")),
                }
            }
        }
        let done = Done::sorted(&done);
        for call in calls {
            if let (Some(from), Some(own)) = (done.before(call.begun), first_revision(call, &revisions))
                && own < from
            {
                let answer = &call.answer;
                wrong.push(format!("revision {own} was over when revision {from} was asked for: {answer:?}"));
            }
        }
        done
    }

    fn sorted(done: &[(&Call, usize)]) -> Done {
        let mut by_end: Vec<(Instant, usize)> = done.iter().map(|(call, at)| (call.ended, *at)).collect();
        by_end.sort_unstable();
        let mut last = 0;
        by_end.iter_mut().for_each(|(_, at)| {
            last = last.max(*at);
            *at = last;
        });
        let mut by_begin: Vec<(Instant, usize)> = done.iter().map(|(call, at)| (call.begun, *at)).collect();
        by_begin.sort_unstable_by(|one, other| other.cmp(one));
        let mut first = usize::MAX;
        by_begin.iter_mut().for_each(|(_, at)| {
            first = first.min(*at);
            *at = first;
        });
        Done { by_end, by_begin }
    }

    /// The last revision of the calls that were over before an instant.
    fn before(&self, instant: Instant) -> Option<usize> {
        let over = self.by_end.partition_point(|(ended, _)| *ended < instant);
        over.checked_sub(1).map(|at| self.by_end[at].1)
    }

    /// The first revision of the calls that began after an instant.
    fn after(&self, instant: Instant) -> Option<usize> {
        let later = self.by_begin.partition_point(|(begun, _)| *begun > instant);
        later.checked_sub(1).map(|at| self.by_begin[at].1)
    }

    /// When a refusal was decided, as far as other calls say.
    fn refused<'a>(&self, call: &'a Call, last: usize) -> Option<Refused<'a>> {
        let Answer::Refused(asked, refusal) = &call.answer else { return None };
        let from = self.before(call.begun).unwrap_or(0);
        let until = self.after(call.ended).map_or(last, |first| first - 1);
        Some(Refused { asked, reason: refusal.reason(), from, until })
    }
}

impl Model<'_> {
    fn empty(fleet: &Fleet) -> Model<'_> {
        Model { fleet, held: BTreeMap::new(), granted: BTreeSet::new(), last_token: 0, gang: None }
    }

    /// Makes a change.
    ///
    /// # Errors
    /// Why it may not be made.
    fn change(&mut self, lease: &Lease) -> Result<(), &'static str> {
        let known = self.held.get(&lease.name).cloned();
        if self.gang.is_some() && known.is_some() {
            return Err("a gang is granted at once");
        }
        match (known, lease.state()) {
            (None, State::Active) => self.grant(lease),
            (Some(known), State::Active) => {
                let renewed = Lease { version: known.version + 1, end_time: lease.end_time, ..known.clone() };
                let is_longer = seconds(lease) > seconds(&known);
                self.held.insert(lease.name.clone(), lease.clone());
                if *lease == renewed && is_longer { Ok(()) } else { Err("a renewal changes version and end alone") }
            }
            (Some(known), State::Released) => {
                self.held.remove(&lease.name);
                let released = Lease { state: lease.state, returned: true, ..known };
                if *lease == released { Ok(()) } else { Err("a release changes the state alone") }
            }
            _ => Err("nothing of the kind was asked for"),
        }
    }

    fn grant(&mut self, lease: &Lease) -> Result<(), &'static str> {
        let asked = asked_for(lease).ok_or("no client asks so")?;
        let (memory, count, keys) = spec(&asked);
        let node = self.fleet.nodes().find(|node| self.fleet.name(*node) == lease.node).ok_or("no such node")?;
        let is_as_asked = lease.resources.as_ref().is_some_and(|held| held.memory_bytes == memory)
            && (lease.gang_size, lease.version, lease.returned) == (count, 1, false);
        let fits = fits(self.fleet, &self.used(), node, memory);
        let is_free = keys.iter().all(|key| !self.is_held(key));
        let is_rising = lease.token > self.last_token;
        let is_next = self.take_turn(lease);
        self.last_token = lease.token;
        self.held.insert(lease.name.clone(), lease.clone());
        let rules = [
            (is_as_asked, "it is not what was asked for"),
            (fits, "an account is overdrawn"),
            (is_free, "a fence key is held twice"),
            (is_rising, "a token does not rise"),
            (is_next, "a request is granted twice, or a gang in parts"),
        ];
        rules.into_iter().find(|(holds, _)| !holds).map_or(Ok(()), |(_, why)| Err(why))
    }

    /// Whether a lease is the next of its gang, or the first of a request that was not granted before.
    fn take_turn(&mut self, lease: &Lease) -> bool {
        let names = (lease.holder.clone(), lease.request_id.clone());
        let expected = self.gang.take();
        let is_next = match &expected {
            None => lease.gang_index == 0 && self.granted.insert(names.clone()),
            Some((holder, id, there)) => (holder, id, *there) == (&names.0, &names.1, lease.gang_index),
        };
        if lease.gang_index + 1 < lease.gang_size {
            self.gang = Some((names.0, names.1, lease.gang_index + 1));
        }
        is_next
    }

    /// Why a request would be refused now, if it would.
    fn why_not(&self, asked: &RequestLeaseRequest) -> Option<Reason> {
        let (memory, count, keys) = spec(asked);
        if keys.iter().any(|key| self.is_held(key)) {
            return Some(Reason::KeyHeld);
        }
        let mut used = self.used();
        let mut placed = 0;
        // Members are alike and accounts are nested: whichever tile takes one, as many fit in the end.
        for tile in self.fleet.tiles() {
            while placed < count && fits(self.fleet, &used, tile, memory) {
                owners(self.fleet, tile).for_each(|owner| *used.entry(owner).or_default() += memory);
                placed += 1;
            }
        }
        (placed < count).then_some(Reason::AccountShort)
    }

    /// What is held of each owner, in bytes.
    fn used(&self) -> BTreeMap<Owner, u64> {
        let mut used = BTreeMap::new();
        for lease in self.held.values() {
            let Some(node) = self.fleet.nodes().find(|node| self.fleet.name(*node) == lease.node) else { continue };
            let memory = lease.resources.as_ref().map_or(0, |held| held.memory_bytes);
            owners(self.fleet, node).for_each(|owner| *used.entry(owner).or_default() += memory);
        }
        used
    }

    fn is_held(&self, key: &String) -> bool {
        self.held.values().filter_map(asked_for).any(|asked| spec(&asked).2.contains(key))
    }
}

/// The first revision of a call that changed something.
fn first_revision(call: &Call, revisions: &BTreeMap<(&str, u32, i32), usize>) -> Option<usize> {
    let lease = call.changed().first()?;
    revisions.get(&(lease.name.as_str(), lease.version, lease.state)).copied()
}

/// Whether every owner above a node has so much memory left.
fn fits(fleet: &Fleet, used: &BTreeMap<Owner, u64>, node: NodeIndex, memory: u64) -> bool {
    owners(fleet, node).all(|owner| {
        let capacity = fleet.base_capacity(owner).get(Kind::Memory);
        capacity == UNLIMITED || used.get(&owner).copied().unwrap_or(0) + memory <= capacity
    })
}

/// Whose accounts a lease at a node debits.
fn owners(fleet: &Fleet, node: NodeIndex) -> impl Iterator<Item = Owner> + '_ {
    let zones = fleet.path(node).flat_map(|above| fleet.zones_listing(above).iter().copied().map(Owner::Zone));
    fleet.path(node).map(Owner::Node).chain(zones)
}

/// The request that a lease answers.
fn asked_for(lease: &Lease) -> Option<RequestLeaseRequest> {
    let client = lease.holder.strip_prefix("client-")?.parse().ok()?;
    Some(request(client, lease.request_id.parse().ok()?))
}

fn seconds(lease: &Lease) -> i64 {
    lease.end_time.map_or(0, |end| end.seconds)
}

#[cfg(test)]
#[path = "model_tests.rs"]
mod tests;
