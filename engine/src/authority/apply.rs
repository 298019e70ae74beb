//! The machine: its state, and the three steps of an event.

use std::collections::{BTreeMap, BTreeSet};

use lessor_models::fleet::{Fleet, Owner};
use lessor_models::time::Timestamp;

use super::decide::first_fit::FirstFit;
use super::decide::placement::Placement;
use super::decide::price_board::{Board, PriceList};
use super::keep::snapshot::PostedPrice;
use super::state::deadlines::Deadlines;
use super::state::history::History;
use super::state::keys::Keys;
use super::state::repeats::Repeats;
use super::state::slots::Slots;
use super::vocabulary::decision::Decision;
use super::vocabulary::effect::Effect;
use super::vocabulary::event::Event;
use super::vocabulary::label::HolderId;
use super::vocabulary::lease::{LeaseId, Revision};
use super::vocabulary::terms::{Retention, Terms, TermsError};
use crate::ledger::{Kept, Ledger, OwnerIndex};

/// The first incarnation of an authority's history.
pub(super) const FIRST_INCARNATION: u32 = 1;

/// One authority and everything that it knows.
#[derive(Debug)]
pub struct Authority {
    #[cfg(feature = "deep-checks")]
    fleet: Fleet,
    pub(super) terms: Terms,
    /// How long answers and ended leases are kept, once it was said.
    pub(super) retained: Option<Retention>,
    pub(super) now: Timestamp,
    pub(super) ledger: Ledger,
    pub(super) placement: Box<dyn Placement>,
    pub(super) slots: Slots,
    pub(super) keys: Keys,
    pub(super) deadlines: Deadlines,
    pub(super) repeats: Repeats,
    pub(super) history: History,
    /// Tokens minted in this incarnation.
    pub(super) minted: u64,
    /// What holders gained or paid; those at zero may be absent.
    pub(super) balances: BTreeMap<HolderId, i128>,
    /// The slots of each gang that is not forgotten, by its first lease.
    pub(super) gangs: BTreeMap<LeaseId, Vec<u32>>,
    /// For each offer, the leases that it waits for and what it owes them; and the offer that waits for each lease.
    pub(super) waits_for: BTreeMap<u32, Vec<LeaseId>>,
    pub(super) awaited_by: BTreeMap<LeaseId, u32>,
    /// Owners whose limit changed since deficits were last looked at.
    pub(super) unsettled: BTreeSet<OwnerIndex>,
    /// Owners in deficit.
    pub(super) deficits: BTreeSet<OwnerIndex>,
    /// Scratch, so that looking for capacity steps allocates nothing.
    pub(super) changed: Vec<OwnerIndex>,
    /// Posted prices, and those of a snapshot that wait for their list.
    pub(super) board: Option<Board>,
    pub(super) former_prices: Option<(Timestamp, Vec<PostedPrice>)>,
    /// A snapshot that is being taken: what offers waited for when it began.
    pub(super) cut: Option<BTreeMap<u32, Vec<LeaseId>>>,
}

impl Authority {
    /// An authority over a whole fleet, with nothing granted, that places by first fit.
    ///
    /// # Errors
    /// Where the terms make no sense together.
    pub fn new(fleet: &Fleet, terms: Terms, now: Timestamp) -> Result<Authority, TermsError> {
        terms.check()?;
        Ok(Authority::empty(fleet, terms, now))
    }

    pub(super) fn empty(fleet: &Fleet, terms: Terms, now: Timestamp) -> Authority {
        let ledger = Ledger::new(fleet, now);
        Authority {
            #[cfg(feature = "deep-checks")]
            fleet: fleet.clone(),
            terms,
            retained: None,
            now,
            placement: Box::new(FirstFit::new(&ledger)),
            slots: Slots::new(ledger.node_count(), 0),
            ledger,
            keys: Keys::default(),
            deadlines: Deadlines::default(),
            repeats: Repeats::new(Timestamp(i64::MIN)),
            history: History::new(Revision { incarnation: FIRST_INCARNATION, number: 0 }),
            minted: 0,
            balances: BTreeMap::new(),
            gangs: BTreeMap::new(),
            waits_for: BTreeMap::new(),
            awaited_by: BTreeMap::new(),
            unsettled: BTreeSet::new(),
            deficits: BTreeSet::new(),
            changed: Vec::new(),
            board: None,
            former_prices: None,
            cut: None,
        }
    }

    /// The same authority with another policy of placement, which sees the ledger as it stands.
    #[must_use]
    pub fn with_placement(mut self, make: impl FnOnce(&Ledger) -> Box<dyn Placement>) -> Authority {
        self.placement = make(&self.ledger);
        self
    }

    /// The same authority with posted prices, which go on from where a snapshot had them. Whoever recovers says so before the
    /// first record is carried out.
    #[must_use]
    pub fn with_prices(mut self, list: &PriceList) -> Authority {
        let mut board = Board::new(list, &self.ledger, self.now);
        if let Some((stepped, prices)) = self.former_prices.take() {
            board.resume(&self.ledger, (stepped, &prices));
        }
        self.board = Some(board);
        self
    }

    /// Applies an event: decides, changes the state, and appends what the shell must do once the event, its `now` and the
    /// decision are durable. A request costs O(path) beside the search for a tile.
    ///
    /// # Panics
    /// Where `now` goes back.
    pub fn apply(&mut self, now: Timestamp, event: &Event, effects: &mut Vec<Effect>) -> Decision {
        self.premise(now, event);
        let mut decision = self.decide(event);
        self.conclude(event, &mut decision, effects);
        self.forget_ended();
        self.deep_check();
        decision
    }

    /// Applies an event as it was decided before: what recovery does with a journal. State and effects come out as they did
    /// then, whatever the terms are now.
    ///
    /// # Panics
    /// Where `now` goes back, or the decision is none of this event in this state: a journal that passed its checksums has
    /// none of those.
    pub fn enact(&mut self, now: Timestamp, event: &Event, decision: &Decision, effects: &mut Vec<Effect>) {
        self.premise(now, event);
        self.conclude(event, &mut decision.clone(), effects);
        self.forget_ended();
        self.deep_check();
    }

    /// Counts everything again. O(leases times path).
    #[cfg(feature = "deep-checks")]
    fn deep_check(&self) {
        assert_eq!(crate::invariants::Invariants::commitments(&self.fleet, self), Ok(()));
    }

    #[cfg(not(feature = "deep-checks"))]
    #[expect(clippy::unused_self, reason = "deep-checks look at it")]
    #[inline]
    fn deep_check(&self) {}

    /// When a [`Event::Tick`] is due, if anything waits for time. O(1).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Timestamp> {
        if !self.unsettled.is_empty() {
            return Some(self.now);
        }
        let prices = self.board.as_ref().and_then(Board::next_step);
        let deadlines = [self.deadlines.next(), self.ledger.next_change(), prices];
        deadlines.into_iter().flatten().min()
    }

    /// What an event makes true, whatever is decided about it.
    #[inline]
    fn premise(&mut self, now: Timestamp, event: &Event) {
        assert!(now >= self.now, "time goes back from {:?} to {now:?}", self.now);
        self.now = now;
        self.ledger.advance(now, &mut self.changed);
        match event {
            Event::Plane(effect) => self.changed.extend(self.ledger.take_in(effect)),
            Event::Drain { node, by } if self.ledger.has_node(*node) => self.ledger.set_drain(*node, *by),
            Event::Floors { owner, floors } => self.keep(*owner, Kept::Amounts(*floors)),
            Event::FloorShares { owner, shares } => self.keep(*owner, (*shares).into()),
            _ => {}
        }
        self.note_limits();
    }

    fn keep(&mut self, owner: Owner, floors: Kept) {
        if let Some(owner) = self.ledger.index(owner) {
            self.ledger.set_floors(owner, floors);
        }
    }

    /// Remembers whose limits changed, and tells the policy of placement.
    #[inline]
    fn note_limits(&mut self) {
        while let Some(owner) = self.changed.pop() {
            self.unsettled.insert(owner);
            if let Owner::Node(node) = self.ledger.owner(owner) {
                self.placement.changed(&self.ledger, node);
            }
        }
    }

    fn decide(&mut self, event: &Event) -> Decision {
        match event {
            Event::Tick => Decision::Ticked { worked: self.terms.deadlines_per_tick, revoked: self.cure() },
            Event::Request(request) => self.decide_request(request),
            Event::Renew(renewal) => self.decide_renewal(renewal),
            Event::Release { holder, lease } => self.decide_release(holder, *lease),
            Event::Revoke { lease, notice } => self.decide_revocation(*lease, *notice),
            Event::ConfirmFence { lease, token } => self.decide_fence(*lease, *token),
            Event::Checkpoint { holder, lease } => self.decide_checkpoint(holder, *lease),
            Event::Plane(effect) => self.decide_plane(effect),
            Event::Drain { node, by } => self.decide_drain(*node, *by),
            Event::Floors { owner, .. } | Event::FloorShares { owner, .. } => self.decide_floors(*owner),
            Event::Retain(_) => Decision::Accepted { revoked: Vec::new() },
        }
    }
}
