//! What is on a simulated device and what is only on its way there, and what becomes of that when power fails.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// What a device writes whole or not at all, most of the time.
const SECTOR: usize = 512;

/// Changes of a file that no sync covers: of more the older half reaches the device by itself, as a system writes back what is old.
const PENDING_MAX: usize = 64;

#[derive(Clone, Debug)]
pub(super) struct World {
    /// Every file that ever was, by number.
    pub(super) files: Vec<Contents>,
    pub(super) names: BTreeMap<String, usize>,
    pub(super) names_durable: BTreeMap<String, usize>,
    pub(super) names_pending: Vec<NameChange>,
    pub(super) chance: Chance,
    /// Operations that may change something, until power fails.
    pub(super) operations_left: Option<u64>,
    /// Syncs until one fails.
    pub(super) syncs_left: Option<u64>,
    pub(super) is_down: bool,
    /// Whether snapshots that are begun find no room, and the files of those that do not.
    pub(super) is_cramped: bool,
    pub(super) roomless: BTreeSet<usize>,
    pub(super) operations: u64,
    pub(super) misfortunes: Misfortunes,
}

/// What became of writes that no sync covered, over the life of a simulated directory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Misfortunes {
    /// Parts of at most a sector that were lost.
    pub lost: u64,
    /// Sectors that were cut in two.
    pub torn: u64,
    /// Files whose writes reached the device in another order.
    pub reordered: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Contents {
    /// What reads see.
    pub(super) seen: Vec<u8>,
    /// What survives.
    pub(super) durable: Vec<u8>,
    /// What no sync has covered, in order.
    pub(super) pending: Vec<FileChange>,
}

#[derive(Clone, Debug)]
pub(super) enum FileChange {
    Write { offset: usize, bytes: Vec<u8> },
    Size(usize),
}

#[derive(Clone, Debug)]
pub(super) enum NameChange {
    Link(String, usize),
    Unlink(String),
}

impl World {
    pub(super) fn is_up(&self) -> io::Result<()> {
        if self.is_down { Err(io::Error::other("simulated: there is no power")) } else { Ok(()) }
    }

    /// Does something that changes the world, in the middle of which power may fail.
    pub(super) fn change(&mut self, change: impl FnOnce(&mut World)) -> io::Result<()> {
        self.is_up()?;
        self.operations += 1;
        change(self);
        match &mut self.operations_left {
            Some(0) => {
                self.lose_power();
                self.is_down = true;
                Err(io::Error::other("simulated: power failed"))
            }
            Some(left) => {
                *left -= 1;
                Ok(())
            }
            None => Ok(()),
        }
    }

    pub(super) fn sync_fails(&mut self) -> bool {
        match &mut self.syncs_left {
            Some(0) => {
                self.syncs_left = None;
                true
            }
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        }
    }

    pub(super) fn lose_power(&mut self) {
        for contents in &mut self.files {
            contents.keep_some(&mut self.chance, &mut self.misfortunes);
            contents.seen.clone_from(&contents.durable);
        }
        self.keep_some_names();
        self.names = self.names_durable.clone();
    }

    /// Empties files that no name leads to, nor can lead to after power fails.
    pub(super) fn forget_nameless(&mut self) {
        let World { files, names, names_durable, names_pending, .. } = self;
        let linked = names_pending.iter().filter_map(|change| match change {
            NameChange::Link(_, number) => Some(number),
            NameChange::Unlink(_) => None,
        });
        let named: BTreeSet<usize> = names.values().chain(names_durable.values()).chain(linked).copied().collect();
        for (number, contents) in files.iter_mut().enumerate() {
            if !named.contains(&number) {
                *contents = Contents::default();
            }
        }
    }

    pub(super) fn keep_some_names(&mut self) {
        let share = self.chance.below(5);
        for change in self.names_pending.drain(..) {
            if self.chance.below(4) >= share {
                continue;
            }
            match change {
                NameChange::Link(name, number) => self.names_durable.insert(name, number),
                NameChange::Unlink(name) => self.names_durable.remove(&name),
            };
        }
    }
}

impl Contents {
    pub(super) fn change(&mut self, change: FileChange) {
        change.apply(&mut self.seen);
        self.pending.push(change);
        if self.pending.len() > PENDING_MAX {
            self.pending.drain(..PENDING_MAX / 2).for_each(|old| old.apply(&mut self.durable));
        }
    }

    /// Of what no sync covers, some sectors survive and some do not, in any order; now and then a sector is torn too.
    pub(super) fn keep_some(&mut self, chance: &mut Chance, misfortunes: &mut Misfortunes) {
        let share = chance.below(5);
        let mut pieces: Vec<FileChange> =
            self.pending.drain(..).flat_map(|change| change.pieces(chance, misfortunes)).collect();
        if chance.below(2) == 0 {
            misfortunes.reordered += u64::from(pieces.len() > 1);
            chance.shuffle(&mut pieces);
        }
        for piece in pieces {
            if chance.below(4) < share {
                piece.apply(&mut self.durable);
            } else {
                misfortunes.lost += 1;
            }
        }
    }
}

impl FileChange {
    pub(super) fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            FileChange::Size(size) => bytes.resize(*size, 0),
            FileChange::Write { offset, bytes: written } => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
        }
    }

    /// The parts that survive or are lost each on their own.
    fn pieces(self, chance: &mut Chance, misfortunes: &mut Misfortunes) -> Vec<FileChange> {
        let FileChange::Write { mut offset, bytes } = self else { return vec![self] };
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let mut length = (SECTOR - offset % SECTOR).min(rest.len());
            if length > 1 && chance.below(8) == 0 {
                misfortunes.torn += 1;
                length = 1 + usize::try_from(chance.below(length as u64 - 1)).expect("below a length");
            }
            let (piece, after) = rest.split_at(length);
            pieces.push(FileChange::Write { offset, bytes: piece.to_vec() });
            offset += length;
            rest = after;
        }
        pieces
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014): a whole stream from one seed.
#[derive(Clone, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a limit that is small against 2^64.
    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, usize::try_from(self.below(last as u64 + 1)).expect("below a length"));
        }
    }
}
