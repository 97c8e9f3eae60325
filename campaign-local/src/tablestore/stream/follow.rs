//! Writes a record of each change into the table's stream, in the commit that makes the change.

use std::ops::ControlFlow;

use campaign_client::Serve;
use campaign_tablestore::op::get_stream_record::{GetStreamRecord, StreamRecords};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{CellChange, Code, Column, RowUpdate, Sequence, StreamAction, StreamRecord};

use crate::store::{Order, View, Write};
use crate::tablestore::row::follow::Changed;
use crate::tablestore::stream::{self, State, Stream, horizon, place_of, record_key, trimmed_key};

/// Expired records of a shard that are removed with each new one.
const REMOVED: usize = 2;

/// Follows a change of a row.
pub(crate) fn keep_record(write: &mut Write<'_>, changed: &Changed<'_>) -> Result<(), Refusal> {
    let spec = changed.table.request.stream_spec.as_ref().filter(|spec| spec.enable_stream);
    let (Some(spec), Some(action)) = (spec, action(changed)) else { return Ok(()) };
    let Some(stream) = stream::find(write, changed.table.number)? else { return Ok(()) };
    let shard = State::current(write, changed.table, stream.number)?.shard_of(changed.key);
    let place = stream.next_place(write, changed.now)?;
    let changes = match action {
        StreamAction::PutRow => changed.after.map(|row| row.columns.iter().cloned().map(CellChange::Put).collect()),
        StreamAction::UpdateRow => Some(changed.cells.to_vec()),
        StreamAction::DeleteRow => None,
    };
    // What was there, of the columns that the table names.
    let origin = changed.before.filter(|_| !spec.columns_to_get.is_empty()).map(|row| {
        let newest = |name: &String| row.versions(name).next().cloned();
        spec.columns_to_get.iter().filter_map(newest).collect::<Vec<Column>>()
    });
    let record = StreamRecord {
        action,
        row: RowUpdate { primary_key: changed.key.clone(), changes: changes.unwrap_or_default() },
        sequence: Some(Sequence { epoch: 0, timestamp: place, row_index: 0 }),
        origin,
    };
    write.put(record_key(stream.number, shard, place), save(record)?);
    trim(write, changed, &stream, shard)
}

/// None: nothing was changed, for there is no row and there was none.
const fn action(changed: &Changed<'_>) -> Option<StreamAction> {
    match (changed.before, changed.after) {
        (None, None) => None,
        _ => Some(changed.action),
    }
}

/// Removes some records of the shard that have expired.
fn trim(write: &mut Write<'_>, changed: &Changed<'_>, stream: &Stream, shard: u64) -> Result<(), Refusal> {
    let from = record_key(stream.number, shard, 0);
    let until = record_key(stream.number, shard, horizon(changed.table, changed.now));
    let mut expired = Vec::new();
    write.scan(from.as_slice()..until.as_slice(), Order::Forward, &mut |key, _| {
        expired.push(key.to_vec());
        if expired.len() < REMOVED { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    if let Some(last) = expired.last() {
        write.put(trimmed_key(stream.number, shard), place_of(last).to_be_bytes());
    }
    expired.into_iter().for_each(|key| write.delete(key));
    Ok(())
}

/// A record as it is kept: an answer of GetStreamRecord that holds it alone.
fn save(record: StreamRecord) -> Result<Vec<u8>, Refusal> {
    let page = StreamRecords { records: vec![record], ..StreamRecords::default() };
    let answer = GetStreamRecord::new("kept").write_response(&page).map_err(|_| unreadable())?;
    Ok(answer.into_body().to_vec())
}

/// The record of these bytes.
pub(crate) fn load(bytes: &[u8]) -> Result<StreamRecord, Refusal> {
    let (parts, ()) = http::Response::new(()).into_parts();
    let kept = GetStreamRecord::new("kept");
    let page = campaign_client::Operation::response(&kept, &parts, bytes::Bytes::copy_from_slice(bytes));
    page.ok().and_then(|page| page.records.into_iter().next()).ok_or_else(unreadable)
}

fn unreadable() -> Refusal {
    Refusal::new(Code::InternalServerError, "A kept record of a stream cannot be read.")
}
