//! The cases of `bad-inputs.json`, category `emulator-storage`, against the data folder.
//!
//! They were written for a log of records with snapshots. The store is a copy-on-write tree in one
//! file, so some cases have no exact counterpart; each says below what is done in its place. The
//! oracle is always the same: after the mishap either every acknowledged write is there, whole and
//! once, or the folder is refused with an error that names it. Never are acknowledged rows wrong or
//! missing unseen.

#![expect(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    reason = "a test: small numbers, and a panic is a finding"
)]

mod disk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use campaign_local::data::{DataError, DataFolder};
use campaign_local::store::{OpenError, Order, Store, StoreError, View};
use serde_json::Value;
use tempfile::TempDir;

use disk::{Disk, Failure, Random};

const ROWS: u32 = 40;
const CASES: usize = 22;

#[tokio::test]
async fn every_case_of_the_category_is_run() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/vectors/bad-inputs.json");
    let all: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let cases: Vec<&Value> =
        all["entries"].as_array().unwrap().iter().filter(|case| case["category"] == "emulator-storage").collect();
    assert_eq!(cases.len(), CASES);
    let ids: BTreeSet<&str> = cases.iter().map(|case| case["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), CASES);
    for case in cases {
        run(case["id"].as_str().unwrap()).await;
    }
}

async fn run(id: &str) {
    match id.strip_prefix("emulator-storage-").unwrap() {
        // Tail of the log cut: the file is cut by as many bytes. Nothing is ever appended to a tree's
        // file, so its end is not "the last record": it may hold live pages, and cutting it is damage.
        "001" => refused_or_whole(id, |bytes| bytes.truncate(bytes.len() - 7)).await,
        // Cut at a record boundary: at a page boundary.
        "002" => refused_or_whole(id, |bytes| bytes.truncate(bytes.len() - 4096)).await,
        // The last record's checksum flipped: the newest commit's root checksum, in its slot of the
        // header. A log drops such a record as never acknowledged; here the commit was synced before
        // the header pointed to it, so this is damage to an acknowledged commit.
        "003" => flipped_in_the_header(id).await,
        // A bit flipped in the middle: anywhere in the file.
        "004" => flipped_anywhere(id).await,
        // A record's length set to 2^31: every aligned word of the file's pages that could be one is
        // too many, so the value is written over seeded places.
        "005" => lengths_overwritten(id).await,
        // A tail of zeros, as a file system preallocates it.
        "006" => refused_or_whole(id, |bytes| bytes.extend([0; 4096])).await,
        // A tail of old data, as reused blocks hold it.
        "007" => refused_or_whole(id, |bytes| bytes.extend_from_within(bytes.len() - 4096..)).await,
        // One record written twice: one page written over another.
        "008" => pages_overwritten(id, false).await,
        // Records swapped: two pages swapped.
        "009" => pages_overwritten(id, true).await,
        "010" => empty_file(id).await,
        "011" => missing_files(id).await,
        "015" => foreign_folder(id).await,
        "016" => second_process(id).await,
        "018" => fails(id, Failure::NoSpace).await,
        "020" => fails(id, Failure::ShortWrite).await,
        // Killed between writing and syncing, and between syncing and answering: the process stops at
        // every one of the calls that a commit makes.
        "022" | "023" => killed_at_every_call(id).await,
        // There is no snapshot to be killed in; what rewrites most is opening after a kill.
        "024" => killed_while_opening(id).await,
        "025" => killed_a_hundred_times(id).await,
        // Out of descriptors: the store holds its one for good. That the server's sockets recover is
        // tested with the program, in `local_binary.rs`.
        "027" => no_descriptors(id).await,
        // Keys are bytes in a tree and never names of files.
        "028" => keys_are_bytes(id, ["../../etc/passwd"]).await,
        "031" => keys_are_bytes(id, ["a", "a/b"]).await,
        other => panic!("case {other} is new: say what it means here"),
    }
}

/// The bytes of a store's file with acknowledged rows, as a killed process leaves them.
async fn file_of_a_killed_process() -> Vec<u8> {
    let disk = Disk::with_store();
    let store = Store::with_backend(disk.clone()).unwrap();
    for n in 0..ROWS {
        store.write(move |write| put(write, n)).await.unwrap();
    }
    let bytes = disk.killed();
    drop(store);
    bytes
}

fn put(write: &mut campaign_local::store::Write<'_>, n: u32) -> Result<(), StoreError> {
    let count = write.get(b"count")?.map_or(0, |count| String::from_utf8(count).unwrap().parse::<u32>().unwrap());
    write.put(format!("row/{n:08}"), value(n));
    write.put("count", (count + 1).to_string());
    Ok(())
}

fn value(n: u32) -> Vec<u8> {
    let mut random = Random(u64::from(n));
    (0..100 + n % 7 * 200).map(|_| random.next().to_le_bytes()[0]).collect()
}

/// What the store made of the bytes: `true` if all rows are there, `false` if it was refused. Fails
/// if it shows anything but exactly the acknowledged rows.
async fn opens_whole(id: &str, bytes: Vec<u8>, rows: u32) -> bool {
    match Store::with_backend(Disk::new(bytes)) {
        Err(OpenError::Damaged(_) | OpenError::Format(_)) => false,
        Err(error) => panic!("{id}: {error}"),
        Ok(store) => {
            assert_rows(id, &store, rows).await;
            true
        }
    }
}

#[tokio::test]
async fn a_damaged_store_is_refused_by_its_folder_and_left_as_it_is() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("store.redb");
    drop(DataFolder::open(folder.path()).await.unwrap());
    let mut bytes = file_of_a_killed_process().await;
    fs::write(&file, &bytes).unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_rows("whole", data.store(), ROWS).await;
    drop(data);
    let value = value(3);
    bytes = fs::read(&file).unwrap();
    // Old copies of the row's page may be in the file too, so in all of them.
    while let Some(at) = bytes.windows(value.len()).position(|window| window == value) {
        bytes[at + 50] ^= 1;
    }
    fs::write(&file, &bytes).unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::Store { source: OpenError::Damaged(_), .. }), "{refused}");
    assert!(refused.to_string().contains(&*folder.path().to_string_lossy()), "{refused}");
    assert_eq!(fs::read(&file).unwrap(), bytes);
}

async fn assert_rows(id: &str, store: &Store, rows: u32) {
    let (found, count) = read_all(store).await;
    assert_eq!(found.len(), rows as usize, "{id}: rows are missing unseen");
    for (n, found) in found {
        assert_eq!(found, value(n), "{id}: row {n} is wrong");
    }
    assert_eq!(count, rows, "{id}: a write was done twice, or lost");
}

async fn read_all(store: &Store) -> (BTreeMap<u32, Vec<u8>>, u32) {
    let read = store.read(|read| {
        let mut rows = BTreeMap::new();
        read.scan(b"row/".as_slice()..b"row0".as_slice(), Order::Forward, &mut |key, value| {
            rows.insert(std::str::from_utf8(&key[4..]).unwrap().parse().unwrap(), value.to_vec());
            ControlFlow::Continue(())
        })?;
        let count = read.get(b"count")?;
        Ok::<_, StoreError>((rows, count.map_or(0, |count| String::from_utf8(count).unwrap().parse().unwrap())))
    });
    read.await.unwrap()
}

async fn refused_or_whole(id: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = file_of_a_killed_process().await;
    change(&mut bytes);
    let whole = opens_whole(id, bytes, ROWS).await;
    println!("{id}: {}", if whole { "opened whole" } else { "refused" });
}

/// redb's header: the magic, then two commit slots of 128 bytes from byte 64 on.
async fn flipped_in_the_header(id: &str) {
    let bytes = file_of_a_killed_process().await;
    let mut refused = 0;
    for at in 0..320 {
        let mut bytes = bytes.clone();
        bytes[at] ^= 1 << (at % 8);
        refused += u32::from(!opens_whole(id, bytes, ROWS).await);
    }
    println!("{id}: {refused} of 320 refused");
    assert!(refused > 50, "{id}: damage to the header was seen only {refused} times");
}

async fn flipped_anywhere(id: &str) {
    let bytes = file_of_a_killed_process().await;
    let mut random = Random(4);
    let mut refused = 0;
    for _ in 0..400 {
        let mut bytes = bytes.clone();
        // Half of them where a row's value stands.
        let at = if random.below(2) == 0 {
            random.below(bytes.len() as u64) as usize
        } else {
            let value = value(random.below(u64::from(ROWS)) as u32);
            bytes.windows(value.len()).rposition(|window| window == value).unwrap() + 50
        };
        bytes[at] ^= 1 << random.below(8);
        refused += u32::from(!opens_whole(id, bytes, ROWS).await);
    }
    println!("{id}: {refused} of 400 refused");
    assert!(refused > 100, "{id}: only {refused} flipped bits were seen");
}

async fn lengths_overwritten(id: &str) {
    let bytes = file_of_a_killed_process().await;
    let mut random = Random(5);
    let mut refused = 0;
    for _ in 0..200 {
        let mut bytes = bytes.clone();
        let value = value(random.below(u64::from(ROWS)) as u32);
        let value = bytes.windows(value.len()).rposition(|window| window == value).unwrap();
        // The offsets and lengths of a leaf stand at the beginning of its page.
        let at = value / 4096 * 4096 + random.below(64) as usize * 4;
        bytes[at..at + 4].copy_from_slice(&(1_u32 << 31).to_le_bytes());
        refused += u32::from(!opens_whole(id, bytes, ROWS).await);
    }
    println!("{id}: {refused} of 200 refused");
    assert!(refused > 50, "{id}: only {refused} overwritten lengths were seen");
}

async fn pages_overwritten(id: &str, swap: bool) {
    let bytes = file_of_a_killed_process().await;
    let pages = bytes.len() as u64 / 4096;
    let mut random = Random(8);
    let mut refused = 0;
    for _ in 0..200 {
        let mut bytes = bytes.clone();
        let value = value(random.below(u64::from(ROWS)) as u32);
        let live = bytes.windows(value.len()).rposition(|window| window == value).unwrap() / 4096 * 4096;
        let other = random.below(pages) as usize * 4096;
        let page = bytes[live..live + 4096].to_vec();
        if swap {
            bytes.copy_within(other..other + 4096, live);
        }
        bytes[other..other + 4096].copy_from_slice(&page);
        refused += u32::from(!opens_whole(id, bytes, ROWS).await);
    }
    println!("{id}: {refused} of 200 refused");
    assert!(refused > 0, "{id}: no overwritten page was seen");
}

/// In a folder that was never used to its end an empty file is a fresh start. In one that has been in
/// use it is the loss of all rows, and a fresh start would hide it.
async fn empty_file(id: &str) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("store.redb"), "").unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_rows(id, data.store(), 0).await;
    data.store().write(|write| put(write, 0)).await.unwrap();
    drop(data);
    fs::write(folder.path().join("store.redb"), "").unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::Missing { .. }), "{id}: {refused}");
}

/// The log without its snapshot: one of the folder's two files without the other.
async fn missing_files(id: &str) {
    for missing in ["store.redb", "campaign-local.json"] {
        let folder = TempDir::new().unwrap();
        let data = DataFolder::open(folder.path()).await.unwrap();
        data.store().write(|write| put(write, 0)).await.unwrap();
        drop(data);
        let path = folder.path().join(missing);
        fs::remove_file(&path).unwrap();
        let refused = DataFolder::open(folder.path()).await.unwrap_err();
        assert!(matches!(refused, DataError::Missing { .. }), "{id}: {refused}");
        assert!(refused.to_string().contains(missing), "{id}: {refused}");
        assert!(!path.exists(), "{id}: the refused folder was changed");
    }
}

async fn foreign_folder(id: &str) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("PG_VERSION"), "15\n").unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::NotOurs { .. }), "{id}: {refused}");
    assert_eq!(names(folder.path()), ["PG_VERSION"], "{id}: the refused folder was changed");

    // Our names with another's content, a later format, and one flipped bit.
    let folder = TempDir::new().unwrap();
    drop(DataFolder::open(folder.path()).await.unwrap());
    let settings = folder.path().join("campaign-local.json");
    let good = fs::read_to_string(&settings).unwrap();
    let later = good.replace("\"format\": 1", "\"format\": 2");
    let flipped = good.replace("\"access_key_id\": \"L", "\"access_key_id\": \"M");
    for (text, newer) in [("[]", false), ("", false), (later.as_str(), true), (flipped.as_str(), false)] {
        fs::write(&settings, text).unwrap();
        let refused = DataFolder::open(folder.path()).await.unwrap_err();
        match refused {
            DataError::Newer { found: 2, .. } => assert!(newer, "{id}"),
            DataError::Damaged { .. } => assert!(!newer, "{id}"),
            other => panic!("{id}: {other}"),
        }
        assert_eq!(fs::read_to_string(&settings).unwrap(), text);
    }
    fs::write(&settings, good).unwrap();
    DataFolder::open(folder.path()).await.unwrap();
}

/// Here a second opening by this process; by another process in `local_binary.rs`.
async fn second_process(id: &str) {
    let folder = TempDir::new().unwrap();
    let first = DataFolder::open(folder.path()).await.unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::Locked { pid: Some(pid), .. } if pid == std::process::id()), "{id}");
    assert!(refused.to_string().contains(&*folder.path().to_string_lossy()), "{id}: {refused}");
    drop(first);
    DataFolder::open(folder.path()).await.unwrap();
}

/// The full matrix of failures and moments is in `durability.rs`; here every moment of one run.
async fn fails(id: &str, failure: Failure) {
    for after in 0..60 {
        let disk = Disk::with_store();
        let Ok(store) = Store::with_backend(disk.clone()) else { continue };
        disk.fail_after(disk.calls() + after, failure);
        let mut acknowledged = 0;
        for n in 0..ROWS {
            match store.write(move |write| put(write, n)).await {
                Ok(()) => acknowledged += 1,
                Err(error) => assert!(matches!(error, StoreError::Stopped(_)), "{id}: {error}"),
            }
        }
        assert!(acknowledged < ROWS, "{id}: the failure did not strike");
        assert_rows_at_least(id, disk.power_cut(&mut Random(after)), acknowledged).await;
    }
}

/// All of the first `acknowledged` rows are there; a further one may be, whole.
async fn assert_rows_at_least(id: &str, bytes: Vec<u8>, acknowledged: u32) {
    let store = Store::with_backend(Disk::new(bytes)).unwrap();
    let (_, count) = read_all(&store).await;
    assert!(count == acknowledged || count == acknowledged + 1, "{id}: {count} of {acknowledged}");
    assert_rows(id, &store, count).await;
}

async fn killed_at_every_call(id: &str) {
    let mut unacknowledged_but_there = 0;
    for after in 0..120 {
        let disk = Disk::with_store();
        let store = Store::with_backend(disk.clone()).unwrap();
        disk.fail_after(disk.calls() + after, Failure::PowerOff);
        let mut acknowledged = 0;
        for n in 0..ROWS {
            acknowledged += u32::from(store.write(move |write| put(write, n)).await.is_ok());
        }
        let bytes = disk.killed();
        let reopened = Store::with_backend(Disk::new(bytes.clone())).unwrap();
        unacknowledged_but_there += u32::from(read_all(&reopened).await.1 > acknowledged);
        assert_rows_at_least(id, bytes, acknowledged).await;
    }
    assert!(unacknowledged_but_there > 0, "{id}: no kill fell between the sync and the answer");
}

async fn killed_while_opening(id: &str) {
    let bytes = file_of_a_killed_process().await;
    for after in 0..40 {
        let disk = Disk::new(bytes.clone());
        disk.fail_after(after, Failure::PowerOff);
        drop(Store::with_backend(disk.clone()));
        assert!(opens_whole(id, disk.killed(), ROWS).await, "{id}: killed at call {after} of opening");
        assert!(opens_whole(id, disk.power_cut(&mut Random(after)), ROWS).await, "{id}: cut at call {after}");
    }
}

/// The files of a process that was killed, a hundred times over: each round opens what the last one
/// left behind. Real processes are killed in `local_binary.rs`.
async fn killed_a_hundred_times(id: &str) {
    let mut bytes = Disk::with_store().killed();
    let mut acknowledged = 0;
    let mut random = Random(25);
    for _ in 0..100 {
        let disk = Disk::new(bytes);
        disk.fail_after(random.below(60), Failure::PowerOff);
        if let Ok(store) = Store::with_backend(disk.clone()) {
            // What the last round left unanswered may be there; it is the next row then.
            let (_, count) = read_all(&store).await;
            assert!(count == acknowledged || count == acknowledged + 1, "{id}: {count} of {acknowledged}");
            acknowledged = count;
            while store
                .write({
                    let n = acknowledged;
                    move |write| put(write, n)
                })
                .await
                .is_ok()
            {
                acknowledged += 1;
            }
        }
        bytes = disk.killed();
    }
    assert_rows_at_least(id, bytes, acknowledged).await;
    assert!(acknowledged > 100, "{id}: {acknowledged}");
}

async fn no_descriptors(id: &str) {
    let folder = TempDir::new().unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    let before = fs::read_dir("/proc/self/fd").map(Iterator::count).unwrap_or_default();
    for n in 0..ROWS {
        data.store().write(move |write| put(write, n)).await.unwrap();
    }
    assert_rows(id, data.store(), ROWS).await;
    let after = fs::read_dir("/proc/self/fd").map(Iterator::count).unwrap_or_default();
    assert!(after <= before + 2, "{id}: writing needs descriptors: {before}, then {after}");
}

async fn keys_are_bytes<const N: usize>(id: &str, keys: [&'static str; N]) {
    let folder = TempDir::new().unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    let before = names(folder.path());
    for key in keys {
        let write = data.store().write(move |write| {
            write.put(key, format!("value of {key}"));
            Ok::<_, StoreError>(())
        });
        write.await.unwrap();
    }
    for key in keys {
        let value = data.store().read(move |read| read.get(key.as_bytes())).await.unwrap();
        assert_eq!(value, Some(format!("value of {key}").into_bytes()), "{id}");
    }
    assert_eq!(names(folder.path()), before, "{id}: a key became a file");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_first_start_cut_off_anywhere_is_made_to_its_end() {
    let whole = TempDir::new().unwrap();
    drop(DataFolder::open(whole.path()).await.unwrap());
    let states: [&[(&str, &[u8])]; 4] = [
        &[("lock", b"")],
        &[("lock", b"123\n"), ("store.new", b"half a store")],
        &[("lock", b"123\n"), ("store.redb", b"")],
        &[("lock", b"123\n"), ("campaign-local.new", b"{\"half")],
    ];
    for files in states {
        let folder = TempDir::new().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        drop(DataFolder::open(folder.path()).await.unwrap());
    }
    // The store made, the settings not yet.
    fs::remove_file(whole.path().join("campaign-local.json")).unwrap();
    DataFolder::open(whole.path()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_the_owner_alone_and_the_same_after_a_restart() {
    use std::os::unix::fs::PermissionsExt;

    use campaign_local::data::Ports;
    use secrecy::ExposeSecret;

    let folder = TempDir::new().unwrap();
    let mut data = DataFolder::open(folder.path()).await.unwrap();
    let ports = Ports { tablestore: 1, gateway: 2, admin: 3 };
    data.keep_ports(ports).unwrap();
    let (id, secret) = (data.settings().access_key_id.clone(), data.settings().access_key_secret.clone());
    let debug = format!("{data:?}");
    assert!(!debug.contains(secret.expose_secret()) && !debug.contains(data.settings().admin_token.expose_secret()));
    drop(data);
    let settings: PathBuf = folder.path().join("campaign-local.json");
    assert_eq!(fs::metadata(settings).unwrap().permissions().mode() & 0o777, 0o600);
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_eq!(data.settings().access_key_id, id);
    assert_eq!(data.settings().access_key_secret.expose_secret(), secret.expose_secret());
    assert_eq!(data.settings().ports, Some(ports));
}
