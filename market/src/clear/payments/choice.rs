//! What winners keep in the core, as constraints come: as near to VCG as these let them.
//!
//! All is told as what they give up of the most that each can keep, its VCG payoff: in all as little as can be first
//! ([`super::least`]), where revenue is to be least, and then as near to nothing as can be ([`super::nearest`]).

use lessor_solver::support::numbers::floor;
use lessor_solver::support::stop::Stop;

use super::least::{Face, LeastSum};
use super::nearest::{Halfspace, Nearest, Side};
use super::wide::Wide;

/// What winners keep is told in parts of a micro-credit, 2^32 of them.
pub(super) const PART_BITS: u32 = 32;

/// Whether revenue is made as small as it gets before payments come near to VCG.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Revenue {
    Least,
    Any,
}

/// A constraint: winners of a set keep so much together at most.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    /// The winners, by position, in order.
    pub(super) members: Vec<usize>,
    pub(super) limit: u128,
}

impl Kept {
    /// Whether winners keep more than they may, by half of a slack.
    pub(super) fn is_broken(&self, kept: &[u128], slack: f64) -> bool {
        let sum: u128 = self.members.iter().map(|&member| kept[member]).sum();
        sum > (self.limit << PART_BITS) + u128::from(floor(slack / 2.0 * (1_u64 << PART_BITS) as f64))
    }
}

/// What winners keep, as near to the most as constraints let them: told as what they give up of the most.
pub(super) struct Choice {
    most: Vec<u128>,
    pub(super) constraints: Vec<Kept>,
    /// What is given up in all at the least, where revenue is to be least.
    least: Option<LeastSum>,
    /// What holds with equality where it is.
    face: Face,
    /// For each winner, what the face says that it gives up, or its place among the others.
    given: Vec<Given>,
    nearest: Nearest,
}

/// What a winner gives up.
#[derive(Clone, Copy, Debug)]
enum Given {
    Fixed(u128),
    Open(usize),
}

impl Choice {
    pub(super) fn new(most: &[u128], revenue: Revenue) -> Choice {
        let wide: Vec<Wide> = most.iter().map(|&most| Wide::whole(most)).collect();
        let mut choice = Choice {
            most: most.to_vec(),
            constraints: Vec::new(),
            least: (revenue == Revenue::Least).then(|| LeastSum::new(&wide)),
            face: Face::default(),
            given: Vec::new(),
            nearest: Nearest::new(0),
        };
        choice.begin_anew();
        choice
    }

    /// Takes in a constraint, where it is new and asks for anything.
    pub(super) fn add(&mut self, constraint: Kept) {
        let least = self.claimed(&constraint);
        if least == 0 || self.constraints.contains(&constraint) {
            return;
        }
        if let Some(sum) = &mut self.least {
            sum.add(&constraint.members, Wide::whole(least));
        }
        self.held(&constraint, Side::AtLeast).into_iter().for_each(|held| self.nearest.add(held));
        self.constraints.push(constraint);
    }

    /// What members of a constraint give up together at least.
    fn claimed(&self, constraint: &Kept) -> u128 {
        let most: u128 = constraint.members.iter().map(|&member| self.most[member]).sum();
        most.saturating_sub(constraint.limit)
    }

    /// What winners keep, in parts; `None` where arithmetic finds nothing, or the stop comes first.
    pub(super) fn kept(&mut self, stop: &Stop) -> Option<Vec<u128>> {
        if let Some(sum) = &mut self.least {
            let face = sum.solve(stop)?;
            if face != self.face {
                self.face = face;
                self.begin_anew();
            }
        }
        let (point, parts) = (self.nearest.solve(stop)?, Wide::whole(1 << PART_BITS));
        let kept = self.most.iter().zip(&self.given).map(|(most, given)| {
            let given = match *given {
                Given::Fixed(given) => given << PART_BITS,
                Given::Open(place) => (point[place] * parts).rounded(),
            };
            (most << PART_BITS).saturating_sub(given)
        });
        Some(kept.collect())
    }

    /// The point that is nearest to the most, of all where the sum is least.
    fn begin_anew(&mut self) {
        let Face { nothing, all, .. } = &self.face;
        let mut open = 0;
        let given = |(at, &most): (usize, &u128)| {
            if all.binary_search(&at).is_ok() {
                Given::Fixed(most)
            } else if nothing.binary_search(&at).is_ok() {
                Given::Fixed(0)
            } else {
                open += 1;
                Given::Open(open - 1)
            }
        };
        self.given = self.most.iter().enumerate().map(given).collect();
        self.nearest = Nearest::new(open);
        for at in 0..self.constraints.len() {
            let is_tight = self.face.tight.binary_search(&at).is_ok();
            let held = self.held(&self.constraints[at], if is_tight { Side::Equal } else { Side::AtLeast });
            held.into_iter().for_each(|held| self.nearest.add(held));
        }
        for (given, &most) in self.given.iter().zip(&self.most) {
            if let Given::Open(place) = *given {
                let limits = [(Wide::ZERO, Side::AtLeast), (Wide::whole(most), Side::AtMost)];
                limits
                    .into_iter()
                    .for_each(|(limit, side)| self.nearest.add(Halfspace { members: vec![place], limit, side }));
            }
        }
    }

    /// What is open of a constraint, beside what is given up anyway; nothing where all of it is.
    fn held(&self, constraint: &Kept, side: Side) -> Option<Halfspace> {
        let (mut members, mut anyway) = (Vec::new(), 0);
        for &member in &constraint.members {
            match self.given[member] {
                Given::Fixed(given) => anyway += given,
                Given::Open(place) => members.push(place),
            }
        }
        let limit = Wide::whole(self.claimed(constraint)) - Wide::whole(anyway);
        (!members.is_empty()).then_some(Halfspace { members, limit, side })
    }
}
