//! A simulated holder: it asks, repeats, renews, uses and gives back by its own clock, as the client of the real service does.
//! [`HolderTerm`], the client's own code, says until when it may use what it holds.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use lessor_engine::authority::{
    Answer, Event, FenceKey, HolderId, Lease, LeaseId, LeaseState, Reason, Renewal, Request, Token,
};
use lessor_models::time::{Span, Timestamp};

use super::calls::{Call, Said};
use super::chance::Chance;
use super::drifting_clock::DriftingClock;
use super::wishes::Wishes;
use crate::client::{BootInstant, HolderTerm, TermLeft};
use crate::process::clock::span;
use crate::shell::UNSTATED;

/// How long a request that did not say when it was first sent is repeated: well within the window in which repeats are known.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long a look is repeated.
const LOOK_PATIENCE: Duration = Duration::from_secs(6);

/// Requests that may be repeated late: those of some minutes.
const LATE_REPEATS: usize = 100;

/// What a holder does.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    /// Sends a call.
    Send(u64, Call),
    /// Begins to use a lease.
    Begin(Lease, Vec<FenceKey>),
    /// Ends its use.
    End(LeaseId),
    /// Acts on what a key protects, having looked at its clock.
    Act(LeaseId, FenceKey, Token),
    /// Keeps what was revoked for as long as it may.
    ReturnsSlowly,
}

/// A call that is not answered yet.
#[derive(Clone, Debug)]
struct Open {
    call: Call,
    first_sent: BootInstant,
    next_try: Duration,
    give_up: Duration,
}

/// A lease that it holds, or was offered.
#[derive(Clone, Debug)]
struct Held {
    lease: Lease,
    keys: Vec<FenceKey>,
    term: HolderTerm,
    is_used: bool,
    /// When it gives it back, by its clock, unless that is later than it may have it.
    release_at: Duration,
    is_renewed: bool,
    next_look: Duration,
    /// The renewal or look under way.
    asks: Option<u64>,
}

/// A holder.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) id: HolderId,
    pub(super) clock: DriftingClock,
    pub(super) paused_until: Duration,
    /// Whether it asks for more.
    pub(super) is_eager: bool,
    band: Duration,
    chance: Chance,
    wishes: Wishes,
    open: BTreeMap<u64, Open>,
    /// Requests that said when they were first sent, the latest last.
    dated: VecDeque<Request>,
    held: BTreeMap<LeaseId, Held>,
    /// The latest time of the engine that it was told.
    engine_time: Option<Timestamp>,
    next_call: u64,
    next_wish: Duration,
    /// Answers that it got.
    pub(super) answers: u64,
}

impl Holder {
    /// A holder that knows nothing yet.
    pub(super) fn new(id: HolderId, clock: DriftingClock, band: Span, mut chance: Chance) -> Holder {
        let wishes = Wishes::new(id, chance.part());
        Holder {
            id,
            clock,
            paused_until: Duration::ZERO,
            is_eager: true,
            band: Duration::from_micros(band.0),
            chance,
            wishes,
            open: BTreeMap::new(),
            dated: VecDeque::new(),
            held: BTreeMap::new(),
            engine_time: None,
            next_call: 0,
            next_wish: Duration::ZERO,
            answers: 0,
        }
    }

    /// The call that waits longest for its answer: since when, in true time.
    pub(super) fn waits_since(&self) -> Option<Duration> {
        self.open.values().map(|open| self.clock.when(open.first_sent.since_boot())).min()
    }

    /// When what it uses ends by its clock, in true time.
    pub(super) fn stops(&self) -> impl Iterator<Item = (LeaseId, Duration)> + '_ {
        let used = self.held.iter().filter(|(_, held)| held.is_used);
        used.map(|(id, held)| (*id, self.clock.when(held.term.stop().since_boot())))
    }

    /// Does what is due, and says when it is to be asked again, in true time.
    pub(super) fn act(&mut self, at: Duration, deeds: &mut Vec<Deed>) -> Duration {
        let shown = self.clock.shows(at);
        self.repeat(shown, deeds);
        let ids: Vec<LeaseId> = self.held.keys().copied().collect();
        ids.into_iter().for_each(|id| self.tend(id, shown, deeds));
        self.repeat_late(deeds);
        if self.is_eager && shown >= self.next_wish {
            self.wish(shown, deeds);
        }
        let next = at + self.chance.millis(200..2_000);
        self.stops().map(|stop| stop.1).fold(next, Duration::min).max(at)
    }

    /// Asks for so many small leases that all end at once, and keeps none of them up.
    pub(super) fn storm(&mut self, at: Duration, count: usize, deeds: &mut Vec<Deed>) {
        let shown = self.clock.shows(at);
        for _ in 0..count {
            let request = self.wishes.for_a_storm();
            self.ask(request, shown, deeds);
        }
    }

    fn wish(&mut self, shown: Duration, deeds: &mut Vec<Deed>) {
        self.next_wish = shown + self.chance.millis(300..5_000);
        if self.held.len() + self.open.len() < 12 {
            let request = self.wishes.next();
            self.ask(request, shown, deeds);
        }
    }

    fn ask(&mut self, mut request: Request, shown: Duration, deeds: &mut Vec<Deed>) {
        // Half of the time it says when, by the engine's clock: then it may repeat for as long as it likes.
        let (first_sent, patience) = match self.engine_time.filter(|_| self.chance.happens(500)) {
            Some(time) => (time, Duration::from_hours(24)),
            None => (UNSTATED, PATIENCE),
        };
        request.first_sent = first_sent;
        if first_sent != UNSTATED {
            self.dated.push_back(request.clone());
        }
        self.send(Call::Event(Event::Request(request)), (shown, patience), deeds);
    }

    fn send(&mut self, call: Call, (shown, patience): (Duration, Duration), deeds: &mut Vec<Deed>) -> u64 {
        let number = self.next_call;
        self.next_call += 1;
        let next_try = shown + self.chance.millis(300..2_500);
        let first_sent = BootInstant::at(shown);
        deeds.push(Deed::Send(number, call.clone()));
        self.open.insert(number, Open { call, first_sent, next_try, give_up: shown + patience });
        number
    }

    /// Repeats what was not answered, and gives up what is not worth it.
    fn repeat(&mut self, shown: Duration, deeds: &mut Vec<Deed>) {
        let Holder { open, held, chance, .. } = self;
        open.retain(|number, open| {
            if shown >= open.give_up {
                held.values_mut().filter(|held| held.asks == Some(*number)).for_each(|held| held.asks = None);
                return false;
            }
            if shown >= open.next_try {
                open.next_try = shown + chance.millis(300..4_000);
                deeds.push(Deed::Send(*number, open.call.clone()));
            }
            true
        });
    }

    /// Now and then it repeats what it asked for minutes ago: that gets the first answer, or is too old.
    fn repeat_late(&mut self, deeds: &mut Vec<Deed>) {
        if self.dated.len() > LATE_REPEATS {
            self.dated.pop_front();
        }
        if self.chance.happens(20)
            && let Some(at) = self.chance.position(self.dated.len())
        {
            deeds.push(Deed::Send(self.next_call, Call::Event(Event::Request(self.dated[at].clone()))));
            self.next_call += 1;
        }
    }

    /// Looks after one lease.
    fn tend(&mut self, id: LeaseId, shown: Duration, deeds: &mut Vec<Deed>) {
        let now = BootInstant::at(shown);
        let held = &self.held[&id];
        let is_over = held.is_used && !held.term.is_open(now);
        let is_offer = held.lease.state == LeaseState::Offered;
        if is_over || shown >= held.release_at {
            return self.let_go(id, shown, deeds);
        }
        if held.is_used
            && let Some(at) = self.chance.position(held.keys.len() * 2)
            && let Some(key) = held.keys.get(at)
        {
            deeds.push(Deed::Act(id, *key, held.lease.token));
        }
        if held.asks.is_some() {
            return;
        }
        let renews = self.is_eager
            && held.is_renewed
            && held.is_used
            && held.lease.notice.is_none()
            && now >= held.term.renew_at();
        let (call, patience) = if renews {
            let more = held.term.spent(now);
            let end = held.lease.end.after(span(more));
            let Lease { version, holder, .. } = held.lease;
            let renewal = Renewal { holder, lease: id, version, end, bid: None };
            (Call::Event(Event::Renew(renewal)), now.until(held.term.stop()))
        } else if is_offer || shown >= held.next_look {
            (Call::Look(id), LOOK_PATIENCE)
        } else {
            return;
        };
        let number = self.send(call, (shown, patience), deeds);
        let next_look = shown + self.chance.millis(2_000..20_000);
        let held = self.held.get_mut(&id).expect("it was held a moment ago");
        (held.asks, held.next_look) = (Some(number), next_look);
    }

    /// Stops using a lease, and gives it back.
    fn let_go(&mut self, id: LeaseId, shown: Duration, deeds: &mut Vec<Deed>) {
        let Some(held) = self.held.remove(&id) else { return };
        if held.is_used {
            deeds.push(Deed::End(id));
        }
        // Now and then it leaves a lease to its end.
        if self.chance.happens(900) {
            let release = Event::Release { holder: self.id, lease: id };
            self.send(Call::Event(release), (shown, Duration::from_mins(2)), deeds);
        }
    }

    /// Takes in what the authority says about one of its calls; a second answer says nothing new.
    pub(super) fn hear(&mut self, at: Duration, (number, said): (u64, &Said), deeds: &mut Vec<Deed>) {
        let shown = self.clock.shows(at);
        if let Said::Answered(answered) = said {
            self.engine_time = self.engine_time.max(Some(answered.now));
        }
        if matches!(said, Said::Overloaded) {
            return;
        }
        let Some(open) = self.open.remove(&number) else { return };
        self.answers += 1;
        self.held.values_mut().filter(|held| held.asks == Some(number)).for_each(|held| held.asks = None);
        match (&open.call, said) {
            (Call::Event(Event::Request(request)), Said::Answered(answered)) => {
                self.granted(request, (&answered.answer, open.first_sent), shown, deeds);
            }
            (Call::Event(Event::Renew(renewal)), Said::Answered(answered)) => match &answered.answer {
                Answer::Lease(lease) => {
                    let left = self.left(answered.now, lease);
                    self.renewed(lease, (open.first_sent, left), BootInstant::at(shown));
                }
                answer => self.not_renewed(renewal.lease, answer, shown),
            },
            (Call::Look(id), Said::Seen(lease, now)) => {
                self.seen(*id, (lease.as_ref(), *now), (open.first_sent, shown), deeds);
            }
            _ => {}
        }
    }

    fn left(&self, from: Timestamp, lease: &Lease) -> TermLeft {
        TermLeft { left: Duration::from_micros(lease.end.since(from).0), band: self.band }
    }

    fn granted(
        &mut self,
        request: &Request,
        (answer, first_sent): (&Answer, BootInstant),
        shown: Duration,
        deeds: &mut Vec<Deed>,
    ) {
        let leases = match answer {
            Answer::Lease(lease) => std::slice::from_ref(lease),
            Answer::Gang(leases) => &leases[..],
            Answer::Done | Answer::Refused(_) => return,
        };
        for lease in leases {
            // As in the client: an answer, repeated or not, counts from the lease's start.
            let term = HolderTerm::granted(first_sent, self.left(lease.start, lease));
            let keys = request.fence_keys.clone();
            let is_used = lease.state == LeaseState::Active && term.is_open(BootInstant::at(shown));
            if is_used {
                deeds.push(Deed::Begin(*lease, keys.clone()));
            }
            // Some are used to the last moment, and not renewed.
            let is_kept_to_its_end = Wishes::is_of_a_storm(request) || self.chance.happens(300);
            let is_renewed = !is_kept_to_its_end && self.chance.happens(800);
            let keeps = if is_kept_to_its_end { 600_000..600_001 } else { 5_000..240_000 };
            let held = Held {
                lease: *lease,
                keys,
                term,
                is_used,
                release_at: shown + self.chance.millis(keeps),
                is_renewed,
                next_look: shown + self.chance.millis(2_000..20_000),
                asks: None,
            };
            self.held.insert(lease.id, held);
        }
    }

    fn renewed(&mut self, lease: &Lease, (first_sent, left): (BootInstant, TermLeft), now: BootInstant) {
        let Some(held) = self.held.get_mut(&lease.id) else { return };
        if let Some(term) = held.term.renewed(first_sent, now, left) {
            (held.term, held.lease) = (term, *lease);
        }
    }

    /// A renewal was refused: what is left of the term stays.
    fn not_renewed(&mut self, id: LeaseId, answer: &Answer, shown: Duration) {
        let Some(held) = self.held.get_mut(&id) else { return };
        if let Answer::Refused(refusal) = answer {
            let is_lost = matches!(refusal.reason, Reason::NotActive { .. } | Reason::UnknownLease);
            held.is_renewed = !is_lost && held.is_renewed;
            held.next_look = if is_lost { shown } else { held.next_look };
            if let Some(rest) = held.term.from(BootInstant::at(shown)) {
                held.term = rest;
            }
        }
    }

    fn seen(
        &mut self,
        id: LeaseId,
        (lease, now): (Option<&Lease>, Timestamp),
        (first_sent, shown): (BootInstant, Duration),
        deeds: &mut Vec<Deed>,
    ) {
        let left = lease.map(|lease| self.left(now, lease));
        let Some(held) = self.held.get_mut(&id) else { return };
        let Some((lease, left)) = lease.zip(left) else { return self.let_go(id, shown, deeds) };
        let is_new = held.lease.state == LeaseState::Offered && lease.state == LeaseState::Active;
        if is_new {
            held.term = HolderTerm::granted(first_sent, left);
            held.is_used = held.term.is_open(BootInstant::at(shown));
            if held.is_used {
                deeds.push(Deed::Begin(*lease, held.keys.clone()));
            }
        }
        let learns = lease.notice.is_some() && held.lease.notice.is_none();
        if lease.version >= held.lease.version {
            held.lease = *lease;
        }
        if lease.is_returned {
            self.let_go(id, shown, deeds);
        } else if learns && self.chance.happens(300) {
            deeds.push(Deed::ReturnsSlowly);
        } else if learns {
            held.release_at = shown + self.chance.millis(0..5_000);
        }
    }
}
