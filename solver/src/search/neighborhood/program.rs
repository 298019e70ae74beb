//! The best contents of a region, as an integer program.
//!
//! ```text
//! maximize   sum of worth[c, t, s] x[c, t, s]  +  sum of bonus[c] (w[c] + y[c])
//! subject to sum over what runs in bucket k of draw[c, r] x[c, t, s]  <=  left[t, r, k]    every tile, kind, bucket
//!            sum over what runs in bucket k of draw[c, r] x[c, t, s]  <=  left[a, r, k]    every account above, kind, bucket
//!            sum over tiles of a location of x[c, t, s]               <=  most[c]          every class that must spread
//!            stays[c] + sum of x[c, t, s]  =  count[c] w[c] + r[c]                         every class of gangs or bonuses
//!            wanted[c] y[c]  <=  r[c],   gang[c] z[c]  <=  r[c]  <=  count[c] z[c]
//!            sum of x[c, t, s] near l  <=  missing[c] p,   p  <=  sum of x[d, t, s] near l   where and while c must be near d
//!            sum of x[c, t, s] near l  <=  missing[c] q,   sum of x[d, t, s] near l  <=  missing[d] (1 - q)   where it must not
//!            u[c, l]  <=  sum of x[c, t, s] at l,   sum of u[c, l]  >=  least[c] b[c]                    where it must lie apart
//!            sum of u[c, l]  >=  sum of x[c, t, s]  -  all[c] b[c]
//!            x, w, r whole; b, p, q, u, y, z zero or one
//! ```
//!
//! Near a place counts what runs there at one instant, of those that matter each ([`relations`](super::relation_rows)).
//!
//! `w` are jobs whose capsules all run, `r` those of the next one. Buckets in which the same capsules run share a row, at the
//! least that is left in any; rows that cannot bind are left out. What the use of tiles costs ([`strain`](super::strain_rows)) and
//! what moves cost ([`moves`](super::move_rows)) goes off what is maximized. What comes back is tried in integers by the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::{Span, Timestamp};

use super::region::{self, Region};
use super::{IntegerAnswer, IntegerLimits};
use crate::lowering::Lowered;
use crate::lowering::index::{AccountIndex, GroupIndex, JobClassIndex, TileIndex};
use crate::plan::occupancy::{Item, Occupancy, times};
use crate::plan::running::Running;
use crate::program::integer::IntegerProgram;
use crate::support::numbers::round;
use crate::support::random::Random;
use crate::support::stop::Stop;

/// Equal capsules on one tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Capsules {
    pub(super) class: JobClassIndex,
    pub(super) tile: TileIndex,
    pub(super) start: Timestamp,
    pub(super) count: u32,
}

/// A class on a tile from a start on; its position is that of its column.
#[derive(Clone, Debug)]
pub(super) struct Choice {
    pub(super) class: JobClassIndex,
    pub(super) tile: TileIndex,
    pub(super) start: Timestamp,
    pub(super) over: Range<usize>,
    most: u64,
}

/// A region's program, with what its first columns choose.
#[derive(Debug)]
pub(super) struct Program {
    pub(super) rows: IntegerProgram,
    pub(super) choices: Vec<Choice>,
    /// How many micro-credits the objective counts as one.
    pub(super) scale: f64,
}

impl Program {
    /// The program of a region from which `freed` was taken off.
    pub(super) fn new(
        occupancy: &Occupancy<'_>,
        running: &Running,
        region: &Region,
        freed: &[(TileIndex, Item)],
    ) -> Program {
        let lowered = occupancy.lowered();
        let choices = choices(occupancy, region, freed);
        let worth = |choice: &Choice| lowered.worth_from(choice.class, lowered.group_of(choice.tile), choice.start);
        let scale = choices.iter().map(|choice| worth(choice) as f64).fold(1.0, f64::max);
        let mut program = IntegerProgram::default();
        for choice in &choices {
            program.column(-worth(choice) as f64 / scale, u32::try_from(choice.most).unwrap_or(u32::MAX));
        }
        let mut this = Program { rows: program, choices, scale };
        this.start_from(freed);
        this.tiles(occupancy);
        this.accounts(occupancy);
        for &class in &region.classes {
            this.supply(occupancy, class);
            this.keep_rules(occupancy, class);
            this.pay_moves(occupancy, running, class);
        }
        this
    }

    /// How many columns choose something.
    pub(super) fn columns(&self) -> usize {
        self.choices.len()
    }

    /// The best contents, or the best that were found, and whether they are the best.
    pub(super) fn solve(self, limits: IntegerLimits, stop: &Stop) -> (Option<Vec<Capsules>>, bool) {
        let (counts, is_best) = match self.rows.solve(limits, stop) {
            IntegerAnswer::Optimal(counts) => (counts, true),
            IntegerAnswer::Feasible(counts) => (counts, false),
            _ => return (None, false),
        };
        let chosen = self.choices.iter().zip(counts).filter(|&(_, count)| count > 0);
        let capsules = chosen.map(|(choice, count)| {
            let Choice { class, tile, start, .. } = *choice;
            Capsules { class, tile, start, count }
        });
        (Some(capsules.collect()), is_best)
    }

    /// Columns begin with what was there.
    fn start_from(&mut self, freed: &[(TileIndex, Item)]) {
        let mut counts: BTreeMap<(JobClassIndex, TileIndex, Timestamp), u32> = BTreeMap::new();
        for (tile, item) in freed {
            *counts.entry((item.class, *tile, item.start)).or_default() += item.count;
        }
        for (at, choice) in self.choices.iter().enumerate() {
            let count = counts.get(&(choice.class, choice.tile, choice.start)).copied().unwrap_or(0);
            self.rows.begin_with(at, count);
        }
    }

    /// What tiles have left.
    fn tiles(&mut self, occupancy: &Occupancy<'_>) {
        let lowered = occupancy.lowered();
        let mut on: BTreeMap<TileIndex, Vec<usize>> = BTreeMap::new();
        self.choices.iter().enumerate().for_each(|(at, choice)| on.entry(choice.tile).or_default().push(at));
        for (tile, choices) in on {
            let draw = |class: JobClassIndex, group: GroupIndex| *lowered.draw(class, group);
            self.limit(lowered, &choices, |bucket| *occupancy.tile_left(tile, bucket), draw);
            self.pay_strain(occupancy, tile, &choices);
        }
    }

    /// What accounts above them have left.
    fn accounts(&mut self, occupancy: &Occupancy<'_>) {
        let lowered = occupancy.lowered();
        let mut below: BTreeMap<AccountIndex, Vec<usize>> = BTreeMap::new();
        for (at, choice) in self.choices.iter().enumerate() {
            let path = &lowered.group(lowered.group_of(choice.tile)).path;
            path.iter().for_each(|&(account, _)| below.entry(account).or_default().push(at));
        }
        for (account, choices) in below {
            let draw = |class: JobClassIndex, group: GroupIndex| {
                let level = lowered.group(group).path.iter().find(|(above, _)| *above == account);
                level.map_or(Resources::ZERO, |&(_, level)| lowered.draw_at(class, group, level))
            };
            self.limit(lowered, &choices, |bucket| *occupancy.account_left(account, bucket), draw);
        }
    }

    /// Rows of whatever some choices draw from one place.
    fn limit(
        &mut self,
        lowered: &Lowered<'_>,
        choices: &[usize],
        left: impl Fn(usize) -> Resources,
        draw: impl Fn(JobClassIndex, GroupIndex) -> Resources,
    ) {
        let draws: Vec<Resources> =
            choices.iter().map(|&at| draw(self.choices[at].class, lowered.group_of(self.choices[at].tile))).collect();
        let mut known: BTreeMap<Vec<usize>, Resources> = BTreeMap::new();
        for (running, part) in self.parts(choices) {
            let least = part.map(&left).reduce(|a, b| a.least(&b)).expect("a part has buckets");
            known.entry(running).and_modify(|known| *known = known.least(&least)).or_insert(least);
        }
        for (running, least) in known {
            for kind in Kind::ALL.into_iter().filter(|&kind| least.get(kind) != UNLIMITED) {
                let limit = least.get(kind);
                let drawn = running.iter().map(|&at| (choices[at], draws[at].get(kind))).filter(|entry| entry.1 > 0);
                let drawn: Vec<(usize, u64)> = drawn.collect();
                let all = drawn.iter().map(|&(at, each)| u128::from(each) * u128::from(self.choices[at].most));
                if all.sum::<u128>() <= u128::from(limit) {
                    continue;
                }
                let unit = limit.max(1) as f64;
                let entries = drawn.into_iter().map(|(at, each)| (at, each as f64 / unit)).collect();
                self.rows.row(f64::NEG_INFINITY, limit as f64 / unit, entries);
            }
        }
    }

    /// Stretches of buckets in which the same of some choices run, with the positions of those among them.
    pub(super) fn parts(&self, choices: &[usize]) -> Vec<(Vec<usize>, Range<usize>)> {
        let over = |&at: &usize| &self.choices[at].over;
        let mut edges: Vec<usize> = choices.iter().flat_map(|at| [over(at).start, over(at).end]).collect();
        edges.sort_unstable();
        edges.dedup();
        let part = |part: &[usize]| {
            let runs = |&at: &usize| over(&choices[at]).start <= part[0] && part[1] <= over(&choices[at]).end;
            ((0..choices.len()).filter(runs).collect(), part[0]..part[1])
        };
        edges.windows(2).map(part).collect()
    }

    /// The columns of a class.
    pub(super) fn columns_of(&self, class: JobClassIndex) -> Vec<usize> {
        (0..self.choices.len()).filter(|&at| self.choices[at].class == class).collect()
    }

    /// How many capsules some columns begin with.
    pub(super) fn beginning(&self, columns: &[usize]) -> u64 {
        columns.iter().map(|&at| u64::try_from(round(self.rows.beginning(at))).unwrap_or(0)).sum()
    }

    /// How many capsules there are, and what gangs and bonuses make of them.
    fn supply(&mut self, occupancy: &Occupancy<'_>, class: JobClassIndex) {
        let lowered = occupancy.lowered();
        let (job, stays, missing) = (lowered.job(class), occupancy.placed(class), occupancy.missing(class));
        let of = self.columns_of(class);
        if of.is_empty() {
            return;
        }
        self.rows.row(f64::NEG_INFINITY, missing as f64, once(&of, &[]));
        if job.gang_min <= 1 && job.wanted == 0 {
            return;
        }
        let (each, jobs) = (u64::from(job.count), lowered.classes[class.at()].jobs.len());
        let begun = stays + self.beginning(&of);
        let bonus = if job.wanted > 0 { -(job.bonus as f64) / self.scale } else { 0.0 };
        // Whole jobs, and the capsules of the next one.
        let whole = self.rows.column(bonus, u32::try_from(jobs).unwrap_or(u32::MAX));
        let rest = self.rows.column(0.0, job.count - 1);
        self.rows.begin_with(whole, u32::try_from(begun / each).unwrap_or(0));
        self.rows.begin_with(rest, u32::try_from(begun % each).unwrap_or(0));
        let balance = once(&of, &[(whole, -(each as f64)), (rest, -1.0)]);
        self.rows.row(-(stays as f64), -(stays as f64), balance);
        if job.gang_min > 1 {
            let begins = self.rows.column(0.0, 1);
            self.rows.begin_with(begins, u32::from(!begun.is_multiple_of(each)));
            self.rows.row(0.0, f64::INFINITY, vec![(rest, 1.0), (begins, -f64::from(job.gang_min))]);
            self.rows.row(f64::NEG_INFINITY, 0.0, vec![(rest, 1.0), (begins, -f64::from(job.count))]);
        }
        if job.wanted > 0 && job.wanted < job.count {
            let earns = self.rows.column(bonus, 1);
            self.rows.begin_with(earns, u32::from(begun % each >= u64::from(job.wanted)));
            self.rows.row(0.0, f64::INFINITY, vec![(rest, 1.0), (earns, -f64::from(job.wanted))]);
        }
    }
}

/// Whatever may be chosen, class by class: on tiles where something earns, at starts that were there and some others.
fn choices(occupancy: &Occupancy<'_>, region: &Region, freed: &[(TileIndex, Item)]) -> Vec<Choice> {
    let lowered = occupancy.lowered();
    let mut random = Random::new(region.seed);
    let edges = edges(occupancy, region, freed);
    let mut choices = Vec::new();
    for &class in &region.classes {
        let held: BTreeSet<Timestamp> =
            freed.iter().filter(|(_, item)| item.class == class).map(|(_, item)| item.start).collect();
        let mut starts_in: BTreeMap<GroupIndex, BTreeSet<Timestamp>> = BTreeMap::new();
        for &tile in &region.tiles {
            let group = lowered.group_of(tile);
            if lowered.group(group).closed || lowered.worth(class, group).is_none() {
                continue;
            }
            let starts = starts_in.entry(group).or_insert_with(|| {
                let offered: BTreeSet<Timestamp> = region::offers(lowered, class, group).collect();
                let mut starts = if region.is_whole {
                    offered.into_iter().collect()
                } else {
                    beside(&offered, &edges, lowered.term(class, group))
                };
                random.shuffle(&mut starts);
                starts.truncate(region.starts_max.saturating_sub(held.len()).max(1));
                // Where it runs longer than where it was it may end too late.
                let ends_in_time =
                    |&start: &Timestamp| lowered.run(class, group, start).end <= lowered.job(class).deadline;
                starts.into_iter().chain(held.iter().copied().filter(ends_in_time)).collect()
            });
            for &start in starts.iter() {
                let over = occupancy.buckets(class, group, start);
                let draw = lowered.draw(class, group);
                let room = over.clone().map(|bucket| times(draw, occupancy.tile_left(tile, bucket))).min().unwrap_or(0);
                let most = occupancy.path_room(class, group, start, room.min(occupancy.missing(class)));
                if most > 0 {
                    choices.push(Choice { class, tile, start, over, most });
                }
            }
        }
    }
    choices
}

/// When something in a region begins or ends, or may.
fn edges(occupancy: &Occupancy<'_>, region: &Region, freed: &[(TileIndex, Item)]) -> BTreeSet<Timestamp> {
    let lowered = occupancy.lowered();
    let stays = region.tiles.iter().flat_map(|&tile| occupancy.items(tile).iter().map(move |&item| (tile, item)));
    let runs = freed.iter().copied().chain(stays).flat_map(|(tile, item)| {
        let run = lowered.run(item.class, lowered.group_of(tile), item.start);
        [run.start, run.end]
    });
    let windows = region.classes.iter().flat_map(|&class| [lowered.job(class).earliest, lowered.job(class).deadline]);
    runs.chain(windows).collect()
}

/// The starts at which a run comes right after an edge, or ends right before one: whatever else is possible can be shifted to one
/// of them (semi-active schedules; Baker 1974).
fn beside(offered: &BTreeSet<Timestamp>, edges: &BTreeSet<Timestamp>, term: Span) -> Vec<Timestamp> {
    let after = |edge: &Timestamp| offered.range(edge..).next().copied();
    let before =
        |edge: &Timestamp| offered.range(..=Timestamp(edge.0.saturating_sub_unsigned(term.0))).next_back().copied();
    let starts: BTreeSet<Timestamp> = edges.iter().flat_map(|edge| [after(edge), before(edge)]).flatten().collect();
    starts.into_iter().collect()
}

/// Entries that count each column once, and some further ones.
pub(super) fn once(columns: &[usize], further: &[(usize, f64)]) -> Vec<(usize, f64)> {
    columns.iter().map(|&column| (column, 1.0)).chain(further.iter().copied()).collect()
}
