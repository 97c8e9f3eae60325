//! ListStream, DescribeStream, GetShardIterator, GetStreamRecord.

use std::ops::ControlFlow;

use campaign_tablestore::op::describe_stream::{DescribeStream, StreamDescription, StreamShard, StreamStatus};
use campaign_tablestore::op::get_shard_iterator::{GetShardIterator, ShardIterator};
use campaign_tablestore::op::get_stream_record::{GetStreamRecord, StreamRecords};
use campaign_tablestore::op::list_stream::{ListStream, TableStream};
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, TableStore};

use super::follow::load;
use super::shard_iterator::{Place, is_shard, shard_name};
use crate::store::{Order, View};
use crate::tablestore::check::{self, invalid};
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::units;
use crate::tablestore::stream::{self, State, horizon, hours, place_of, record_key, trimmed_key};
use crate::tablestore::table;
use crate::tablestore::table::calls::names;

/// Records and bytes of one answer. No document has the numbers.
const RECORDS: usize = 1000;
const BYTES: usize = 1 << 20;

impl Emulate for ListStream {
    fn about(&self) -> Vec<u8> {
        self.table_name.clone().unwrap_or_default().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, Vec<TableStream>), Stop> {
        let one = self.table_name.clone();
        one.as_deref().map(check::table_name).transpose()?;
        let streams = at.read(move |read, service| {
            let asked = match one {
                Some(name) => {
                    table::existing(read, service, &name)?;
                    vec![name]
                }
                None => names(read)?,
            };
            let mut streams = Vec::new();
            for table_name in asked {
                let Some(table) = table::find(read, service, &table_name)? else { continue };
                let Some(stream) = stream::find(read, table.number)? else { continue };
                streams.push(TableStream {
                    stream_id: stream.id(&table_name),
                    table_name,
                    creation_time: stream.enabled,
                });
            }
            Ok(streams)
        });
        let streams = streams.await?;
        Ok((self, streams))
    }
}

impl Emulate for DescribeStream {
    fn about(&self) -> Vec<u8> {
        self.stream_id.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, StreamDescription), Stop> {
        let describe = self.clone();
        // A partition that was split since gets its shards now.
        let described = at.write(move |write, service| {
            let (table, stream) = stream::of_id(write, service, &describe.stream_id)?;
            let state = State::current(write, &table, stream.number)?;
            let shards = state.shards.iter().map(|shard| StreamShard {
                shard_id: shard_name(shard.id),
                parent_id: shard.parent.map(shard_name),
                parent_sibling_id: None,
            });
            let mut shards: Vec<StreamShard> = shards.collect();
            if let Some(start) = describe.inclusive_start_shard_id.filter(|start| !start.is_empty()) {
                let at = shards.iter().position(|shard| shard.shard_id == start);
                shards.drain(..at.ok_or_else(|| invalid("The start shard does not exist."))?);
            }
            if describe.shard_limit == Some(0) {
                return Err(invalid("The shard limit must be greater than 0."));
            }
            let limit = describe.shard_limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
            let next_shard_id = shards.get(limit).map(|shard| shard.shard_id.clone());
            shards.truncate(limit);
            Ok(StreamDescription {
                stream_id: describe.stream_id,
                expiration_hours: hours(&table),
                table_name: state.table_name,
                creation_time: stream.enabled,
                stream_status: StreamStatus::Active,
                shards,
                next_shard_id,
            })
        });
        let described = described.await?;
        Ok((self, described))
    }
}

impl Emulate for GetShardIterator {
    fn about(&self) -> Vec<u8> {
        [self.stream_id.as_bytes(), &[0], self.shard_id.as_bytes()].concat()
    }

    async fn done(self, at: &Moments) -> Result<(Self, ShardIterator), Stop> {
        let (get, now) = (self.clone(), at.now);
        let place = at.read(move |read, service| {
            let (table, stream) = stream::of_id(read, service, &get.stream_id)?;
            // An answer is always final, so nobody has a token.
            if get.token.is_some_and(|token| !token.is_empty()) {
                return Err(invalid("The token is invalid."));
            }
            let state = State::find(read, stream.number)?.ok_or_else(trimmed)?;
            let shard = state.shards.iter().find(|shard| is_shard(&get.shard_id, shard.id));
            let shard = shard.ok_or_else(|| Refusal::new(Code::ObjectNotExist, "Requested shard does not exist."))?.id;
            let place = get.timestamp.unwrap_or(0).max(horizon(&table, now));
            Ok(Place { stream: stream.number, shard, place })
        });
        let place = place.await?;
        Ok((self, ShardIterator { shard_iterator: place.to_text(), next_token: None }))
    }
}

impl Emulate for GetStreamRecord {
    fn about(&self) -> Vec<u8> {
        self.shard_iterator.clone().into_bytes()
    }

    async fn done(self, at: &Moments) -> Result<(Self, StreamRecords), Stop> {
        let place = Place::read(&self.shard_iterator).ok_or_else(|| invalid("The shard iterator is invalid."))?;
        if self.limit == Some(0) {
            return Err(invalid("The limit must be greater than 0.").into());
        }
        let (get, now) = (self.clone(), at.now);
        let page = at.read(move |read, service| {
            let limit = get.limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(RECORDS).min(RECORDS);
            if let Some(name) = &get.table_name {
                check::table_name(name)?;
            }
            records(read, service, place, limit, now)
        });
        let page = page.await?;
        Ok((self, page))
    }
}

fn records(
    view: &impl View,
    service: &TableStore,
    from: Place,
    limit: usize,
    now: i64,
) -> Result<StreamRecords, Refusal> {
    let state = State::find(view, from.stream)?.ok_or_else(trimmed)?;
    let table = table::find(view, service, &state.table_name)?.ok_or_else(trimmed)?;
    // A stream that was switched off, or whose table was deleted, may not have gone yet.
    stream::find(view, table.number)?.filter(|stream| stream.number == from.stream).ok_or_else(trimmed)?;
    let shard = state.shard(from.shard).ok_or_else(trimmed)?;
    let gone = table::number_at(view, &trimmed_key(from.stream, from.shard))?;
    let horizon = horizon(&table, now);

    let mut page = StreamRecords { may_more_record: Some(false), ..StreamRecords::default() };
    let (mut size, mut last, mut refused) = (0, None, None);
    let (lower, upper) =
        (record_key(from.stream, from.shard, from.place), record_key(from.stream, from.shard, i64::MAX));
    let oldest_is_gone = u64::try_from(from.place).is_ok_and(|place| place > 0 && place <= gone);
    view.scan(lower.as_slice()..upper.as_slice(), Order::Forward, &mut |key, bytes| {
        if page.records.len() >= limit || size >= BYTES {
            page.may_more_record = Some(true);
            return ControlFlow::Break(());
        }
        let place = place_of(key);
        match load(bytes) {
            Ok(record) if place >= horizon => page.records.push(record),
            Ok(_) => refused = Some(trimmed()),
            Err(refusal) => refused = Some(refusal),
        }
        size += bytes.len();
        last = Some(place);
        if refused.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if let Some(refusal) = refused.or_else(|| oldest_is_gone.then(trimmed)) {
        return Err(refusal);
    }
    page.consumed = Some(CapacityUnit::new(units(size), 0));
    // After the last record, or on from where nothing has been missed yet.
    let place = last.map_or(from.place.max(horizon), |last| last.saturating_add(1));
    let at_end = shard.ended && page.may_more_record == Some(false);
    page.next_shard_iterator = (!at_end).then(|| Place { place, ..from }.to_text());
    Ok(page)
}

/// The official SDKs' tests have code and text.
fn trimmed() -> Refusal {
    Refusal::new(Code::TrimmedDataAccess, "Requested stream data is already trimmed or does not exist.")
}
