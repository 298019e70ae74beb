//! Who holds which fence key.

use std::collections::{BTreeMap, HashMap};

use crate::authority::vocabulary::label::FenceKey;

/// Keys by lease and leases by key; most leases have none.
#[derive(Clone, Debug, Default)]
pub(in crate::authority) struct Keys {
    holders: HashMap<FenceKey, u32>,
    held: BTreeMap<u32, Vec<FenceKey>>,
    /// For a snapshot that is being taken: the keys that leases had which were forgotten before it read them.
    before: BTreeMap<u32, Vec<FenceKey>>,
}

impl Keys {
    /// The slot of the lease that holds a key.
    pub(in crate::authority) fn holder(&self, key: &FenceKey) -> Option<u32> {
        self.holders.get(key).copied()
    }

    /// The keys of the lease in a slot, also after it returned them, until it is forgotten.
    pub(in crate::authority) fn of(&self, slot: u32) -> &[FenceKey] {
        self.held.get(&slot).map_or(&[], Vec::as_slice)
    }

    /// A lease takes keys that nobody holds.
    pub(in crate::authority) fn take(&mut self, slot: u32, keys: &[FenceKey]) {
        if keys.is_empty() {
            return;
        }
        for key in keys {
            let before = self.holders.insert(*key, slot);
            assert!(before.is_none(), "a key is free before it is taken");
        }
        self.held.insert(slot, keys.to_vec());
    }

    /// A lease gives its keys back.
    pub(in crate::authority) fn give(&mut self, slot: u32) {
        for key in self.held.get(&slot).into_iter().flatten() {
            let held = self.holders.remove(key);
            assert!(held == Some(slot), "only what a lease holds is given back");
        }
    }

    /// A lease is forgotten; returns the keys that it had.
    pub(in crate::authority) fn forget(&mut self, slot: u32) -> Vec<FenceKey> {
        self.held.remove(&slot).unwrap_or_default()
    }

    /// Keeps the keys of a lease that is forgotten before a snapshot read it. The first lease of a slot to be forgotten is the
    /// one that the snapshot reads; later ones came after it.
    pub(in crate::authority) fn keep_for_cut(&mut self, slot: u32, keys: Vec<FenceKey>) {
        self.before.entry(slot).or_insert(keys);
    }

    /// The keys that a lease had when a snapshot began, which reads them now.
    pub(in crate::authority) fn of_cut(&mut self, slot: u32) -> Vec<FenceKey> {
        self.before.remove(&slot).unwrap_or_else(|| self.of(slot).to_vec())
    }

    /// Nobody reads on.
    pub(in crate::authority) fn end_cut(&mut self) {
        self.before.clear();
    }

    /// Remembers which keys a lease had that gave them back.
    pub(in crate::authority) fn remember(&mut self, slot: u32, keys: &[FenceKey]) {
        if !keys.is_empty() {
            self.held.insert(slot, keys.to_vec());
        }
    }
}
