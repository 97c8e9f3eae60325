//! What a transaction is to do once more when it is committed.
//!
//! The entries stand among the changes of its requests, under keys of their own that are never committed: a row of a batch
//! that is taken back takes its entry along.

use std::collections::BTreeMap;

use campaign_tablestore::plain_buffer::{DeletedRow, Encode, decode_delete, decode_put, decode_update};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, Condition, PrimaryKey, Row, RowUpdate};

use crate::store::{Write, space};
use crate::tablestore::row::change::{Change, RowWrite};
use crate::tablestore::table::number_at;

/// What the keys of all entries begin with.
pub(crate) const LOG: &[u8] = &[space::TRANSACTION, b'l'];
/// Where the number of entries is kept.
const COUNT: &[u8] = &[space::TRANSACTION, b'l', b'#'];
/// Where the bytes written so far are kept.
const BYTES: &[u8] = &[space::TRANSACTION, b'l', b'='];
/// What the keys of the entries begin with, apart from the two numbers.
const ENTRY: &[u8] = &[space::TRANSACTION, b'l', b'e'];

/// Bytes that a transaction may write, counted as those of other writes are (service document "Local transactions").
const MOST_BYTES: u64 = 4 << 20;

const PUT: u8 = b'p';
const UPDATE: u8 = b'u';
const DELETE: u8 = b'd';

/// An entry: `change` of the row of `key`, made at `now`.
pub(crate) fn entry(key: &PrimaryKey, change: &Change, now: i64) -> Vec<u8> {
    let primary_key = key.clone();
    let (kind, row) = match change {
        Change::Put(columns) => (PUT, Row { primary_key, columns: columns.clone() }.to_bytes()),
        Change::Update(changes) => (UPDATE, RowUpdate { primary_key, changes: changes.clone() }.to_bytes()),
        Change::Delete => (DELETE, DeletedRow(key).to_bytes()),
    };
    [&[kind], now.to_be_bytes().as_slice(), &row].concat()
}

/// Adds an entry of a write of so many bytes.
pub(crate) fn add(write: &mut Write<'_>, entry: Vec<u8>, bytes: usize) -> Result<(), Refusal> {
    let bytes = number_at(write, BYTES)?.saturating_add(bytes as u64);
    if bytes > MOST_BYTES {
        let message = format!("The data size of the transaction exceeds the limit, limit size: {MOST_BYTES}.");
        return Err(Refusal::new(Code::OutOfTransactionDataSizeLimit, message));
    }
    let count = number_at(write, COUNT)? + 1;
    write.put(BYTES, bytes.to_be_bytes());
    write.put(COUNT, count.to_be_bytes());
    write.put([ENTRY, &count.to_be_bytes()].concat(), entry);
    Ok(())
}

/// The entries among `changes`, in order.
pub(crate) fn entries(changes: &BTreeMap<Vec<u8>, Option<Vec<u8>>>) -> Vec<Vec<u8>> {
    let entries = changes.range(ENTRY.to_vec()..).take_while(|(key, _)| key.starts_with(ENTRY));
    entries.filter_map(|(_, entry)| entry.clone()).collect()
}

/// What an entry asks for, and when it was asked for. What the request's condition asked was so.
pub(crate) fn read(entry: &[u8]) -> Result<(RowWrite, i64), Refusal> {
    // Written by this process, so this would be a mistake of ours.
    let unreadable = || Refusal::new(Code::InternalServerError, "A transaction's write cannot be read.");
    let (kind, rest) = entry.split_first().ok_or_else(unreadable)?;
    let (now, row) = rest.split_first_chunk().ok_or_else(unreadable)?;
    let (key, change) = match *kind {
        PUT => decode_put(row).map(|row| (row.primary_key, Change::Put(row.columns))),
        UPDATE => decode_update(row).map(|row| (row.primary_key, Change::Update(row.changes))),
        _ => decode_delete(row).map(|key| (key, Change::Delete)),
    }
    .map_err(|_| unreadable())?;
    let write = RowWrite { key, change, condition: Condition::ignore(), return_content: None };
    Ok((write, i64::from_be_bytes(*now)))
}
