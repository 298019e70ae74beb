//! A directory in memory that keeps the contract of [`Storage`] and not a bit more: power fails in the middle of an operation,
//! writes that no sync covers are lost, torn and reordered, syncs fail, bits flip at rest. All of it follows from one seed.

mod device;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};

use super::storage::{Storage, StorageFile};
pub use device::Misfortunes;
use device::{Chance, Contents, FileChange, NameChange, World};

/// A simulated directory. Clones are of the same directory.
#[derive(Clone, Debug)]
pub struct SimulatedDisk(Arc<Mutex<World>>);

/// A file of a [`SimulatedDisk`].
#[derive(Debug)]
pub struct SimulatedFile {
    world: Arc<Mutex<World>>,
    number: usize,
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
            is_cramped: false,
            roomless: BTreeSet::new(),
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

    /// Whether snapshots that are begun from now on find room.
    pub fn make_room_for_snapshots(&self, is_there_room: bool) {
        self.world().is_cramped = !is_there_room;
    }

    /// Whether power failed and has not come back.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.world().is_down
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
        if world.is_cramped && name.contains("snapshot") {
            world.roomless.insert(number);
        }
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
        let change = FileChange::Write { offset, bytes: bytes.to_vec() };
        let mut world = lock(&self.world);
        if world.roomless.contains(&self.number) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        world.change(|world| world.files[self.number].change(change))
    }

    fn set_size(&mut self, bytes: u64) -> io::Result<()> {
        let bytes = size(bytes)?;
        lock(&self.world).change(|world| world.files[self.number].change(FileChange::Size(bytes)))
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
