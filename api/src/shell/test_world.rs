//! A small fleet, requests in round numbers, and a disk whose syncs wait at a gate.

use std::io;
use std::sync::{Arc, Condvar, Mutex};

use lessor_engine::authority::{Answer, Event, HolderId, Lease, Request, RequestId, Terms};
use lessor_engine::ledger::Draw;
use lessor_models::fleet::{ClassIndex, Fleet, FleetParts, Level, NodeColumns};
use lessor_models::resources::{Kind, Resources};
use lessor_models::tile_class::TileClass;
use lessor_models::time::Span;

use super::{Answered, Handle, Shell, ShellOptions, UNSTATED};
use crate::journal::simulated::{SimulatedDisk, SimulatedFile};
use crate::journal::{Storage, StorageFile};

/// A cell of so many tiles of 1,000 Mop/s.
pub(crate) fn fleet(tiles: u32) -> Fleet {
    let count = tiles as usize;
    let tile = Resources::UNLIMITED.with(Kind::Compute, 1_000).with(Kind::Accelerator, 0);
    Fleet::new(FleetParts {
        nodes: NodeColumns {
            names: std::iter::once("cell".to_owned()).chain((0..tiles).map(|tile| format!("tile-{tile}"))).collect(),
            parents: std::iter::once(None).chain((0..tiles).map(|_| Some(0))).collect(),
            levels: std::iter::once(Level::Cell).chain((0..tiles).map(|_| Level::Tile)).collect(),
            classes: std::iter::once(None).chain((0..tiles).map(|_| Some(ClassIndex(0)))).collect(),
            capacities: std::iter::once(Resources::UNLIMITED).chain((0..tiles).map(|_| tile)).collect(),
            uplink_delays_us: vec![0; count + 1],
        },
        classes: vec![TileClass::plain("plain")],
        ..FleetParts::default()
    })
    .unwrap()
}

pub(super) fn terms() -> Terms {
    Terms { term_min: Span(1), term_max: Span(1 << 40), ..Terms::default() }
}

/// A wish for ten of compute for an hour.
pub(super) fn request(name: &str) -> Request {
    let names = (HolderId::new("holder").unwrap(), RequestId::new(name).unwrap());
    Request {
        first_sent: UNSTATED,
        draw: Draw::through(Resources::of(Kind::Compute, 10)),
        ..Request::plain(names.0, names.1, Span(3_600_000_000))
    }
}

/// Waits for what a watch waits for.
pub(super) fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Sends a request and waits for its lease.
pub(super) fn grant(handle: &Handle, name: &str) -> Answered {
    handle.submit(Event::Request(request(name))).unwrap().wait().unwrap()
}

pub(super) fn lease(answered: &Answered) -> Lease {
    match &answered.answer {
        Answer::Lease(lease) => *lease,
        other => panic!("no lease: {other:?}"),
    }
}

pub(super) fn start<S>(storage: &S, fleet: &Fleet) -> (Shell, Handle)
where
    S: Storage + 'static,
    S::File: 'static,
{
    Shell::start(storage.clone(), ShellOptions::new(fleet, terms(), [1; 16])).unwrap()
}

/// Ends a shell as `kill -9` would, and leaves the disk as a new process finds it.
pub(super) fn kill(shell: Shell, disk: &SimulatedDisk) {
    disk.lose_power_after(0);
    drop(shell);
    disk.restart();
}

/// A simulated disk whose syncs of files wait while the gate is shut.
#[derive(Clone, Debug)]
pub(crate) struct GatedDisk {
    disk: SimulatedDisk,
    gate: Arc<Gate>,
}

#[derive(Debug, Default)]
pub(crate) struct Gate {
    /// Whether it is shut, and how many wait.
    state: Mutex<(bool, usize)>,
    bell: Condvar,
}

impl Gate {
    /// Shuts the gate until what it returns is dropped: a test that fails opens it too, and its shell can end.
    pub(crate) fn shut(&self) -> Shut<'_> {
        self.set_shut(true);
        Shut(self)
    }

    fn set_shut(&self, is_shut: bool) {
        self.state.lock().unwrap().0 = is_shut;
        self.bell.notify_all();
    }

    /// Waits until a sync waits.
    pub(super) fn wait_for_a_sync(&self) {
        let state = self.state.lock().unwrap();
        drop(self.bell.wait_while(state, |state| state.1 == 0).unwrap());
    }

    fn pass(&self) {
        let mut state = self.state.lock().unwrap();
        state.1 += 1;
        self.bell.notify_all();
        state = self.bell.wait_while(state, |state| state.0).unwrap();
        state.1 -= 1;
    }
}

/// A gate that is shut.
#[derive(Debug)]
pub(crate) struct Shut<'a>(&'a Gate);

impl Drop for Shut<'_> {
    fn drop(&mut self) {
        self.0.set_shut(false);
    }
}

impl GatedDisk {
    pub(crate) fn new(seed: u64) -> GatedDisk {
        GatedDisk { disk: SimulatedDisk::new(seed), gate: Arc::default() }
    }

    pub(crate) fn gate(&self) -> &Gate {
        &self.gate
    }
}

#[derive(Debug)]
pub(crate) struct GatedFile {
    file: SimulatedFile,
    gate: Arc<Gate>,
}

impl Storage for GatedDisk {
    type File = GatedFile;

    fn list(&self) -> io::Result<Vec<String>> {
        self.disk.list()
    }

    fn create(&self, name: &str) -> io::Result<GatedFile> {
        Ok(GatedFile { file: self.disk.create(name)?, gate: self.gate.clone() })
    }

    fn open(&self, name: &str) -> io::Result<GatedFile> {
        Ok(GatedFile { file: self.disk.open(name)?, gate: self.gate.clone() })
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        self.disk.remove(name)
    }

    fn sync_names(&self) -> io::Result<()> {
        self.disk.sync_names()
    }
}

impl StorageFile for GatedFile {
    fn size(&self) -> io::Result<u64> {
        self.file.size()
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<()> {
        self.file.read_at(offset, into)
    }

    fn write_at(&mut self, offset: u64, bytes: &[u8]) -> io::Result<()> {
        self.file.write_at(offset, bytes)
    }

    fn set_size(&mut self, size: u64) -> io::Result<()> {
        self.file.set_size(size)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.gate.pass();
        self.file.sync()
    }
}
