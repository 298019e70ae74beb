//! A directory in memory that keeps the contract of [`Storage`] and not a bit more: power fails in the middle of an operation,
//! writes that no sync covers are lost, torn and reordered, syncs fail, bits flip at rest. All of it follows from one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::storage::{Storage, StorageFile};

/// What a device writes whole or not at all, most of the time.
const SECTOR: usize = 512;

/// A simulated directory. Clones are of the same directory.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<World>>);

/// A file of a [`SimulatedDisk`].
#[derive(Debug)]
pub struct SimulatedFile {
    world: Arc<Mutex<World>>,
    number: usize,
}

#[derive(Clone, Debug)]
struct World {
    /// Every file that ever was, by number.
    files: Vec<Contents>,
    names: BTreeMap<String, usize>,
    names_durable: BTreeMap<String, usize>,
    names_pending: Vec<NameChange>,
    chance: Chance,
    /// Operations that may change something, until power fails.
    operations_left: Option<u64>,
    /// Syncs until one fails.
    syncs_left: Option<u64>,
    is_down: bool,
    operations: u64,
    misfortunes: Misfortunes,
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
struct Contents {
    /// What reads see.
    seen: Vec<u8>,
    /// What survives.
    durable: Vec<u8>,
    /// What no sync has covered, in order.
    pending: Vec<Change>,
}

#[derive(Clone, Debug)]
enum Change {
    Write { offset: usize, bytes: Vec<u8> },
    Size(usize),
}

#[derive(Clone, Debug)]
enum NameChange {
    Link(String, usize),
    Unlink(String),
}

impl SimulatedDisk {
    /// An empty directory, whose misfortunes follow from a seed.
    #[must_use]
    pub fn new(seed: u64) -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(World {
            files: Vec::new(),
            names: BTreeMap::new(),
            names_durable: BTreeMap::new(),
            names_pending: Vec::new(),
            chance: Chance(seed),
            operations_left: None,
            syncs_left: None,
            is_down: false,
            operations: 0,
            misfortunes: Misfortunes::default(),
        })))
    }

    /// Another directory that holds the same, and fares as it would.
    #[must_use]
    pub fn fork(&self) -> SimulatedDisk {
        SimulatedDisk(Arc::new(Mutex::new(self.world().clone())))
    }

    /// Another directory that holds what is there if power fails now and nothing survives that no sync covers.
    #[must_use]
    pub fn survivors(&self) -> SimulatedDisk {
        let disk = self.fork();
        let mut world = disk.world();
        (world.is_down, world.operations_left, world.syncs_left) = (false, None, None);
        world.names_pending.clear();
        world.names = world.names_durable.clone();
        for contents in &mut world.files {
            contents.pending.clear();
            contents.seen.clone_from(&contents.durable);
        }
        drop(world);
        disk
    }

    /// What became of writes that no sync covered.
    #[must_use]
    pub fn misfortunes(&self) -> Misfortunes {
        self.world().misfortunes
    }

    /// Power fails during the operation after so many, among those that change something.
    pub fn lose_power_after(&self, operations: u64) {
        self.world().operations_left = Some(operations);
    }

    /// The sync after so many fails.
    pub fn fail_sync_after(&self, syncs: u64) {
        self.world().syncs_left = Some(syncs);
    }

    /// How many operations changed something, or tried to.
    #[must_use]
    pub fn operations(&self) -> u64 {
        self.world().operations
    }

    /// Power fails and comes back: what no sync covers survives in part, and files are as they are on the device.
    pub fn lose_power(&self) {
        self.world().lose_power();
    }

    /// The process ends and another begins: what was written can still be read. What no name leads to is gone.
    pub fn restart(&self) {
        let mut world = self.world();
        (world.is_down, world.operations_left, world.syncs_left) = (false, None, None);
        world.forget_nameless();
    }

    /// A bit of a file turns over on the device.
    ///
    /// # Panics
    /// Where there is no such file or bit.
    pub fn flip(&self, name: &str, bit: usize) {
        let mut world = self.world();
        let number = world.names[name];
        let contents = &mut world.files[number];
        contents.seen[bit / 8] ^= 1 << (bit % 8);
        contents.durable[bit / 8] ^= 1 << (bit % 8);
    }

    /// The bytes of a file, as reads see them.
    ///
    /// # Panics
    /// Where there is no such file.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Vec<u8> {
        let world = self.world();
        world.files[world.names[name]].seen.clone()
    }

    /// Puts a whole, durable file in place.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let mut world = self.world();
        let number = world.files.len();
        world.files.push(Contents { seen: bytes.to_vec(), durable: bytes.to_vec(), pending: Vec::new() });
        world.names.insert(name.to_owned(), number);
        world.names_durable.insert(name.to_owned(), number);
    }

    fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.0)
    }
}

fn lock(world: &Mutex<World>) -> MutexGuard<'_, World> {
    world.lock().expect("no thread panics while it holds a simulated disk")
}

impl Storage for SimulatedDisk {
    type File = SimulatedFile;

    fn list(&self) -> io::Result<Vec<String>> {
        let world = self.world();
        world.is_up()?;
        Ok(world.names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<SimulatedFile> {
        let mut world = self.world();
        let number = world.files.len();
        world.change(|world| {
            world.files.push(Contents::default());
            world.names.insert(name.to_owned(), number);
            world.names_pending.push(NameChange::Link(name.to_owned(), number));
        })?;
        Ok(SimulatedFile { world: self.0.clone(), number })
    }

    fn open(&self, name: &str) -> io::Result<SimulatedFile> {
        let world = self.world();
        world.is_up()?;
        let number = *world.names.get(name).ok_or(io::ErrorKind::NotFound)?;
        Ok(SimulatedFile { world: self.0.clone(), number })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut world = self.world();
        let number = *world.names.get(from).ok_or(io::ErrorKind::NotFound)?;
        world.change(|world| {
            world.names.remove(from);
            world.names.insert(to.to_owned(), number);
            world.names_pending.push(NameChange::Link(to.to_owned(), number));
            world.names_pending.push(NameChange::Unlink(from.to_owned()));
        })
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.world().change(|world| {
            world.names.remove(name);
            world.names_pending.push(NameChange::Unlink(name.to_owned()));
        })
    }

    fn sync_names(&self) -> io::Result<()> {
        let mut world = self.world();
        world.change(|_| ())?;
        if world.sync_fails() {
            world.keep_some_names();
            return Err(io::Error::other("simulated: the sync failed"));
        }
        world.names_durable = world.names.clone();
        world.names_pending.clear();
        Ok(())
    }
}

impl StorageFile for SimulatedFile {
    fn size(&self) -> io::Result<u64> {
        let world = lock(&self.world);
        world.is_up()?;
        Ok(world.files[self.number].seen.len() as u64)
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        let world = lock(&self.world);
        world.is_up()?;
        let offset = size(offset)?;
        let seen = &world.files[self.number].seen;
        into.copy_from_slice(seen.get(offset..offset + into.len()).ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        let offset = size(offset)?;
        let change = Change::Write { offset, bytes: bytes.to_vec() };
        lock(&self.world).change(|world| world.files[self.number].change(change))
    }

    fn set_size(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = size(bytes)?;
        lock(&self.world).change(|world| world.files[self.number].change(Change::Size(bytes)))
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut world = lock(&self.world);
        world.change(|_| ())?;
        let fails = world.sync_fails();
        let World { files, chance, misfortunes, .. } = &mut *world;
        let contents = &mut files[self.number];
        if fails {
            // The system forgets what it could not write, and reads still show it.
            contents.keep_some(chance, misfortunes);
            return Err(io::Error::other("simulated: the sync failed"));
        }
        for change in contents.pending.drain(..) {
            change.apply(&mut contents.durable);
        }
        Ok(())
    }
}

fn size(bytes: u64) -> io::Result<usize> {
    usize::try_from(bytes).map_err(io::Error::other)
}

impl World {
    fn is_up(&self) -> io::Result<()> {
        if self.is_down { Err(io::Error::other("simulated: there is no power")) } else { Ok(()) }
    }

    /// Does something that changes the world, in the middle of which power may fail.
    fn change(&mut self, change: impl FnOnce(&mut World)) -> io::Result<()> {
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

    fn sync_fails(&mut self) -> bool {
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

    fn lose_power(&mut self) {
        for contents in &mut self.files {
            contents.keep_some(&mut self.chance, &mut self.misfortunes);
            contents.seen.clone_from(&contents.durable);
        }
        self.keep_some_names();
        self.names = self.names_durable.clone();
    }

    /// Empties files that no name leads to, nor can lead to after power fails.
    fn forget_nameless(&mut self) {
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

    fn keep_some_names(&mut self) {
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
    fn change(&mut self, change: Change) {
        change.apply(&mut self.seen);
        self.pending.push(change);
    }

    /// Of what no sync covers, some sectors survive and some do not, in any order; now and then a sector is torn too.
    fn keep_some(&mut self, chance: &mut Chance, misfortunes: &mut Misfortunes) {
        let share = chance.below(5);
        let mut pieces: Vec<Change> =
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

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Change::Size(size) => bytes.resize(*size, 0),
            Change::Write { offset, bytes: written } => {
                let end = offset + written.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                bytes[*offset..end].copy_from_slice(written);
            }
        }
    }

    /// The parts that survive or are lost each on their own.
    fn pieces(self, chance: &mut Chance, misfortunes: &mut Misfortunes) -> Vec<Change> {
        let Change::Write { mut offset, bytes } = self else { return vec![self] };
        let mut pieces = Vec::new();
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let mut length = (SECTOR - offset % SECTOR).min(rest.len());
            if length > 1 && chance.below(8) == 0 {
                misfortunes.torn += 1;
                length = 1 + usize::try_from(chance.below(length as u64 - 1)).expect("below a length");
            }
            let (piece, after) = rest.split_at(length);
            pieces.push(Change::Write { offset, bytes: piece.to_vec() });
            offset += length;
            rest = after;
        }
        pieces
    }
}

/// SplitMix64 (Steele, Lea & Flood 2014): a whole stream from one seed.
#[derive(Clone, Debug)]
struct Chance(u64);

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_sync_covers_survives_and_nothing_that_was_not_written_appears() {
        let (mut lost, mut kept) = (0, 0);
        for seed in 0..200 {
            let disk = SimulatedDisk::new(seed);
            let mut file = disk.create("f").unwrap();
            file.write_at(0, &[1; 2000]).unwrap();
            file.sync().unwrap();
            disk.sync_names().unwrap();
            file.write_at(2000, &[2; 2000]).unwrap();
            disk.lose_power();
            let bytes = disk.bytes("f");
            assert_eq!(bytes[..2000], [1; 2000]);
            assert!(bytes[2000..].iter().all(|byte| [0, 2].contains(byte)));
            if bytes[2000..] == [2; 2000] {
                kept += 1;
            } else {
                lost += 1;
            }
        }
        assert!(lost > 20 && kept > 20, "lost {lost}, kept {kept}");
    }

    #[test]
    fn a_name_that_was_not_synced_may_be_gone() {
        let survivors = (0..100).filter(|&seed| {
            let disk = SimulatedDisk::new(seed);
            disk.create("f").unwrap().sync().unwrap();
            disk.lose_power();
            disk.open("f").is_ok()
        });
        assert!((10..90).contains(&survivors.count()));
    }

    #[test]
    fn after_a_failed_sync_reads_show_what_the_device_does_not_have() {
        let differs = (0..100).any(|seed| {
            let disk = SimulatedDisk::new(seed);
            let mut file = disk.create("f").unwrap();
            disk.sync_names().unwrap();
            file.write_at(0, &[1; 100]).unwrap();
            disk.fail_sync_after(0);
            file.sync().unwrap_err();
            file.sync().unwrap();
            assert_eq!(disk.bytes("f"), [1; 100]);
            disk.lose_power();
            disk.bytes("f") != [1; 100]
        });
        assert!(differs);
    }
}
