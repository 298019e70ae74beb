//! A watch has no gap: every change follows the one before, and what is kept can be read back from any revision in range.

use super::{Step, Violation};
use crate::authority::{Change, Effect, Revision};

#[derive(Clone, Debug, Default)]
pub(super) struct Watch {
    last: Option<Revision>,
}

impl Watch {
    pub(super) fn observe(&mut self, step: &Step<'_>) -> Result<(), Violation> {
        let told = step.effects.iter().filter_map(|effect| match effect {
            Effect::Changed(change) => Some(*change),
            _ => None,
        });
        let told: Vec<Change> = told.collect();
        let latest = step.authority.revision();
        let before = self.last.unwrap_or(told.first().map_or(latest, |first| previous(first.revision)));
        let mut revision = before;
        for change in &told {
            follows(change.revision, revision)?;
            revision = change.revision;
        }
        if latest != revision {
            return Err(Violation::Gap { revision: latest, before: revision });
        }
        self.last = Some(latest);
        // Where one event makes more changes than are kept, there is nothing to compare.
        let kept: Option<Vec<Change>> = step.authority.changes(before).ok().map(|kept| kept.copied().collect());
        if kept.is_some_and(|kept| kept != told) { Err(Violation::Gap { revision: latest, before }) } else { Ok(()) }
    }
}

fn follows(revision: Revision, before: Revision) -> Result<(), Violation> {
    if previous(revision) == before { Ok(()) } else { Err(Violation::Gap { revision, before }) }
}

fn previous(revision: Revision) -> Revision {
    Revision { number: revision.number - 1, ..revision }
}
