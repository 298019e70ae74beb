//! The best contents of a few tiles: an integer program over what is on them and what is missing, solved by HiGHS.
//!
//! ```text
//! maximize   sum of worth[c] x[c, t]  -  sum of cost[h] s[h]
//! subject to sum over c that run in bucket k of draw[c, r] x[c, t]  <=  left[t, r, k]        every tile, kind, bucket
//!            sum over c, t of draw[c, r] x[c, t]                    <=  share[b, r, k]       every account above, kind, bucket
//!            sum over t and starts of x[c, t]                       <=  supply[c]            every class
//!            sum over c that run in bucket k of per_draw[h] draw[c] x[c, t]  -  s[h]  <=  - missing[h]
//!                                                                                        every tile, rule of strain, bucket
//!            x whole, s at least zero
//! ```
//!
//! Buckets in which the same choices run share their rows, at the least that they give; rows that cannot bind are left out.
//! What comes back is rounded and tried in integers by the caller, so that nothing rests on the solver's tolerance.

use std::collections::BTreeMap;
use std::ops::Range;

use good_lp::solvers::WithInitialSolution;
use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, constraint, highs, variable};
use lessor_models::resources::{Kind, Resources, UNLIMITED};
use lessor_models::time::Timestamp;

use crate::lowering::Lowered;
use crate::lowering::index::{GroupIndex, JobClassIndex};
use crate::plan::room::Room;
use crate::plan::shares::Shares;
use crate::program::aside::aside;
use crate::support::numbers::round;
use crate::support::stop::Stop;

/// Nodes of the branch-and-bound tree after which the best contents found so far are taken.
const NODES_MAX: i32 = 200;

/// Relative gap at which contents count as the best.
const GAP: f32 = 1e-4;

/// A class that may run on the tiles, at one start.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Choice {
    /// The class.
    pub(super) class: JobClassIndex,
    /// When it starts.
    pub(super) start: Timestamp,
    /// The buckets in which it then runs.
    pub(super) over: Range<usize>,
    /// What one capsule is worth, in micro-credits.
    pub(super) worth: i64,
    /// How many capsules there are.
    pub(super) supply: u64,
    /// How many of them are on each tile now.
    pub(super) present: Vec<u64>,
}

/// A limit on what choices draw together, in the units of its kind.
#[derive(Clone, Debug, PartialEq)]
struct Row {
    limit: u64,
    /// Choice, tile and what each capsule draws.
    entries: Vec<(usize, usize, u64)>,
}

/// What choices strain a tile by: nothing as long as what they add stays below the slack.
#[derive(Clone, Debug, PartialEq)]
struct Strained {
    slack: f64,
    /// Micro-credits for each unit beyond the slack.
    cost: f64,
    /// Choice, tile and what each capsule adds; it may relieve.
    entries: Vec<(usize, usize, f64)>,
}

/// How many capsules of each choice each tile had best hold, by choice and then tile. `None` where nothing was found before
/// the stop was raised.
pub(super) fn solve(
    (lowered, group): (&Lowered<'_>, GroupIndex),
    rooms: &[Room],
    choices: &[Choice],
    headroom: &Shares,
    stop: &Stop,
) -> Option<Vec<Vec<u64>>> {
    let most = |choice: &Choice| {
        let draw = lowered.draw(choice.class, group);
        rooms.iter().map(|room| room.times(draw, &choice.over).min(choice.supply)).collect()
    };
    let most: Vec<Vec<u64>> = choices.iter().map(most).collect();
    let mut rows = rows((lowered, group), rooms, choices, headroom);
    rows.retain(|row| {
        let drawn =
            row.entries.iter().map(|&(choice, tile, amount)| u128::from(amount) * u128::from(most[choice][tile]));
        drawn.sum::<u128>() > u128::from(row.limit)
    });
    let strained = strained((lowered, group), rooms, choices);
    let choices = choices.to_vec();
    aside(move || solve_program(&choices, &most, (&rows, &strained)), stop).flatten()
}

/// Every row, those that cannot bind too.
fn rows(
    (lowered, group): (&Lowered<'_>, GroupIndex),
    rooms: &[Room],
    choices: &[Choice],
    headroom: &Shares,
) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut of_class: BTreeMap<JobClassIndex, Row> = BTreeMap::new();
    for (at, choice) in choices.iter().enumerate() {
        let row = of_class.entry(choice.class).or_insert_with(|| Row { limit: choice.supply, entries: Vec::new() });
        row.entries.extend((0..rooms.len()).map(|tile| (at, tile, 1)));
    }
    rows.extend(of_class.into_values());
    for (running, buckets) in alike(lowered.grid.count(), choices) {
        let mut add = |tiles: Range<usize>, left: &dyn Fn(usize) -> Resources, draw: &dyn Fn(usize) -> Resources| {
            let least = buckets.iter().map(|&bucket| left(bucket)).reduce(|a, b| a.least(&b)).unwrap_or_default();
            for kind in Kind::ALL.into_iter().filter(|&kind| least.get(kind) != UNLIMITED) {
                let drawn = running.iter().map(|&at| (at, draw(at).get(kind))).filter(|&(_, amount)| amount > 0);
                let entries = drawn.flat_map(|(at, amount)| tiles.clone().map(move |tile| (at, tile, amount)));
                rows.push(Row { limit: least.get(kind), entries: entries.collect() });
            }
        };
        for (tile, room) in rooms.iter().enumerate() {
            add(tile..tile + 1, &|bucket| room.left(&(bucket..bucket + 1))[0], &|at| {
                *lowered.draw(choices[at].class, group)
            });
        }
        for &(account, level) in &lowered.group(group).path {
            let left = |bucket| headroom.most(account).map_or(Resources::ZERO, |most| most[bucket]);
            add(0..rooms.len(), &left, &|at| lowered.draw_at(choices[at].class, group, level));
        }
    }
    rows
}

/// Every rule of strain on every tile that some choice could touch.
fn strained((lowered, group): (&Lowered<'_>, GroupIndex), rooms: &[Room], choices: &[Choice]) -> Vec<Strained> {
    let mut strained = Vec::new();
    for (running, buckets) in alike(lowered.grid.count(), choices) {
        for (tile, bucket) in (0..rooms.len()).flat_map(|tile| buckets.iter().map(move |&bucket| (tile, bucket))) {
            let left = &rooms[tile].left(&(bucket..bucket + 1))[0];
            for hinge in lowered.strain.hinges(lowered.group(group), bucket, left) {
                let adds = |at: usize| hinge.adds(lowered.draw(choices[at].class, group));
                let entries = running.iter().map(|&at| (at, tile, adds(at))).filter(|entry| entry.2 != 0.0);
                let entries: Vec<_> = entries.collect();
                if !entries.is_empty() {
                    strained.push(Strained { slack: -hinge.missing, cost: hinge.cost, entries });
                }
            }
        }
    }
    strained
}

/// The buckets by the choices that run in them.
fn alike(buckets: usize, choices: &[Choice]) -> BTreeMap<Vec<usize>, Vec<usize>> {
    let mut alike: BTreeMap<Vec<usize>, Vec<usize>> = BTreeMap::new();
    for bucket in 0..buckets {
        let running = choices.iter().enumerate().filter(|(_, choice)| choice.over.contains(&bucket)).map(|(at, _)| at);
        alike.entry(running.collect()).or_default().push(bucket);
    }
    alike
}

fn solve_program(
    choices: &[Choice],
    most: &[Vec<u64>],
    (rows, strained): (&[Row], &[Strained]),
) -> Option<Vec<Vec<u64>>> {
    if choices.is_empty() {
        // HiGHS refuses to start from a solution of no columns.
        return None;
    }
    let mut variables = ProblemVariables::new();
    let columns: Vec<Vec<Variable>> = most
        .iter()
        .map(|most| most.iter().map(|&most| variables.add(variable().integer().min(0.0).max(most as f64))).collect())
        .collect();
    let scale = choices.iter().map(|choice| choice.worth as f64).fold(1.0, f64::max);
    let worths = choices.iter().zip(&columns);
    let earned: Expression =
        worths.flat_map(|(choice, tiles)| tiles.iter().map(move |&column| choice.worth as f64 / scale * column)).sum();
    // Counted in parts of the largest entry, so that a row has no large coefficient.
    let units = strained.iter().map(|of| of.entries.iter().map(|entry| entry.2.abs()).fold(1.0, f64::max));
    let units: Vec<f64> = units.collect();
    let beyond: Vec<Variable> = strained.iter().map(|_| variables.add(variable().min(0.0))).collect();
    let costs = strained.iter().zip(&units).zip(&beyond);
    let lost: Expression = costs.map(|((of, unit), &beyond)| of.cost * unit / scale * beyond).sum();
    let objective = earned - lost;
    let mut program = variables
        .maximise(objective)
        .using(highs)
        .set_threads(1)
        .set_option("mip_max_nodes", NODES_MAX)
        .set_mip_rel_gap(GAP)
        .ok()?;
    for row in rows {
        let limit = (row.limit as f64).max(1.0);
        let entries = row.entries.iter().map(|&(choice, tile, amount)| amount as f64 / limit * columns[choice][tile]);
        let drawn: Expression = entries.sum();
        program.add_constraint(constraint!(drawn <= row.limit as f64 / limit));
    }
    for ((of, unit), &beyond) in strained.iter().zip(&units).zip(&beyond) {
        let adds = of.entries.iter().map(|&(choice, tile, each)| each / unit * columns[choice][tile]);
        let added: Expression = adds.sum();
        program.add_constraint(constraint!(added - beyond <= of.slack / unit));
    }
    let present = choices.iter().zip(&columns).flat_map(|(choice, tiles)| {
        tiles.iter().zip(&choice.present).map(|(&column, &present)| (column, present as f64))
    });
    let strained_now = strained.iter().zip(&units).zip(&beyond).map(|((of, unit), &beyond)| {
        let added = of.entries.iter().map(|&(choice, tile, each)| each * choices[choice].present[tile] as f64);
        (beyond, ((added.sum::<f64>() - of.slack) / unit).max(0.0))
    });
    let start: Vec<(Variable, f64)> = present.chain(strained_now).collect();
    let solution = program.with_initial_solution(start).solve().ok()?;
    let whole = |&column: &Variable| u64::try_from(round(solution.value(column))).unwrap_or(0);
    Some(columns.iter().map(|tiles| tiles.iter().map(whole).collect()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::random::Random;

    const TILES: usize = 2;
    const CHOICES: usize = 3;
    const MOST: u64 = 2;

    fn worth(choices: &[Choice], counts: &[Vec<u64>]) -> u64 {
        let each = |(choice, counts): (&Choice, &Vec<u64>)| choice.worth.unsigned_abs() * counts.iter().sum::<u64>();
        choices.iter().zip(counts).map(each).sum()
    }

    fn keeps(rows: &[Row], counts: &[Vec<u64>]) -> bool {
        let drawn =
            |row: &Row| row.entries.iter().map(|&(choice, tile, each)| each * counts[choice][tile]).sum::<u64>();
        rows.iter().all(|row| drawn(row) <= row.limit)
    }

    /// Every way to give each tile up to two of each choice.
    fn all_counts() -> impl Iterator<Item = Vec<Vec<u64>>> {
        let places = u32::try_from(CHOICES * TILES).expect("a small number");
        (0..(MOST + 1).pow(places)).map(|mut code| {
            let mut digit = || {
                let digit = code % (MOST + 1);
                code /= MOST + 1;
                digit
            };
            (0..CHOICES).map(|_| (0..TILES).map(|_| digit()).collect()).collect()
        })
    }

    /// What the best contents of two tiles are worth, less what they strain one of them by; and what was found.
    fn best_and_found(random: &mut Random) -> (i64, i64) {
        let mut choice = |at: u32| Choice {
            class: JobClassIndex(at),
            start: Timestamp(0),
            over: 0..1,
            worth: i64::try_from(1 + random.below(1_000)).expect("a small number"),
            supply: MOST * TILES as u64,
            present: vec![0; TILES],
        };
        let choices: Vec<Choice> = (0..3).map(&mut choice).collect();
        let mut small = |from: i64, many: u64| from + i64::try_from(random.below(many)).expect("a small number");
        let (slack, cost) = (small(0, 8), small(1, 400));
        let adds: Vec<i64> = (0..CHOICES).map(|_| small(-3, 9)).collect();
        let entries = adds.iter().enumerate().map(|(choice, &each)| (choice, 1, each as f64)).collect();
        let strained = [Strained { slack: slack as f64, cost: cost as f64, entries }];
        let value = |counts: &[Vec<u64>]| {
            let count = |choice: usize, tile: usize| i64::try_from(counts[choice][tile]).expect("a small number");
            let earned: i64 =
                (0..CHOICES).map(|at| choices[at].worth * (0..TILES).map(|tile| count(at, tile)).sum::<i64>()).sum();
            let added: i64 = (0..CHOICES).map(|at| adds[at] * count(at, 1)).sum();
            earned - cost * (added - slack).max(0)
        };
        let found = solve_program(&choices, &vec![vec![MOST; TILES]; CHOICES], (&[], &strained));
        let best = all_counts().map(|counts| value(&counts)).max().expect("there is always a way");
        (best, value(&found.expect("a feasible program")))
    }

    #[test]
    fn what_strains_a_tile_is_weighed_against_what_it_earns() {
        let mut random = Random::new(11);
        for case in 0..60 {
            let (best, found) = best_and_found(&mut random);
            assert_eq!(found, best, "case {case}");
        }
    }

    #[test]
    fn nothing_to_choose_from_is_no_contents() {
        assert_eq!(solve_program(&[], &[], (&[], &[])), None);
    }

    #[test]
    fn the_contents_are_the_best_of_all() {
        let mut random = Random::new(7);
        let mut filled = 0;
        for case in 0..60 {
            let choice = |at: u32, worth: u64| Choice {
                class: JobClassIndex(at),
                start: Timestamp(0),
                over: 0..1,
                worth: i64::try_from(worth).expect("a small number"),
                supply: MOST * TILES as u64,
                present: vec![0; TILES],
            };
            let choices: Vec<Choice> = (0..3).map(|at| choice(at, 1 + random.below(1_000))).collect();
            let mut rows = Vec::new();
            for tile in 0..TILES {
                for _ in 0..2 {
                    let entries = (0..CHOICES).map(|choice| (choice, tile, 1 + random.below(9))).collect();
                    rows.push(Row { limit: 4 + random.below(20), entries });
                }
            }
            let all = (0..CHOICES).flat_map(|choice| (0..TILES).map(move |tile| (choice, tile, 1)));
            rows.push(Row { limit: 1 + random.below(6), entries: all.collect() });
            let found =
                solve_program(&choices, &vec![vec![MOST; TILES]; CHOICES], (&rows, &[])).expect("a feasible program");
            assert!(keeps(&rows, &found), "case {case}: {found:?} breaks a row");
            let best = all_counts().filter(|counts| keeps(&rows, counts)).map(|counts| worth(&choices, &counts)).max();
            assert_eq!(Some(worth(&choices, &found)), best, "case {case}");
            filled += u32::from(best > Some(0));
        }
        assert!(filled > 50, "most cases have something to gain");
    }
}
