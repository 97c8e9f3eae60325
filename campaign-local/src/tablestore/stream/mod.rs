//! The stream of a table's changes as it is kept: which table it follows, its shards, its records.
//!
//! A stream has a number of its own, and all that belongs to it stands under that number, so that it goes as the rows of a
//! deleted table go. A shard holds the changes of one partition; when a partition is split, its shard ends and two others
//! begin, whose parent it is. A record's place is its time in microseconds, which no other record of the stream has.
//!
//! Sources: service documents "ListStream", "DescribeStream", "GetShardIterator", "GetStreamRecord", "Stream".

pub(super) mod calls;
pub(super) mod follow;
pub(super) mod shard_iterator;

use campaign_tablestore::schema::{StreamDetails, StreamSpecification};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Code, KeyColumn, KeyValue, Name, PrimaryKey, TableStore};
use serde::{Deserialize, Serialize};

use crate::store::{View, Write, space};
use crate::tablestore::check::invalid;
use crate::tablestore::row::key::row_key;
use crate::tablestore::table::{self, REMOVING, Table, unreadable};

/// Hours that changes are kept at most, and unless the table says otherwise (service document "StreamSpecification").
const MOST_HOURS: u32 = 168;
const HOURS: u32 = 24;
const HOUR: i64 = 3_600_000_000;

/// The stream of a table.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    /// What is kept of it stands under this number; never given to a second stream, table or index.
    pub(crate) number: u64,
    /// In microseconds since 1970.
    pub(crate) enabled: i64,
}

/// What is kept of a stream beside its records.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct State {
    pub(crate) table_name: String,
    /// How many points divide the table in these shards.
    points: usize,
    /// In the order in which they began.
    pub(crate) shards: Vec<Shard>,
}

/// The changes of one partition.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Shard {
    pub(crate) id: u64,
    pub(crate) parent: Option<u64>,
    /// The partition is no more: it was split.
    pub(crate) ended: bool,
    /// The first partition key of the partition, as keys of rows have it.
    begin: Vec<u8>,
}

/// Where a table's stream is kept.
pub(crate) fn link_key(table: u64) -> Vec<u8> {
    [&[space::TABLES, b's'], table.to_be_bytes().as_slice()].concat()
}

/// What all keys of a stream begin with.
pub(crate) fn stream_prefix(number: u64) -> Vec<u8> {
    [&[space::STREAMS], number.to_be_bytes().as_slice()].concat()
}

fn state_key(number: u64) -> Vec<u8> {
    [stream_prefix(number), b"s".to_vec()].concat()
}

/// Where the place of the last record is kept.
fn last_key(number: u64) -> Vec<u8> {
    [stream_prefix(number), b"l".to_vec()].concat()
}

/// Where the place of the last record of a shard that is kept no longer is kept.
pub(crate) fn trimmed_key(number: u64, shard: u64) -> Vec<u8> {
    [stream_prefix(number), b"t".to_vec(), shard.to_be_bytes().to_vec()].concat()
}

/// Where the record at `place` is kept.
pub(crate) fn record_key(number: u64, shard: u64, place: i64) -> Vec<u8> {
    let place = u64::try_from(place).unwrap_or(0);
    [stream_prefix(number), b"r".to_vec(), shard.to_be_bytes().to_vec(), place.to_be_bytes().to_vec()].concat()
}

/// The place in the key of a record.
pub(crate) fn place_of(key: &[u8]) -> i64 {
    let place = key.last_chunk().map_or(0, |place| u64::from_be_bytes(*place));
    i64::try_from(place).unwrap_or(i64::MAX)
}

/// The stream of this table, if it has one.
pub(crate) fn find(view: &impl View, table: u64) -> Result<Option<Stream>, Refusal> {
    let Some(bytes) = view.get(&link_key(table))? else { return Ok(None) };
    let (number, rest) = bytes.split_first_chunk().ok_or_else(unreadable)?;
    let enabled = rest.first_chunk().ok_or_else(unreadable)?;
    Ok(Some(Stream { number: u64::from_be_bytes(*number), enabled: i64::from_be_bytes(*enabled) }))
}

/// The table and the stream of this id.
pub(crate) fn of_id(view: &impl View, service: &TableStore, id: &str) -> Result<(Table, Stream), Refusal> {
    let name = id.rsplit_once('_').map_or("", |(name, _)| name);
    let Some(table) = table::find(view, service, name)? else { return Err(no_such_stream()) };
    let stream = find(view, table.number)?.filter(|stream| stream.id(name) == id);
    Ok((table, stream.ok_or_else(no_such_stream)?))
}

fn no_such_stream() -> Refusal {
    // No document has the text.
    Refusal::new(Code::ObjectNotExist, "Requested stream does not exist.")
}

/// Switches the stream of a new or changed table on or off as `spec` says.
pub(crate) fn set(
    write: &mut Write<'_>,
    table: &mut Table,
    spec: StreamSpecification,
    now: i64,
) -> Result<(), Refusal> {
    let hours = spec.expiration_hours.unwrap_or(HOURS);
    if spec.enable_stream && !(1..=MOST_HOURS).contains(&hours) {
        return Err(invalid(format!("The stream expiration time must be in range: [1, {MOST_HOURS}].")));
    }
    match find(write, table.number)? {
        Some(_) if spec.enable_stream => {}
        None if spec.enable_stream => {
            let stream = Stream { number: table::next_number(write)?, enabled: now.saturating_mul(1000) };
            let link = [stream.number.to_be_bytes(), stream.enabled.to_be_bytes()].concat();
            write.put(link_key(table.number), link);
            let table_name = table.request.table_meta.table_name.clone();
            let first = Shard { id: 0, parent: None, ended: false, begin: Vec::new() };
            let mut state = State { table_name, points: 0, shards: vec![first] };
            // The partitions that a table has from the start come from no other.
            state.divide(table);
            state.shards.retain(|shard| !shard.ended);
            state.shards.iter_mut().for_each(|shard| shard.parent = None);
            state.keep(write, stream.number)?;
        }
        _ => remove(write, table.number)?,
    }
    table.request.stream_spec = Some(StreamSpecification { expiration_hours: Some(hours), ..spec });
    Ok(())
}

/// Removes the stream of this table, if it has one; what is kept of it is marked to follow.
pub(crate) fn remove(write: &mut Write<'_>, table: u64) -> Result<(), Refusal> {
    if let Some(stream) = find(write, table)? {
        write.delete(link_key(table));
        write.put([REMOVING, &stream.number.to_be_bytes()].concat(), []);
    }
    Ok(())
}

/// What DescribeTable tells of a table's stream.
pub(crate) fn details(view: &impl View, table: &Table) -> Result<Option<StreamDetails>, Refusal> {
    let Some(stream) = find(view, table.number)? else { return Ok(None) };
    let spec = table.request.stream_spec.clone().unwrap_or_default();
    Ok(Some(StreamDetails {
        enable_stream: true,
        stream_id: Some(stream.id(&table.request.table_meta.table_name)),
        expiration_hours: spec.expiration_hours,
        last_enable_time: Some(stream.enabled),
        columns_to_get: spec.columns_to_get,
    }))
}

/// How long the changes of a table are kept, in hours.
pub(crate) fn hours(table: &Table) -> u32 {
    table.request.stream_spec.as_ref().and_then(|spec| spec.expiration_hours).unwrap_or(HOURS)
}

/// Records of an earlier place than this have expired; `now` is in milliseconds.
pub(crate) fn horizon(table: &Table, now: i64) -> i64 {
    now.saturating_mul(1000).saturating_sub(i64::from(hours(table)) * HOUR).max(0)
}

impl Stream {
    /// Its id, by the name of its table.
    pub(crate) fn id(&self, table_name: &str) -> String {
        format!("{table_name}_{}", self.enabled)
    }

    /// The place of the next record: its time, or right behind the last one.
    pub(crate) fn next_place(&self, write: &mut Write<'_>, now: i64) -> Result<i64, Refusal> {
        let key = last_key(self.number);
        let last = i64::try_from(table::number_at(write, &key)?).unwrap_or(i64::MAX);
        let place = now.saturating_mul(1000).max(last.saturating_add(1));
        write.put(key, place.to_be_bytes());
        Ok(place)
    }
}

impl State {
    /// The state of the stream of this number; none if there is no such stream any more.
    pub(crate) fn find(view: &impl View, number: u64) -> Result<Option<Self>, Refusal> {
        let Some(bytes) = view.get(&state_key(number))? else { return Ok(None) };
        serde_json::from_slice(&bytes).map(Some).map_err(|_| unreadable())
    }

    /// The state of this table's stream, with the shards that its partitions ask for by now.
    pub(crate) fn current(write: &mut Write<'_>, table: &Table, number: u64) -> Result<Self, Refusal> {
        let mut state = Self::find(write, number)?.ok_or_else(unreadable)?;
        if state.points != table.request.split_points.len() {
            state.divide(table);
            state.keep(write, number)?;
        }
        Ok(state)
    }

    fn keep(&self, write: &mut Write<'_>, number: u64) -> Result<(), Refusal> {
        write.put(state_key(number), serde_json::to_vec(self).map_err(|_| unreadable())?);
        Ok(())
    }

    /// Ends the shard of each partition that was split, and begins two.
    fn divide(&mut self, table: &Table) {
        for point in &table.request.split_points {
            let begin = partition_begin(point);
            let at = self.open_at(&begin);
            let Some(parent) = self.shards.get_mut(at).filter(|shard| shard.begin != begin) else { continue };
            parent.ended = true;
            let (parent, lower) = (Some(parent.id), parent.begin.clone());
            for begin in [lower, begin] {
                let id = self.shards.len() as u64;
                self.shards.push(Shard { id, parent, ended: false, begin });
            }
        }
        self.points = table.request.split_points.len();
    }

    /// The index of the shard that takes the changes of the rows that begin so.
    fn open_at(&self, key: &[u8]) -> usize {
        let open = self.shards.iter().enumerate().filter(|(_, shard)| !shard.ended && *shard.begin <= *key);
        open.max_by(|(_, a), (_, b)| a.begin.cmp(&b.begin)).map_or(0, |(at, _)| at)
    }

    /// The id of the shard that takes the changes of the row of `key`.
    pub(crate) fn shard_of(&self, key: &PrimaryKey) -> u64 {
        let first = key.columns().first().map(|column| partition_begin(&column.value)).unwrap_or_default();
        self.shards.get(self.open_at(&first)).map_or(0, |shard| shard.id)
    }

    /// The shard of this id.
    pub(crate) fn shard(&self, id: u64) -> Option<&Shard> {
        self.shards.iter().find(|shard| shard.id == id)
    }
}

/// A partition key as bytes in its order.
fn partition_begin(value: &KeyValue) -> Vec<u8> {
    let column = KeyColumn { value: value.clone(), name: Name::from_static("first") };
    row_key(0, &PrimaryKey::from_iter([column]))
}
