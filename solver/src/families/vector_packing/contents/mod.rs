//! What one bin can hold: the contents that are worth most, or all that are worth enough, by a depth-first search.
//!
//! Each step of the search keeps the types that still fit, those first that are worth most for the room they take at the
//! prices of the dimensions. What they can add is bounded by the one knapsack that those prices make of all dimensions
//! (surrogate relaxation; Glover 1968), cut where it is full (Dantzig 1957), and by how many more of the smallest fit. The
//! last that fits is looked up by its price alone. Types that make room are decided first, and bounded together with all
//! others by the same prices as multipliers (Fisher 1981).

use crate::support::stop::Stop;
use crate::support::vectors::dot;

use super::lowered::{Lowered, Pattern, narrow};

/// Steps between two looks at the stop.
const BLOCK: u64 = 65_536;

/// Looks at the price of a last item that take as long as one at what fits.
const PRICES_A_STEP: usize = 8;

/// Types that a bin holds at most in a search; what holds more is cut off.
const DEPTH_MAX: usize = 1_024;

/// Prices below this are none.
pub(super) const PRICE_MIN: f64 = 1e-9;

/// What is gained less than this is not.
pub(super) const GAIN_MIN: f64 = 1e-7;

/// What types are worth, and what room is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prices<'a> {
    /// Of the types.
    pub(super) types: &'a [f64],
    /// Of the dimensions, each for a whole bin.
    pub(super) dimensions: &'a [f64],
}

/// Which contents are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted {
    /// For each type the dearest of those that begin with it and are worth more than this.
    Dearest(f64),
    /// The same, for each type within so many steps.
    Dear(f64, u64),
    /// All that are worth at least so much, with types that are worth nothing too; the search ends when there are so many.
    All(f64, usize),
}

/// What a search found.
#[derive(Clone, Debug)]
pub(super) struct Contents {
    /// What is wanted, with its worth.
    pub(super) found: Vec<(f64, Pattern)>,
    /// What no contents exceed, where the dearest are wanted: no less than what they are to be worth.
    pub(super) limit: f64,
    /// Whether nothing was left out.
    pub(super) is_whole: bool,
    /// The steps that it took.
    pub(super) steps: u64,
}

/// Searches within so many steps, each a look at one type.
pub(super) fn search(instance: &Lowered, prices: Prices<'_>, wanted: Wanted, steps_max: u64, stop: &Stop) -> Contents {
    let mut search = ContentsSearch::new(instance, prices, wanted, (steps_max, stop));
    search.decide_makers(0, instance.capacities(), (0.0, prices.dimensions.iter().sum()));
    let is_full = search.is_full();
    Contents {
        limit: search.dearest.max(search.cut),
        is_whole: search.cut == 0.0 && !is_full,
        steps: search.steps,
        found: search.found,
    }
}

struct ContentsSearch<'a> {
    instance: &'a Lowered,
    prices: Prices<'a>,
    wanted: Wanted,
    /// The room that each type takes, at the prices of the dimensions.
    rooms: Vec<f64>,
    /// Types that make room.
    makers: Vec<usize>,
    /// The most room that the makers from a position on make, by dimension.
    relief: Vec<Vec<i64>>,
    /// The most that the makers from a position on and all fillers are worth beyond the room that they take.
    beyond: Vec<f64>,
    /// The other types that are looked at, those first that are worth most for the room they take.
    fillers: Vec<u32>,
    /// How many of each type a bin holds at most.
    mosts: Vec<u32>,
    /// The least size of a filler in each dimension, and the most that one is worth.
    smallest: Vec<i64>,
    highest: f64,
    /// At each depth the fillers that may follow and fit, and the room left.
    levels: Vec<(Vec<u32>, Vec<i64>)>,
    steps: u64,
    steps_max: u64,
    /// The step from which on what begins with a type is cut off.
    type_steps_max: u64,
    next_look: u64,
    stop: &'a Stop,
    /// The most that what was cut off may be worth.
    cut: f64,
    /// What contents must exceed at the moment, and the most that any were worth or were to be.
    least: f64,
    dearest: f64,
    path: Pattern,
    /// The dearest that begin as the path does.
    here: Option<(f64, Pattern)>,
    found: Vec<(f64, Pattern)>,
}

impl<'a> ContentsSearch<'a> {
    fn new(
        instance: &'a Lowered,
        prices: Prices<'a>,
        wanted: Wanted,
        (steps_max, stop): (u64, &'a Stop),
    ) -> ContentsSearch<'a> {
        let types = 0..prices.types.len();
        let rooms: Vec<f64> = types.clone().map(|item| dot(prices.dimensions, instance.fractions(item))).collect();
        let (makers, others): (Vec<usize>, Vec<usize>) = types.clone().partition(|&item| instance.makes_room(item));
        let mosts: Vec<u32> = types
            .map(|item| {
                // Where others make room, more may fit than fit an empty bin.
                let demand = instance.demands[item];
                if makers.is_empty() { instance.most(item, instance.capacities(), demand) } else { demand }
            })
            .collect();
        let ratio = |item: usize| if prices.types[item] > PRICE_MIN { prices.types[item] / rooms[item] } else { 0.0 };
        let is_looked_at = |item: &usize| match wanted {
            Wanted::Dearest(_) | Wanted::Dear(..) => prices.types[*item] > PRICE_MIN,
            Wanted::All(..) => prices.types[*item] >= 0.0,
        };
        let mut fillers: Vec<usize> = others.into_iter().filter(is_looked_at).collect();
        fillers.sort_by(|&a, &b| ratio(b).total_cmp(&ratio(a)).then(a.cmp(&b)));
        let smallest = (0..instance.dimensions)
            .map(|at| fillers.iter().map(|&item| instance.sizes(item)[at]).min().unwrap_or(0))
            .collect();
        let highest = fillers.iter().map(|&item| prices.types[item]).fold(0.0, f64::max);
        let net = |item: usize| f64::from(mosts[item]) * (prices.types[item] - rooms[item]).max(0.0);
        let mut beyond = vec![fillers.iter().map(|&item| net(item)).sum()];
        let mut relief = vec![vec![0_i64; instance.dimensions]];
        for (at, &item) in makers.iter().rev().enumerate() {
            beyond.push(beyond[at] + net(item));
            let made = instance.sizes(item).iter().map(|&size| i64::from(mosts[item]).saturating_mul(-size.min(0)));
            relief.push(relief[at].iter().zip(made).map(|(relief, made)| relief.saturating_add(made)).collect());
        }
        beyond.reverse();
        relief.reverse();
        let least = match wanted {
            Wanted::Dearest(least) | Wanted::Dear(least, _) => least,
            Wanted::All(least, _) => least - GAIN_MIN,
        };
        ContentsSearch {
            instance,
            prices,
            wanted,
            rooms,
            makers,
            relief,
            beyond,
            fillers: fillers.into_iter().map(narrow).collect(),
            mosts,
            smallest,
            highest,
            levels: Vec::new(),
            steps: 0,
            steps_max,
            type_steps_max: u64::MAX,
            next_look: BLOCK,
            stop,
            cut: 0.0,
            least,
            dearest: least,
            path: Pattern::new(),
            here: None,
            found: Vec::new(),
        }
    }

    /// Decides how many of each type that makes room are in the bin, from a position on, and then what else is. Room may be
    /// overdrawn as long as makers to come can make up for it. `reach` is what the contents and the room left are worth.
    fn decide_makers(&mut self, at: usize, room: &[i64], (worth, reach): (f64, f64)) {
        let Some(&item) = self.makers.get(at) else {
            if room.iter().all(|&room| room >= 0) {
                self.begin(room, (worth, reach));
            }
            return;
        };
        let (price, taken) = (self.prices.types[item], self.rooms[item]);
        for count in (0..=self.most_with_relief(at, room)).rev() {
            let copies = f64::from(count);
            let (worth, reach) = (worth + price * copies, reach + (price - taken) * copies);
            self.steps += 1;
            // Fewer may promise more, so that each count is judged by itself.
            if !self.is_promising(reach + self.beyond[at + 1]) {
                continue;
            }
            let taken = |(room, size): (&i64, &i64)| room.saturating_sub(size.saturating_mul(i64::from(count)));
            let room: Vec<i64> = room.iter().zip(self.instance.sizes(item)).map(taken).collect();
            if count > 0 {
                self.path.push((narrow(item), count));
            }
            self.decide_makers(at + 1, &room, (worth, reach));
            if count > 0 {
                self.path.pop();
            }
        }
    }

    /// How many of the maker at a position may be in the bin, if those after it make all the room they can.
    fn most_with_relief(&self, at: usize, room: &[i64]) -> u32 {
        let item = self.makers[at];
        let rooms = room.iter().zip(&self.relief[at + 1]).map(|(room, relief)| room.saturating_add(*relief));
        let fits = rooms.zip(self.instance.sizes(item)).filter(|&(_, &size)| size > 0).map(|(room, size)| room / size);
        let most = self.mosts[item];
        fits.min().map_or(most, |fits| u32::try_from(fits.max(0)).unwrap_or(u32::MAX).min(most))
    }

    /// Fills the room that is left once the makers are decided.
    fn begin(&mut self, room: &[i64], (worth, reach): (f64, f64)) {
        let fillers = self.fillers.iter().copied().filter(|&item| self.instance.fits(item as usize, room)).collect();
        let first = (fillers, room.to_vec());
        if let Some(level) = self.levels.first_mut() {
            *level = first;
        } else {
            self.levels.push(first);
        }
        self.visit(worth);
        self.fill(0, (worth, reach));
        self.begin_anew();
    }

    /// Goes through the fillers of a level, each with all that may follow it. The contents so far were visited.
    fn fill(&mut self, depth: usize, (worth, reach): (f64, f64)) {
        let (candidates, room) = std::mem::take(&mut self.levels[depth]);
        for (at, &item) in candidates.iter().enumerate() {
            if depth == 0 {
                self.begin_anew();
            }
            // What follows later promises less.
            let limit = worth + self.most_added(&candidates[at..], reach - worth);
            if !self.is_promising(limit) {
                break;
            }
            let (price, taken) = (self.prices.types[item as usize], self.rooms[item as usize]);
            let most = self.instance.most(item as usize, &room, self.mosts[item as usize]);
            for count in (1..=most).rev() {
                if count < most {
                    self.steps += 1;
                    if !self.is_promising(limit) {
                        break;
                    }
                }
                let copies = f64::from(count);
                let (worth, reach) = (worth + price * copies, reach + (price - taken) * copies);
                self.path.push((item, count));
                self.visit(worth);
                self.go_on(depth, &candidates[at + 1..], &room, (worth, reach));
                self.path.pop();
            }
        }
        self.levels[depth] = (candidates, room);
    }

    /// Goes through what may follow what was put last into so much room.
    fn go_on(&mut self, depth: usize, rest: &[u32], room: &[i64], (worth, reach): (f64, f64)) {
        let Some(&(item, count)) = self.path.last() else { return };
        let sizes = self.instance.sizes(item as usize);
        let fit = |((room, size), &smallest): ((&i64, &i64), &i64)| {
            (smallest > 0).then(|| (room - size * i64::from(count)) / smallest)
        };
        let more = room.iter().zip(sizes).zip(&self.smallest).filter_map(fit).min();
        let by_number = more.map_or(f64::INFINITY, |more| more as f64 * self.highest);
        let limit = worth + self.most_added(rest, reach - worth).min(by_number);
        if limit <= self.floor() {
            return;
        }
        if depth == DEPTH_MAX {
            self.cut = self.cut.max(limit);
            return;
        }
        if more == Some(1) {
            self.add_last(rest, room, (item, count), (worth, limit));
        } else {
            self.enter(depth + 1, rest, room, (item, count));
            self.fill(depth + 1, (worth, reach));
        }
    }

    /// Adds each filler that is worth enough, where there is room for one more at most.
    fn add_last(&mut self, rest: &[u32], room: &[i64], (item, count): (u32, u32), (worth, limit): (f64, f64)) {
        self.steps += 1 + (rest.len() / PRICES_A_STEP) as u64;
        if !self.is_promising(limit) {
            return;
        }
        let before = self.instance.sizes(item as usize);
        for &last in rest {
            let total = worth + self.prices.types[last as usize];
            if total <= self.floor() {
                continue;
            }
            let mut sizes = room.iter().zip(before).zip(self.instance.sizes(last as usize));
            if sizes.all(|((room, before), size)| before * i64::from(count) + size <= *room) {
                self.path.push((last, 1));
                self.visit(total);
                self.path.pop();
            }
        }
    }

    /// Makes a level of what still fits once some of a type are in the bin.
    fn enter(&mut self, depth: usize, candidates: &[u32], room: &[i64], (item, count): (u32, u32)) {
        if self.levels.len() == depth {
            self.levels.push(Default::default());
        }
        let instance = self.instance;
        let (next, left) = &mut self.levels[depth];
        left.clear();
        let sizes = instance.sizes(item as usize).iter();
        left.extend(room.iter().zip(sizes).map(|(room, size)| room - size * i64::from(count)));
        next.clear();
        next.extend(candidates.iter().copied().filter(|&item| instance.fits(item as usize, left)));
        self.steps += 1 + candidates.len() as u64;
    }

    /// The most that fillers add within so much room, at the prices of the dimensions.
    fn most_added(&self, fillers: &[u32], room: f64) -> f64 {
        let (mut worth, mut room) = (0.0, room.max(0.0));
        for &item in fillers {
            let item = item as usize;
            let most = f64::from(self.mosts[item]);
            let taken = self.rooms[item] * most;
            if taken > room {
                return worth + self.prices.types[item] * room / self.rooms[item];
            }
            worth += self.prices.types[item] * most;
            room -= taken;
        }
        worth
    }

    /// Whether to go on where contents are worth so much at most; they are cut off where no steps are left.
    fn is_promising(&mut self, limit: f64) -> bool {
        if self.is_full() || limit <= self.floor() {
            return false;
        }
        if self.steps >= self.next_look {
            self.next_look = self.steps + BLOCK;
            if self.stop.is_raised() {
                self.steps_max = 0;
            }
        }
        let is_cut = self.steps >= self.steps_max.min(self.type_steps_max);
        if is_cut {
            self.cut = self.cut.max(limit);
        }
        !is_cut
    }

    /// What is not worth searching for.
    fn floor(&self) -> f64 {
        match self.wanted {
            Wanted::Dearest(_) => self.least.max(self.cut) + GAIN_MIN,
            Wanted::Dear(..) => self.least + GAIN_MIN,
            Wanted::All(..) => self.least,
        }
    }

    fn is_full(&self) -> bool {
        matches!(self.wanted, Wanted::All(_, count_max) if self.found.len() >= count_max)
    }

    /// Looks at the contents of the path.
    fn visit(&mut self, worth: f64) {
        let path = || {
            let mut path = self.path.clone();
            path.sort_unstable();
            (worth, path)
        };
        match self.wanted {
            Wanted::Dearest(_) | Wanted::Dear(..) if worth > self.least + GAIN_MIN => {
                self.here = Some(path());
                self.least = worth;
                self.dearest = self.dearest.max(worth);
            }
            Wanted::All(..) if worth > self.least && !self.is_full() => {
                let found = path();
                self.found.push(found);
            }
            _ => {}
        }
    }

    /// Keeps the dearest contents that begin as those before did, and looks for others.
    fn begin_anew(&mut self) {
        self.found.extend(self.here.take());
        match self.wanted {
            Wanted::Dearest(least) => self.least = least,
            Wanted::Dear(least, steps) => {
                self.least = least;
                self.type_steps_max = self.steps.saturating_add(steps);
            }
            Wanted::All(..) => {}
        }
    }
}

#[cfg(test)]
mod tests;
