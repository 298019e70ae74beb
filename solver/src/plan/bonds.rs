//! What rules see of a plan: how many capsules of each class are placed, in which members of their domains, and when those of
//! related classes run.
//!
//! Gangs and spread look at no time: a capsule counts wherever it is placed, whenever it runs. Relations look at whole runs.

use std::collections::HashMap;

use lessor_models::fleet::Owner;
use lessor_models::job::Relation;
use lessor_models::time::{Interval, Timestamp};

use super::occupancy::Item;
use super::presence::{Presence, from};
use crate::lowering::Lowered;
use crate::lowering::index::{JobClassIndex, TileIndex};

/// How many are placed, and where and when as far as rules bind them.
#[derive(Clone, Debug)]
pub struct Bonds<'a> {
    lowered: &'a Lowered<'a>,
    placed: Vec<u64>,
    /// Of each class that must spread: how many are in each member of its domain.
    members: HashMap<(JobClassIndex, Owner), u32>,
    /// Of each class that must lie in more than one member of a domain: in how many it does.
    locations: HashMap<JobClassIndex, u32>,
    presence: Presence<'a>,
}

impl<'a> Bonds<'a> {
    /// Nothing placed.
    #[must_use]
    pub fn new(lowered: &'a Lowered<'a>) -> Bonds<'a> {
        let placed = vec![0; lowered.classes.len()];
        let presence = Presence::new(lowered);
        Bonds { lowered, placed, members: HashMap::new(), locations: HashMap::new(), presence }
    }

    /// How many capsules of a class are placed.
    #[must_use]
    #[inline]
    pub fn placed(&self, class: JobClassIndex) -> u64 {
        self.placed[class.at()]
    }

    /// How many capsules of a class are not.
    #[must_use]
    #[inline]
    pub fn missing(&self, class: JobClassIndex) -> u64 {
        self.lowered.classes[class.at()].count - self.placed[class.at()]
    }

    /// When related classes run.
    #[must_use]
    pub fn presence(&self) -> &Presence<'a> {
        &self.presence
    }

    /// Capsules come to a tile.
    pub fn come(&mut self, tile: TileIndex, item: &Item) {
        self.placed[item.class.at()] += u64::from(item.count);
        self.note(tile, item, true);
    }

    /// Capsules leave a tile.
    pub fn leave(&mut self, tile: TileIndex, item: &Item) {
        self.placed[item.class.at()] -= u64::from(item.count);
        self.note(tile, item, false);
    }

    /// Whether spread and relations allow one more capsule of the class on a tile if it starts then.
    #[must_use]
    pub fn allow(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> bool {
        self.allow_beside(tile, (class, start), &[]) && self.is_apart_enough(tile, class)
    }

    /// The same, the least number of locations left aside, where capsules of some classes are about to come near.
    #[must_use]
    pub fn allow_beside(
        &self,
        tile: TileIndex,
        (class, start): (JobClassIndex, Timestamp),
        coming: &[JobClassIndex],
    ) -> bool {
        if !self.lowered.classes[class.at()].is_bound {
            return true;
        }
        let node = self.lowered.tiles[tile.at()];
        let spread = self.lowered.job(class).spread.is_none_or(|spread| {
            let mut members = self.lowered.instance.fleet().members(node, spread.domain).into_iter();
            members.all(|member| self.count_in(class, member) < spread.most)
        });
        let leader = self.lowered.job(class).affinity.map(|other| self.lowered.class_of_job[other.job.at()]);
        let is_led = leader.is_some_and(|leader| coming.contains(&leader));
        spread && (is_led || !self.is_orphan(tile, class, start)) && !self.is_shunned(tile, class, start)
    }

    /// Whether one more capsule on a tile is at a location of its own, or joins others where there are locations enough.
    #[must_use]
    pub fn is_apart_enough(&self, tile: TileIndex, class: JobClassIndex) -> bool {
        let Some(spread) = self.lowered.spread_to_count(class) else { return true };
        if u64::from(self.locations(class)) >= spread.least_of(self.placed(class) + 1) {
            return true;
        }
        let node = self.lowered.tiles[tile.at()];
        let members = self.lowered.instance.fleet().members(node, spread.domain);
        members.into_iter().any(|member| self.count_in(class, member) == 0)
    }

    /// Whether a class lies at fewer locations than it must.
    #[must_use]
    pub fn is_crowded(&self, class: JobClassIndex) -> bool {
        let spread = self.lowered.spread_to_count(class);
        spread.is_some_and(|spread| u64::from(self.locations(class)) < spread.least_of(self.placed(class)))
    }

    /// In how many members of its domain a class lies that must lie in more than one; zero for other classes.
    #[must_use]
    pub fn locations(&self, class: JobClassIndex) -> u32 {
        self.locations.get(&class).copied().unwrap_or(0)
    }

    /// How many capsules of a class that must spread are in a member of its domain.
    #[must_use]
    pub fn count_in(&self, class: JobClassIndex, member: Owner) -> u32 {
        self.members.get(&(class, member)).copied().unwrap_or(0)
    }

    /// Whether a capsule of the class that starts then on the tile is without the job that it must be near, at any instant.
    #[must_use]
    pub fn is_orphan(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> bool {
        self.lowered.job(class).affinity.is_some_and(|Relation { job, domain }| {
            let at = (self.lowered.tiles[tile.at()], domain);
            let asked = from(self.run(tile, class, start), self.related_from(class));
            asked.is_some_and(|run| !self.presence.covers(self.lowered.class_of_job[job.at()], at, run))
        })
    }

    /// Whether a capsule of the class that starts then on the tile meets a job that it must keep away from, or that must keep away
    /// from it.
    #[must_use]
    pub fn is_shunned(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> bool {
        let node = self.lowered.tiles[tile.at()];
        let run = self.run(tile, class, start);
        let mut others = self.lowered.kept_apart(class);
        others.any(|(other, domain)| {
            let asked = from(run, self.related_from(class).max(self.related_from(other)));
            asked.is_some_and(|run| self.presence.meets(other, (node, domain), run))
        })
    }

    /// A start from one on before which other jobs keep the class off a tile: later than that where they do at it. `None` where the
    /// job that it must be near is not there for so long any more.
    #[must_use]
    pub fn opened_by_others(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> Option<Timestamp> {
        let (lowered, node, run) = (self.lowered, self.lowered.tiles[tile.at()], self.run(tile, class, start));
        let mut opened = start;
        for (other, domain) in lowered.kept_apart(class) {
            let asked_from = self.related_from(class).max(self.related_from(other));
            let is_without = |run| !self.presence.meets(other, (node, domain), run);
            let first = |run| Some(self.presence.first_without(other, (node, domain), run));
            opened = opened.max(first_of(run, asked_from, is_without, first)?);
        }
        if let Some(Relation { job, domain }) = lowered.job(class).affinity {
            let (leader, at) = (lowered.class_of_job[job.at()], (node, domain));
            let is_within = |run| self.presence.covers(leader, at, run);
            let first = |run| self.presence.first_within(leader, at, run);
            opened = opened.max(first_of(run, self.related_from(class), is_within, first)?);
        }
        Some(opened)
    }

    fn related_from(&self, class: JobClassIndex) -> Timestamp {
        self.lowered.classes[class.at()].related_from
    }

    fn run(&self, tile: TileIndex, class: JobClassIndex, start: Timestamp) -> Interval {
        self.lowered.run(class, self.lowered.group_of(tile), start)
    }

    fn note(&mut self, tile: TileIndex, item: &Item, comes: bool) {
        let Item { class, count: came, .. } = *item;
        if !self.lowered.classes[class.at()].is_bound {
            return;
        }
        self.presence.note(tile, item, comes);
        let Some(spread) = self.lowered.job(class).spread else { return };
        let counts = self.lowered.spread_to_count(class).is_some();
        for member in self.lowered.instance.fleet().members(self.lowered.tiles[tile.at()], spread.domain) {
            let count = self.members.entry((class, member)).or_default();
            let before = *count;
            *count = if comes { *count + came } else { *count - came };
            let (is_new, is_gone) = (before == 0, *count == 0);
            if is_gone {
                self.members.remove(&(class, member));
            }
            if counts && is_new != is_gone {
                let locations = self.locations.entry(class).or_default();
                *locations = if is_new { *locations + 1 } else { *locations - 1 };
            }
        }
    }
}

/// The first start from that of a run on at which relations are kept that ask from an instant on: by what is left of the run from
/// then on, or else by the first of runs as long that begin no earlier. One that begins between asks for more than the first.
fn first_of(
    run: Interval,
    asked_from: Timestamp,
    is_kept: impl Fn(Interval) -> bool,
    first: impl Fn(Interval) -> Option<Timestamp>,
) -> Option<Timestamp> {
    match from(run, asked_from) {
        Some(asked) if asked == run || !is_kept(asked) => {
            first(Interval { start: asked.start, end: asked.start.after(run.span()) })
        }
        _ => Some(run.start),
    }
}
