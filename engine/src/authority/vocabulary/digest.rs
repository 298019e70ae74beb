//! A digest of a request's body, by which a repeat is told from another wish under the same name.
//!
//! It is written into snapshots, so it never changes: 64-bit words are folded in one by one, each multiplied and shifted as in
//! the finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, OOPSLA 2014).

use lessor_models::fleet::Level;
use lessor_models::job::ServiceClass;

use super::event::{Displacement, Request, Scope, Tenure, Term};
use super::label::Label;

/// A digest of everything in a request but who asks, under which name, and when it was first sent.
pub(in crate::authority) fn digest(request: &Request) -> u64 {
    let mut fold = Fold(0x9e37_79b9_7f4a_7c15);
    fold.words(&request.draw.resources().0);
    Level::ALL.into_iter().for_each(|level| fold.word(request.draw.uplink_bps(level)));
    fold.word(u64::from(request.devices.count) << 16 | u64::from(request.devices.milli));
    match request.scope {
        Scope::Anywhere => fold.word(0),
        Scope::Under(node) => fold.word(1 + u64::from(node.0)),
        Scope::OfClasses(classes) => fold.words(&[u64::MAX, classes.0]),
    }
    match request.term {
        Term::Immediate(span) => fold.words(&[0, span.0]),
        Term::Window(window) => fold.words(&[1, window.start.0.cast_unsigned(), window.end.0.cast_unsigned()]),
    }
    let class = match request.class {
        ServiceClass::A => 0,
        ServiceClass::B => 1,
        ServiceClass::C => 2,
        ServiceClass::D => 3,
    };
    let displacement = u64::from(request.displacement == Displacement::Never);
    let tenure = u64::from(request.tenure == Tenure::Wholesale);
    fold.word(class << 2 | displacement << 1 | tenure);
    match request.bid {
        None => fold.word(0),
        Some(bid) => fold.words(&[1, bid.0.cast_unsigned()]),
    }
    fold.word(request.count.into());
    request.fence_keys.iter().for_each(|key| fold.label(&key.0));
    fold.0
}

struct Fold(u64);

impl Fold {
    #[inline]
    fn word(&mut self, word: u64) {
        let mut mixed = (self.0 ^ word).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed ^= mixed >> 31;
        mixed = mixed.wrapping_mul(0x94d0_49bb_1331_11eb);
        self.0 = mixed ^ mixed >> 29;
    }

    fn words(&mut self, words: &[u64]) {
        words.iter().for_each(|word| self.word(*word));
    }

    fn label(&mut self, label: &Label) {
        for chunk in label.as_str().as_bytes().chunks(8) {
            self.word(chunk.iter().fold(1, |word, byte| word << 8 | u64::from(*byte)));
        }
        self.word(0);
    }
}
