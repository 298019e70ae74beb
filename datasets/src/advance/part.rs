//! The parts that a job falls into at an instant.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use lessor_models::draw;
use lessor_models::fleet::{Fleet, NodeIndex, Owner};
use lessor_models::job::{Job, JobIndex, Spread, Term};
use lessor_models::plan::{CurrentPlacement, Placement};
use lessor_models::tile_class::TileClass;
use lessor_models::time::{Interval, MICROS_PER_SECOND, Span, Timestamp};

use super::Tally;

/// Capsules of a job with the same time before them, as a job of its own.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// What it asks for. Its relations still name jobs as the plan has them.
    pub(super) job: Job,
    /// Where it runs; empty for what waits.
    pub(super) seats: Vec<CurrentPlacement>,
    /// Where and when it is planned to start; empty for what runs.
    pub(super) queued: Vec<Placement>,
}

impl Part {
    /// Where and when it runs, in the order of its rows.
    pub(super) fn runs<'p>(&'p self, fleet: &'p Fleet) -> impl Iterator<Item = (NodeIndex, Interval)> + 'p {
        let seats = self.seats.iter().map(|seat| (seat.tile, self.job.earliest));
        let queued = self.queued.iter().map(|placement| (placement.tile, placement.start));
        seats.chain(queued).map(|(tile, start)| {
            let class = fleet.class_of(tile).expect("a plan places on tiles");
            let term = draw::term(&self.job, &fleet.classes()[class.at()]);
            (tile, Interval { start, end: start.after(term) })
        })
    }

    /// Where it runs or is planned to start, a tile as often as it has rows.
    pub(super) fn tiles(&self) -> impl Iterator<Item = NodeIndex> + '_ {
        self.seats.iter().map(|seat| seat.tile).chain(self.queued.iter().map(|placement| placement.tile))
    }

    /// Asks for no more locations than its capsules lie in, where they are too few.
    fn lie_apart_as_placed(&mut self, fleet: &Fleet) {
        let Some(spread) = self.job.spread else { return };
        let counts = self.seats.iter().map(|seat| seat.count).chain(self.queued.iter().map(|queued| queued.count));
        let placed: u64 = counts.map(u64::from).sum();
        let members: BTreeSet<Owner> = self.tiles().flat_map(|tile| fleet.members(tile, spread.domain)).collect();
        let lies_in = u32::try_from(members.len()).expect("no more locations than capsules");
        if u64::from(lies_in) < spread.least_of(placed) {
            self.job.spread = Some(Spread { least: lies_in, ..spread });
        }
    }
}

/// All parts of a job, those that run first, the largest first; and how many of its capsules have ended or are too late.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    all: Vec<Part>,
    ended: u64,
    late: u64,
}

impl Parts {
    /// The parts of a job that is placed so, in the order of starts.
    pub(super) fn of(fleet: &Fleet, job: &Job, placements: &[Placement], at: Timestamp) -> Parts {
        let mut ended = 0;
        let mut running: BTreeMap<Term, Vec<CurrentPlacement>> = BTreeMap::new();
        let mut queued = Vec::new();
        for &placement in placements {
            if placement.start >= at {
                queued.push(placement);
                continue;
            }
            let class = fleet.class_of(placement.tile).expect("a plan places on tiles");
            let class = &fleet.classes()[class.at()];
            let left = placement.start.after(draw::term(job, class)).since(at);
            match rest_of_term(job, class, left) {
                Some(term) => {
                    let Placement { job, tile, count, devices, .. } = placement;
                    running.entry(term).or_default().push(CurrentPlacement { job, tile, count, devices });
                }
                None => ended += placement.count,
            }
        }
        let mut parts: Vec<Part> = running
            .into_iter()
            .map(|(term, seats)| {
                let count = seats.iter().map(|seat| seat.count).sum();
                Part { job: Job { term, earliest: at, ..of_count(job, count) }, seats, queued: Vec::new() }
            })
            .collect();
        parts.sort_by_key(|part| Reverse(part.job.count));
        let run: u32 = parts.iter().map(|part| part.job.count).sum();
        let wait = job.count.saturating_sub(ended + run);
        let has_begun = ended + run > 0;
        let mut late = 0;
        if wait > 0 {
            let gang_min = if has_begun { 0 } else { job.gang_min };
            let rest = Job { gang_min, earliest: job.earliest.max(at), ..of_count(job, wait) };
            if can_end_in_time(fleet, &rest) {
                parts.push(Part { job: rest, seats: Vec::new(), queued });
            } else {
                late = u64::from(wait);
            }
        }
        share_bonus(job, ended, run, &mut parts);
        parts.iter_mut().for_each(|part| part.lie_apart_as_placed(fleet));
        Parts { all: parts, ended: u64::from(ended), late }
    }

    pub(super) fn all(&self) -> &[Part] {
        &self.all
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.all.iter_mut()
    }

    pub(super) fn into_all(self) -> Vec<Part> {
        self.all
    }

    /// The job that what is left of it must be near, as the plan has it.
    pub(super) fn leader(&self) -> Option<JobIndex> {
        Some(self.all.first()?.job.affinity?.job)
    }

    /// Whether nothing of it runs or can still run.
    pub(super) fn is_over(&self) -> bool {
        self.all.is_empty()
    }

    /// Gives up what waits; whether anything did.
    pub(super) fn give_up(&mut self) -> bool {
        let waits = |part: &Part| part.seats.is_empty();
        let given_up: u64 = self.all.iter().filter(|part| waits(part)).map(|part| u64::from(part.job.count)).sum();
        self.all.retain(|part| !waits(part));
        self.late += given_up;
        given_up > 0
    }

    /// Adds its capsules to a tally.
    pub(super) fn count(&self, tally: &mut Tally) {
        tally.ended += self.ended;
        tally.late += self.late;
        for Part { job, seats, queued } in &self.all {
            let placed: u64 = queued.iter().map(|placement| u64::from(placement.count)).sum();
            if seats.is_empty() {
                tally.queued += placed;
                tally.missing += u64::from(job.count) - placed;
            } else {
                tally.running += u64::from(job.count);
            }
        }
    }
}

/// Whether a capsule that starts no earlier than its job allows could end in time on some class of tiles.
fn can_end_in_time(fleet: &Fleet, job: &Job) -> bool {
    fleet.classes_for(job).any(|class| job.earliest.after(draw::term(job, class)) <= job.deadline)
}

/// What is left of a term: of work what a tile of the class does in that time, rounded down, so that it ends no later. `None` where
/// nothing is.
fn rest_of_term(job: &Job, class: &TileClass, left: Span) -> Option<Term> {
    match job.term {
        Term::Fixed(_) => (left.0 > 0).then_some(Term::Fixed(left)),
        Term::Work(_) => {
            let speed = u128::from(job.demand.compute_mops) * u128::from(class.rate_permille);
            let mop = u128::from(left.0) * speed / (1_000 * u128::from(MICROS_PER_SECOND));
            u64::try_from(mop).ok().filter(|&mop| mop > 0).map(Term::Work)
        }
    }
}

/// The job with so many capsules and without a bonus, its numbers of capsules within that count.
fn of_count(job: &Job, count: u32) -> Job {
    let spread = job.spread.map(|spread| Spread { least: spread.least.min(count), ..spread });
    Job { count, gang_min: job.gang_min.min(count), wanted: 0, bonus: 0, spread, ..job.clone() }
}

/// Hangs the bonus on the part that decides it, the others taken to end: the largest that runs where those that run are enough, or
/// else what waits. What was earned already is nobody's any more.
fn share_bonus(job: &Job, ended: u32, run: u32, parts: &mut [Part]) {
    let wanted = job.wanted.saturating_sub(ended);
    if wanted == 0 {
        return;
    }
    let decides = if wanted <= run { parts.first_mut() } else { parts.last_mut().filter(|part| part.seats.is_empty()) };
    let Some(part) = decides else { return };
    let others = if wanted <= run { run - part.job.count } else { run };
    let wanted = wanted.saturating_sub(others).max(1);
    if wanted <= part.job.count {
        (part.job.wanted, part.job.bonus) = (wanted, job.bonus);
    }
}
