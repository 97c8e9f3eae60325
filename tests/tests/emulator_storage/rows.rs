//! Rows to be put to the test, and the oracle: exactly these, whole and once.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use campaign_local::store::{Order, Store, StoreError, View};

use crate::disk::{Disk, Random};

pub(crate) const ROWS: u32 = 40;

/// The bytes of a store's file with acknowledged rows, as a killed process leaves them.
pub(crate) async fn file_of_a_killed_process() -> Vec<u8> {
    let disk = Disk::with_store();
    let store = Store::with_backend(disk.clone()).unwrap();
    for n in 0..ROWS {
        store.write(move |write| put(write, n)).await.unwrap();
    }
    let bytes = disk.killed();
    drop(store);
    bytes
}

pub(crate) fn put(write: &mut campaign_local::store::Write<'_>, n: u32) -> Result<(), StoreError> {
    let count = write.get(b"count")?.map_or(0, |count| String::from_utf8(count).unwrap().parse::<u32>().unwrap());
    write.put(format!("row/{n:08}"), value(n));
    write.put("count", (count + 1).to_string());
    Ok(())
}

pub(crate) fn value(n: u32) -> Vec<u8> {
    let mut random = Random(u64::from(n));
    (0..100 + n % 7 * 200).map(|_| random.next().to_le_bytes()[0]).collect()
}

pub(crate) async fn assert_rows(id: &str, store: &Store, rows: u32) {
    let (found, count) = read_all(store).await;
    assert_eq!(found.len(), rows as usize, "{id}: rows are missing unseen");
    for (n, found) in found {
        assert_eq!(found, value(n), "{id}: row {n} is wrong");
    }
    assert_eq!(count, rows, "{id}: a write was done twice, or lost");
}

pub(crate) async fn read_all(store: &Store) -> (BTreeMap<u32, Vec<u8>>, u32) {
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
