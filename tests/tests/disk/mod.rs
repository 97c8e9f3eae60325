//! A simulated disk that keeps for certain only what was synced, and fails when it is told to.

#![allow(dead_code, reason = "each suite uses its part")]

use std::io;
use std::sync::{Arc, Mutex};

use campaign_local::store::{StorageBackend, Store};

/// SplitMix64.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

/// How a call fails when its time has come.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Failure {
    /// This call and all later ones fail, and nothing of them happens.
    PowerOff,
    /// Writes and growth fail from now on; the rest works.
    NoSpace,
    /// One sync fails.
    SyncFails,
    /// One write stops half way.
    ShortWrite,
}

/// A change that no sync has confirmed yet.
#[derive(Clone, Debug)]
enum Change {
    Write(usize, Vec<u8>),
    Length(usize),
}

impl Change {
    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                if bytes.len() < offset + data.len() {
                    bytes.resize(offset + data.len(), 0);
                }
                bytes[*offset..offset + data.len()].copy_from_slice(data);
            }
            Self::Length(length) => bytes.resize(*length, 0),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    /// What survives a power cut for certain.
    durable: Vec<u8>,
    /// What reads see.
    current: Vec<u8>,
    unsynced: Vec<Change>,
    calls: u64,
    failure: Option<(u64, Failure)>,
    lies: bool,
}

impl State {
    /// Counts a changing call; says how it is to fail, if it is.
    fn call(&mut self, is_sync: bool) -> Option<Failure> {
        self.calls += 1;
        let (after, failure) = self.failure?;
        if self.calls <= after {
            return None;
        }
        match failure {
            Failure::PowerOff => Some(failure),
            Failure::NoSpace => (!is_sync).then_some(failure),
            Failure::SyncFails if is_sync => self.failure.take().map(|_| failure),
            Failure::ShortWrite if !is_sync => self.failure.take().map(|_| failure),
            Failure::SyncFails | Failure::ShortWrite => None,
        }
    }

    fn change(&mut self, change: Change) {
        change.apply(&mut self.current);
        self.unsynced.push(change);
    }
}

/// A disk in memory that keeps for certain only what was synced.
#[derive(Clone, Debug)]
pub(crate) struct Disk(Arc<Mutex<State>>);

impl Disk {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let state = State { durable: bytes.clone(), current: bytes, ..State::default() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// A disk with an empty store on it. A real one is made under another name and renamed, so that a
    /// power cut while it is made leaves no store rather than half of one.
    pub(crate) fn with_store() -> Self {
        let disk = Self::new(Vec::new());
        drop(Store::with_backend(disk.clone()).unwrap());
        let bytes = disk.state().durable.clone();
        Self::new(bytes)
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.0.lock().unwrap()
    }

    pub(crate) fn calls(&self) -> u64 {
        self.state().calls
    }

    pub(crate) fn fail_after(&self, calls: u64, failure: Failure) {
        self.state().failure = Some((calls, failure));
    }

    pub(crate) fn lie_about_syncs(&self) {
        self.state().lies = true;
    }

    /// What a process that was killed leaves behind: all that it wrote, synced or not, for the system
    /// keeps that.
    pub(crate) fn killed(&self) -> Vec<u8> {
        self.state().current.clone()
    }

    /// The bytes after the cut: of the changes since the last sync any may have reached the disk, in
    /// any order of writing back, and the last one that did may be torn at any byte.
    pub(crate) fn power_cut(&self, random: &mut Random) -> Vec<u8> {
        let state = self.state();
        let mut bytes = state.durable.clone();
        let kept: Vec<&Change> = match random.below(4) {
            0 => Vec::new(),
            1 => {
                let upto = random.below(state.unsynced.len() as u64 + 1);
                state.unsynced.iter().take(upto as usize).collect()
            }
            2 => state.unsynced.iter().collect(),
            _ => state.unsynced.iter().filter(|_| random.below(2) == 0).collect(),
        };
        let torn = random.below(2) == 0;
        for (index, change) in kept.iter().enumerate() {
            match change {
                Change::Write(offset, data) if torn && index + 1 == kept.len() => {
                    let length = random.below(data.len() as u64 + 1) as usize;
                    Change::Write(*offset, data[..length].to_vec()).apply(&mut bytes);
                }
                change => change.apply(&mut bytes),
            }
        }
        bytes
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.state().current.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let state = self.state();
        let start = offset as usize;
        let bytes = state.current.get(start..start + out.len());
        out.copy_from_slice(bytes.ok_or(io::ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<(), io::Error> {
        let mut state = self.state();
        match state.call(false) {
            Some(Failure::NoSpace) => Err(io::ErrorKind::StorageFull.into()),
            Some(_) => Err(io::Error::other("the power is off")),
            None => {
                state.change(Change::Length(length as usize));
                Ok(())
            }
        }
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        let mut state = self.state();
        if state.call(true).is_some() {
            return Err(io::Error::other("EIO"));
        }
        if !state.lies {
            state.durable = state.current.clone();
            state.unsynced.clear();
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut state = self.state();
        match state.call(false) {
            Some(Failure::NoSpace) => Err(io::ErrorKind::StorageFull.into()),
            Some(Failure::ShortWrite) => {
                state.change(Change::Write(offset as usize, data[..data.len() / 2].to_vec()));
                Err(io::ErrorKind::WriteZero.into())
            }
            Some(_) => Err(io::Error::other("the power is off")),
            None => {
                state.change(Change::Write(offset as usize, data.to_vec()));
                Ok(())
            }
        }
    }
}
