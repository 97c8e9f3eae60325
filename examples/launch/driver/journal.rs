//! The journal: every attempt before it is made and every answer before it counts, on disk.
//!
//! The format is described in `interop/README.md`; the independent checker reads it.

use std::{
    fs::File,
    io::{self, Write as _},
    path::Path,
    sync::mpsc,
    thread,
};

use serde::Serialize;
use tokio::sync::oneshot;

use super::outcome::{Answer, Outcome};

/// One line of the journal.
#[derive(Debug, Serialize)]
pub(crate) struct Record<'a> {
    line: usize,
    attempt: u32,
    key: &'a str,
    at_ms: i64,
    #[serde(flatten)]
    event: Event<'a>,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Event<'a> {
    Sent { sent: bool },
    Answered { status: u16, outcome: Option<Outcome>, replayed: bool, receipt: Option<&'a str> },
    Failed { error: &'static str },
}

impl<'a> Record<'a> {
    /// Attempt `attempt`, from 1, of line `line` is about to be made.
    pub(crate) fn sent(line: usize, attempt: u32, key: &'a str, at_ms: i64) -> Self {
        Self { line, attempt, key, at_ms, event: Event::Sent { sent: true } }
    }

    /// It was answered.
    pub(crate) fn answered(line: usize, attempt: u32, key: &'a str, at_ms: i64, answer: &'a Answer) -> Self {
        let event = Event::Answered {
            status: answer.status.as_u16(),
            outcome: answer.outcome,
            replayed: answer.replayed,
            receipt: answer.receipt.as_deref(),
        };
        Self { line, attempt, key, at_ms, event }
    }

    /// It was not answered.
    pub(crate) fn failed(line: usize, attempt: u32, key: &'a str, at_ms: i64, error: &'static str) -> Self {
        Self { line, attempt, key, at_ms, event: Event::Failed { error } }
    }
}

/// An open journal. Records of lines that run side by side share a sync.
#[derive(Debug)]
pub(crate) struct Journal(mpsc::Sender<Entry>);

struct Entry {
    text: Vec<u8>,
    synced: oneshot::Sender<io::Result<()>>,
}

impl Journal {
    /// Creates the file; an earlier journal of this name is replaced.
    ///
    /// # Errors
    /// The file cannot be created.
    pub(crate) fn create(path: &Path) -> io::Result<Self> {
        let named = |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
        let file = File::create(path).map_err(named)?;
        let (sender, receiver) = mpsc::channel();
        thread::Builder::new().name("journal".to_owned()).spawn(move || write(file, &receiver))?;
        Ok(Self(sender))
    }

    /// Writes a record and waits until it is on disk.
    ///
    /// # Errors
    /// It could not be written; the journal then proves nothing and the run must end.
    pub(crate) async fn write(&self, record: &Record<'_>) -> io::Result<()> {
        let mut text = serde_json::to_vec(record)?;
        text.push(b'\n');
        let (synced, done) = oneshot::channel();
        let ended = || io::Error::other("the journal's writer has ended");
        self.0.send(Entry { text, synced }).map_err(|_| ended())?;
        done.await.map_err(|_| ended())?
    }
}

/// What queued up while the last sync ran goes into the next. Ends when the journal is dropped, or
/// with the first error: after a failed sync nobody knows what is on disk.
fn write(mut file: File, entries: &mpsc::Receiver<Entry>) {
    while let Ok(first) = entries.recv() {
        let batch: Vec<Entry> = std::iter::once(first).chain(entries.try_iter()).collect();
        let text: Vec<u8> = batch.iter().flat_map(|entry| &entry.text).copied().collect();
        let result = file.write_all(&text).and_then(|()| file.sync_data());
        for entry in batch {
            let copy =
                result.as_ref().copied().map_err(|error| io::Error::new(error.kind(), format!("the journal: {error}")));
            // A caller that is gone does not wait for its answer.
            drop(entry.synced.send(copy));
        }
        if result.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use http::StatusCode;

    use super::*;

    #[tokio::test]
    async fn a_record_is_on_disk_when_write_returns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.ndjson");
        let journal = Journal::create(&path).unwrap();
        journal.write(&Record::sent(7, 1, "key", 5)).await.unwrap();
        assert_eq!(
            std::fs::read_to_string(&path).unwrap(),
            "{\"line\":7,\"attempt\":1,\"key\":\"key\",\"at_ms\":5,\"sent\":true}\n"
        );
        let answer = Answer {
            status: StatusCode::CREATED,
            outcome: Some(Outcome::Created),
            replayed: false,
            receipt: Some("r".to_owned()),
            violations: BTreeSet::new(),
            retry_after: None,
        };
        journal.write(&Record::answered(7, 1, "key", 6, &answer)).await.unwrap();
        journal.write(&Record::failed(8, 2, "key", 7, "reset")).await.unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let rest: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(
            rest,
            [
                r#"{"line":7,"attempt":1,"key":"key","at_ms":6,"status":201,"outcome":"created","replayed":false,"receipt":"r"}"#,
                r#"{"line":8,"attempt":2,"key":"key","at_ms":7,"error":"reset"}"#,
            ]
        );
    }

    #[tokio::test]
    async fn records_written_side_by_side_are_all_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.ndjson");
        let journal = Journal::create(&path).unwrap();
        let records: Vec<_> = (0..200).map(|line| Record::sent(line, 1, "key", 0)).collect();
        futures_util::future::try_join_all(records.iter().map(|record| journal.write(record))).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 200);
    }
}
