//! Answers that are kept for repeats, within a stated window.

use std::collections::VecDeque;
use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use lessor_models::time::{Span, Timestamp};

use crate::authority::keep::snapshot::Repeat;
use crate::authority::vocabulary::label::{HolderId, RequestId};

/// Answers forgotten at most for each one that is kept, so that no request pays for a thousand others.
const FORGET_MAX: usize = 4;

/// The answers, oldest first, and an index by name.
#[derive(Clone, Debug)]
pub(in crate::authority) struct Repeats {
    /// Each with the hash of its name.
    kept: VecDeque<(u64, Repeat)>,
    /// How many were forgotten, so that an answer keeps its number: that and its position.
    forgotten: u64,
    numbers: HashTable<u64>,
    hasher: RandomState,
    horizon: Timestamp,
    /// The answers that a snapshot still has to read, and those among them that were forgotten since it began.
    cut: Option<RepeatsCut>,
}

/// The answers of a snapshot that is being taken, by number: from `next` on they are still to be read.
#[derive(Clone, Debug)]
struct RepeatsCut {
    next: u64,
    end: u64,
    before: VecDeque<Repeat>,
}

impl Repeats {
    /// No answers: requests first sent after an instant are decided.
    pub(in crate::authority) fn new(horizon: Timestamp) -> Repeats {
        Repeats {
            kept: VecDeque::new(),
            forgotten: 0,
            numbers: HashTable::new(),
            hasher: RandomState::new(),
            horizon,
            cut: None,
        }
    }

    /// Takes in the answers of a snapshot, oldest first; of names that occur twice, the last counts.
    pub(in crate::authority) fn refill(&mut self, kept: Vec<Repeat>) {
        kept.into_iter().for_each(|repeat| self.push(repeat));
    }

    /// From now on every answer is kept until it was read once.
    pub(in crate::authority) fn begin_cut(&mut self) {
        let end = self.forgotten + self.kept.len() as u64;
        self.cut = Some(RepeatsCut { next: self.forgotten, end, before: VecDeque::new() });
    }

    /// The next answer of those kept when the cut began, oldest first; none once all were read. O(1).
    pub(in crate::authority) fn next_of_cut(&mut self) -> Option<Repeat> {
        let cut = self.cut.as_mut().filter(|cut| cut.next < cut.end)?;
        let number = cut.next;
        cut.next += 1;
        let forgotten = cut.before.pop_front();
        Some(forgotten.unwrap_or_else(|| self.at(number).clone()))
    }

    /// Nobody reads on.
    pub(in crate::authority) fn end_cut(&mut self) {
        self.cut = None;
    }

    /// Requests first sent no later than this are too old, unless they are found.
    pub(in crate::authority) fn horizon(&self) -> Timestamp {
        self.horizon
    }

    /// Every answer kept, oldest first.
    pub(in crate::authority) fn kept(&self) -> Vec<Repeat> {
        self.kept.iter().map(|(_, repeat)| repeat.clone()).collect()
    }

    /// The answer to a request. O(1).
    pub(in crate::authority) fn find(&self, holder: &HolderId, request: &RequestId) -> Option<&Repeat> {
        let hash = self.hasher.hash_one((holder, request));
        let number = self.numbers.find(hash, |number| {
            let kept = self.at(*number);
            kept.request == *request && kept.holder == *holder
        })?;
        Some(self.at(*number))
    }

    /// Keeps an answer that was not kept before, and forgets some that are too old or too many: first, so that the queue's room
    /// never doubles for the one more. Those of this very instant are never forgotten: a request that is sent now must not be too
    /// old. Amortized O(1).
    pub(in crate::authority) fn keep(&mut self, repeat: Repeat, window: Span, most: u32) {
        let now = repeat.at;
        for _ in 0..FORGET_MAX {
            let Some((_, oldest)) = self.kept.front() else { break };
            let is_over = oldest.at.after(window) < now || self.kept.len() >= most as usize;
            if !is_over || oldest.at >= now {
                break;
            }
            self.forget();
        }
        self.push(repeat);
    }

    fn at(&self, number: u64) -> &Repeat {
        let position =
            usize::try_from(number - self.forgotten).expect("an answer's position is one of a queue in memory");
        &self.kept[position].1
    }

    fn push(&mut self, repeat: Repeat) {
        let number = self.forgotten + self.kept.len() as u64;
        let hash = self.hasher.hash_one((&repeat.holder, &repeat.request));
        self.kept.push_back((hash, repeat));
        let Repeats { kept, forgotten, numbers, .. } = self;
        numbers.insert_unique(hash, number, |number| {
            let position = usize::try_from(*number - *forgotten).expect("an answer's position is one of a queue");
            kept[position].0
        });
    }

    fn forget(&mut self) {
        let Some((hash, oldest)) = self.kept.pop_front() else { return };
        let first = self.forgotten;
        if let Ok(entry) = self.numbers.find_entry(hash, |number| *number == first) {
            entry.remove();
        }
        self.horizon = self.horizon.max(oldest.at);
        self.forgotten += 1;
        // Answers are forgotten in order, so those kept aside are the first that are still to be read.
        if let Some(cut) = self.cut.as_mut().filter(|cut| (cut.next..cut.end).contains(&first)) {
            cut.before.push_back(oldest);
        }
    }

    /// How many are kept.
    #[cfg(test)]
    pub(in crate::authority) fn len(&self) -> usize {
        self.kept.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::authority::keep::snapshot::KeptAnswer;
    use crate::authority::vocabulary::refusal::{Reason, Refusal};

    fn repeat(name: &str, at: i64) -> Repeat {
        Repeat {
            holder: HolderId::new("h").unwrap(),
            request: RequestId::new(name).unwrap(),
            at: Timestamp(at),
            digest: 0,
            answer: KeptAnswer::Refused(Refusal::of(Reason::ZeroVector)),
        }
    }

    #[test]
    fn an_answer_is_kept_for_the_window_and_then_raises_the_horizon() {
        let mut repeats = Repeats::new(Timestamp(0));
        for at in 1..=30 {
            repeats.keep(repeat(&format!("r{at}"), at), Span(10), 1_000);
        }
        let find =
            |name: &str| repeats.find(&HolderId::new("h").unwrap(), &RequestId::new(name).unwrap()).map(|r| r.at.0);
        assert_eq!((find("r19"), find("r20"), find("r30")), (None, Some(20), Some(30)));
        assert_eq!((repeats.horizon(), repeats.len()), (Timestamp(19), 11));
    }

    #[test]
    fn too_many_answers_lose_the_oldest_but_none_of_now() {
        let mut repeats = Repeats::new(Timestamp(0));
        for at in 0..20 {
            repeats.keep(repeat(&format!("r{at}"), 7), Span(1_000), 5);
        }
        assert_eq!(repeats.len(), 20);
        for at in 20..60 {
            repeats.keep(repeat(&format!("r{at}"), 8 + at), Span(1_000), 5);
        }
        assert_eq!((repeats.len(), repeats.horizon()), (5, Timestamp(8 + 54)));
    }
}
