//! Entries as rows, and what the client's errors mean to the intake.

use campaign_client::{ServiceError, Verdict};
use campaign_core::store::Fields;
use http::StatusCode;

use super::*;
use crate::{
    Row,
    plain_buffer::{Encode, decode_row},
};

fn row_key() -> RowKey {
    "0123456789abcdef".repeat(4).parse().unwrap()
}

fn entry() -> Entry {
    Entry {
        id: "01JC0000000000000000000001".parse().unwrap(),
        digest: "a5".repeat(32).parse().unwrap(),
        call: "b".repeat(32).parse().unwrap(),
        received_at: "2026-11-11T00:00:00.123Z".parse().unwrap(),
        fields: Fields::from_iter([("name", "李"), ("erased", "a field of this name"), ("k", "and of this")]),
    }
}

#[test]
fn an_entry_and_a_tombstone_come_back_as_they_were_stored() {
    let sent = |row: Row| decode_row(&row.to_bytes()).unwrap().unwrap();
    let stored = row::read(&sent(row::of_entry(&row_key(), &entry()))).unwrap();
    assert_eq!(stored, (row_key(), Stored::Entry(entry())));
    let erased = sent(row::of_tombstone(&row_key()));
    assert_eq!(row::read(&erased).unwrap(), (row_key(), Stored::Erased));
    assert_eq!(erased.columns.len(), 1, "a tombstone holds neither data nor digest");
}

#[test]
fn a_row_that_is_not_an_entry_is_permanent_and_shows_nothing() {
    let whole = row::of_entry(&row_key(), &entry());
    let mut bad: Vec<Row> = (0..whole.columns.len())
        .map(|at| {
            let mut row = whole.clone();
            row.columns[at].value = crate::Value::Double(0.5);
            row
        })
        .collect();
    bad.push(Row::new(PrimaryKey::new().with("k", "alice@example.com")));
    for row in bad {
        let error = row::read(&row).unwrap_err();
        assert!(matches!(error, StoreError::Permanent { .. }), "{row:?}");
        assert!(!format!("{error:?}").contains("alice"));
    }
}

#[test]
fn errors_say_what_the_intake_may_conclude() {
    let answered = |status: u16, code: Code, retry_after: Option<u64>| {
        let status = StatusCode::from_u16(status).unwrap();
        let (kind, verdict) = code.meaning_of("", status);
        let wait = retry_after.map(std::time::Duration::from_secs);
        let error = ServiceError::new(status, code.as_str(), "").with_meaning(kind, verdict).with_retry_after(wait);
        store_error(Error::from_service(error))
    };
    let three = Some(std::time::Duration::from_secs(3));
    assert!(
        matches!(answered(503, Code::ServerBusy, Some(3)), StoreError::Throttled { retry_after, .. } if retry_after == three)
    );
    assert!(matches!(answered(503, Code::PartitionUnavailable, None), StoreError::Unavailable { .. }));
    assert!(matches!(answered(409, Code::RowOperationConflict, None), StoreError::Unavailable { .. }));
    assert!(matches!(answered(404, Code::ObjectNotExist, None), StoreError::Permanent { .. }));
    assert!(matches!(answered(403, Code::AuthFailed, None), StoreError::Permanent { .. }));
    for (kind, verdict) in [(ErrorKind::Unreachable, Verdict::UNEXECUTED), (ErrorKind::Credentials, Verdict::Final)] {
        assert!(matches!(store_error(Error::new(kind).with_verdict(verdict)), StoreError::Unavailable { .. }));
    }
}
