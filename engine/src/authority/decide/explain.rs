//! Why a request is or would be refused, looked at tile by tile.

use crate::authority::apply::Authority;
use crate::authority::vocabulary::decision::Decision;
use crate::authority::vocabulary::event::{Request, Scope, Term};
use crate::ledger::Barrier;

/// Tiles that an explanation looks at.
const TILES_MAX: usize = 4_096;

/// What would be decided about a request, and what stands in its way where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What would be decided.
    pub decision: Decision,
    /// Tiles looked at, the first of the scope; at most 4,096.
    pub tiles: u32,
    /// Tiles among them on which one lease of the request fits.
    pub fitting: u32,
    /// What stands in the way on the others, most tiles first.
    pub obstacles: Vec<Obstacle>,
}

/// One kind of barrier, and how many tiles it closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// The barrier, as the first of these tiles has it.
    pub barrier: Barrier,
    /// How many tiles have a barrier of this kind, at this owner or at their own.
    pub tiles: u32,
}

impl Authority {
    /// What would be decided about a request now, as if it were new. Changes nothing.
    pub fn quote(&mut self, request: &Request) -> Decision {
        let asked = Request { first_sent: self.now, ..request.clone() };
        self.decide_new(&asked)
    }

    /// A quote, and what stands in the way of the request tile by tile. O(tiles looked at times path).
    pub fn explain(&mut self, request: &Request) -> Explanation {
        let decision = self.quote(request);
        let mut explanation = Explanation { decision, tiles: 0, fitting: 0, obstacles: Vec::new() };
        let (Term::Immediate(span), true) = (request.term, self.is_known(request.scope)) else { return explanation };
        let entry = self.entry(request, span);
        for tile in self.sample(request.scope, TILES_MAX) {
            explanation.tiles += 1;
            match self.ledger.check(tile, &entry) {
                None => explanation.fitting += 1,
                Some(barrier) => {
                    let known = explanation.obstacles.iter_mut().find(|known| is_alike(known.barrier, barrier));
                    match known {
                        Some(known) => known.tiles += 1,
                        None => explanation.obstacles.push(Obstacle { barrier, tiles: 1 }),
                    }
                }
            }
        }
        explanation.obstacles.sort_by_key(|obstacle| std::cmp::Reverse(obstacle.tiles));
        explanation
    }

    fn is_known(&self, scope: Scope) -> bool {
        match scope {
            Scope::Anywhere | Scope::OfClasses(_) => true,
            Scope::Under(node) => self.ledger.has_node(node),
        }
    }
}

/// Whether two tiles are closed by barriers of one kind.
fn is_alike(one: Barrier, other: Barrier) -> bool {
    match (one, other) {
        (Barrier::Closed { .. }, Barrier::Closed { .. })
        | (Barrier::Draining { .. }, Barrier::Draining { .. })
        | (Barrier::Fragmented { .. }, Barrier::Fragmented { .. }) => true,
        (Barrier::Short(one), Barrier::Short(other)) => one.account.kind == other.account.kind,
        _ => false,
    }
}
