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

mod damage;
#[path = "../disk/mod.rs"]
mod disk;
mod failing;
mod folder;
mod rows;

use std::collections::BTreeSet;
use std::fs;

use damage::{flipped_anywhere, flipped_in_the_header, lengths_overwritten, pages_overwritten, refused_or_whole};
use disk::Failure;
use failing::{fails, killed_a_hundred_times, killed_at_every_call, killed_while_opening};
use folder::{empty_file, foreign_folder, keys_are_bytes, missing_files, no_descriptors, second_process};
use serde_json::Value;

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
