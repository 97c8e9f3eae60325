//! Damage to the store's file.

use std::fs;

use campaign_local::data::{DataError, DataFolder};
use campaign_local::store::{OpenError, Store};
use tempfile::TempDir;

use crate::disk::{Disk, Random};
use crate::rows::{ROWS, assert_rows, file_of_a_killed_process, value};

/// What the store made of the bytes: `true` if all rows are there, `false` if it was refused. Fails
/// if it shows anything but exactly the acknowledged rows.
pub(crate) async fn opens_whole(id: &str, bytes: Vec<u8>, rows: u32) -> bool {
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

pub(crate) async fn refused_or_whole(id: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = file_of_a_killed_process().await;
    change(&mut bytes);
    let whole = opens_whole(id, bytes, ROWS).await;
    println!("{id}: {}", if whole { "opened whole" } else { "refused" });
}

/// redb's header: the magic, then two commit slots of 128 bytes from byte 64 on.
pub(crate) async fn flipped_in_the_header(id: &str) {
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

pub(crate) async fn flipped_anywhere(id: &str) {
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

pub(crate) async fn lengths_overwritten(id: &str) {
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

pub(crate) async fn pages_overwritten(id: &str, swap: bool) {
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
