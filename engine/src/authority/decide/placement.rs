//! The seam between an authority and whatever chooses tiles.

use std::fmt::Debug;

use lessor_models::fleet::NodeIndex;
use lessor_models::time::Timestamp;

use crate::authority::vocabulary::event::{Request, Scope};
use crate::ledger::{Entry, Ledger};

/// One lease that wants a tile.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// Where it may lie.
    pub scope: Scope,
    /// What it would hold, from now on.
    pub entry: &'a Entry,
    /// The instant.
    pub now: Timestamp,
}

impl Scope {
    /// Whether a tile lies in it.
    #[must_use]
    pub fn has(self, ledger: &Ledger, tile: NodeIndex) -> bool {
        match self {
            Scope::Anywhere => true,
            Scope::Under(node) => ledger.is_under(tile, node),
            Scope::OfClasses(classes) => ledger.class_of(tile).is_some_and(|class| classes.has(class)),
        }
    }
}

/// A policy that chooses tiles, one lease at a time, knowing nothing of what comes later.
///
/// An authority checks every seat against the ledger before it uses it, and writes it into the journal: a policy may keep what
/// it likes, but replaying a journal does not ask it.
///
/// It is asked for more than is granted: for quotes, for what is offered instead of what was refused, for gangs that then do not
/// fit. So what it is asked for teaches it nothing, and the same question has the same answer until it hears or something changes.
pub trait Placement: Debug + Send {
    /// A tile in the scope on which the entry fits, and which of its devices, as a mask; none where it finds none.
    fn place(&mut self, ledger: &Ledger, ask: &Ask<'_>) -> Option<(NodeIndex, u64)>;

    /// A request was decided about for which a tile was looked for: it was granted, offered what others give back, or refused
    /// for want of room or money. Told once for each, a gang too, and not again for its repeats; also of those in a journal that
    /// is read again.
    fn hear(&mut self, _request: &Request) {}

    /// What a node's own accounts have left has changed.
    fn changed(&mut self, ledger: &Ledger, node: NodeIndex);
}
