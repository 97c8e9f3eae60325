//! Reads the changes of a table: all shards, parents before children, from a checkpoint on.

use std::{collections::VecDeque, time::Duration};

use campaign_client::{Error, ErrorKind, Result};
use futures_core::Stream;
use futures_util::{TryStreamExt, stream};

use super::{ShardPosition, StreamCheckpoint, StreamRecord};
use crate::{Client, DescribeStream, GetShardIterator, GetStreamRecord, ListStream, StreamShard};

/// Reads the changes of a table that has a stream (service documents "DescribeStream" and "GetStreamRecord").
///
/// Changes of one partition key come in the order in which they were made: a shard is begun when its parents have been read
/// to their ends. Changes of different partition keys come in any order. Whoever keeps the
/// [checkpoint](StreamBatch::checkpoint) of a batch once it has dealt with it sees every change at least once.
///
/// ```
/// use campaign_tablestore::{Client, StreamCheckpoint, StreamReader};
/// use futures_util::TryStreamExt;
///
/// # async fn deal_with(_: &campaign_tablestore::StreamRecord) {}
/// # async fn example(client: &Client, kept: Option<StreamCheckpoint>) -> campaign_client::Result<()> {
/// let mut batches = StreamReader::new("orders").checkpoint(kept).batches(client);
/// while let Some(batch) = batches.try_next().await? {
///     for record in &batch.records {
///         deal_with(record).await;
///     }
///     // Keep batch.checkpoint.
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct StreamReader {
    table_name: String,
    checkpoint: Option<StreamCheckpoint>,
    since: Option<i64>,
    limit: Option<u32>,
    wait: Option<Duration>,
}

impl StreamReader {
    /// Reads all changes of this table that its stream still has, and ends when there is no more at present.
    pub fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), checkpoint: None, since: None, limit: None, wait: None }
    }

    /// The same going on where a checkpoint says; from the start if there is none.
    #[must_use]
    pub fn checkpoint(mut self, checkpoint: Option<StreamCheckpoint>) -> Self {
        self.checkpoint = checkpoint;
        self
    }

    /// The same reading shards that were not begun from `timestamp` on, in microseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn since(mut self, timestamp: i64) -> Self {
        self.since = Some(timestamp);
        self
    }

    /// The same with at most this many changes in a batch.
    #[must_use]
    pub const fn limit(mut self, records: u32) -> Self {
        self.limit = Some(records);
        self
    }

    /// The same without an end: when there is no more at present, it asks again after `wait`.
    #[must_use]
    pub const fn follow(mut self, wait: Duration) -> Self {
        self.wait = Some(wait);
        self
    }

    /// The changes, a batch at a time; no batch is empty. The stream ends after its first error: go on from the last
    /// checkpoint.
    ///
    /// # Errors
    /// [`ErrorKind::NotFound`] if the table has no stream, or no longer the one of the checkpoint: then changes were
    /// missed, and the table itself has to be read. Otherwise what the calls fail with.
    pub fn batches(self, client: &Client) -> impl Stream<Item = Result<StreamBatch>> + Send + Unpin + use<> {
        let reading = Reading { client: client.clone(), reader: self, course: None };
        let next = |mut reading: Reading| async move { Ok(reading.next().await?.map(|batch| (batch, reading))) };
        Box::pin(stream::try_unfold(reading, next))
    }
}

/// Changes of one shard, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub struct StreamBatch {
    /// The shard.
    pub shard_id: String,
    /// The changes, at least one.
    pub records: Vec<StreamRecord>,
    /// Where to go on when they have been dealt with.
    pub checkpoint: StreamCheckpoint,
}

struct Reading {
    client: Client,
    reader: StreamReader,
    /// What is known once the stream has been found.
    course: Option<Course>,
}

struct Course {
    checkpoint: StreamCheckpoint,
    shards: Vec<StreamShard>,
    /// The shards still to be asked in this round.
    round: VecDeque<String>,
    /// Something came of this round: changes, or the end of a shard, whose children may begin.
    moved: bool,
}

impl Reading {
    async fn next(&mut self) -> Result<Option<StreamBatch>> {
        let mut course = match self.course.take() {
            Some(course) => course,
            None => self.begin().await?,
        };
        loop {
            let Some(shard_id) = course.round.pop_front() else {
                if !std::mem::take(&mut course.moved) {
                    let Some(wait) = self.reader.wait else { return Ok(None) };
                    tokio::time::sleep(wait).await;
                }
                self.describe(&mut course).await?;
                continue;
            };
            if let Some(records) = self.read(&mut course, &shard_id).await? {
                let checkpoint = course.checkpoint.clone();
                self.course = Some(course);
                return Ok(Some(StreamBatch { shard_id, records, checkpoint }));
            }
        }
    }

    /// Finds the stream.
    async fn begin(&self) -> Result<Course> {
        let table_name = &self.reader.table_name;
        let streams = self.client.send(&ListStream::of(table_name)).await?;
        let Some(found) = streams.into_iter().find(|stream| stream.table_name == *table_name) else {
            return Err(Error::new(ErrorKind::NotFound)
                .with_message("the table has no stream; switch it on when the table is made or changed"));
        };
        let checkpoint = match self.reader.checkpoint.clone() {
            Some(checkpoint) if checkpoint.stream_id != found.stream_id => {
                return Err(Error::new(ErrorKind::NotFound).with_message(
                    "the stream of the checkpoint is gone and changes were missed; read the table and begin anew",
                ));
            }
            Some(checkpoint) => checkpoint,
            None => StreamCheckpoint::new(found.stream_id),
        };
        let mut course = Course { checkpoint, shards: Vec::new(), round: VecDeque::new(), moved: false };
        self.describe(&mut course).await?;
        Ok(course)
    }

    /// Lists the shards and begins a round over those that may be read.
    async fn describe(&self, course: &mut Course) -> Result<()> {
        let mut pages = self.client.pages(DescribeStream::new(&course.checkpoint.stream_id));
        let mut shards = Vec::new();
        while let Some(page) = pages.try_next().await? {
            shards.extend(page.shards);
        }
        course.checkpoint.keep(&shards);
        course.round = course.checkpoint.readable(&shards).into();
        course.shards = shards;
        Ok(())
    }

    /// The next changes of a shard; `None` if there is none at present.
    async fn read(&self, course: &mut Course, shard_id: &str) -> Result<Option<Vec<StreamRecord>>> {
        let mut iterator = match course.checkpoint.shards.get(shard_id) {
            Some(ShardPosition::At(iterator)) => iterator.clone(),
            Some(ShardPosition::End) => return Ok(None),
            None => self.start(&course.checkpoint.stream_id, shard_id).await?,
        };
        loop {
            let get = GetStreamRecord { limit: self.reader.limit, ..GetStreamRecord::new(iterator.clone()) };
            let page = self.client.send(&get).await?;
            let position = page.next_shard_iterator.map_or(ShardPosition::End, ShardPosition::At);
            let more = page.may_more_record == Some(true);
            let goes_on = match &position {
                ShardPosition::At(next) if more && *next != iterator => Some(next.clone()),
                _ => None,
            };
            course.moved |= !page.records.is_empty() || position == ShardPosition::End;
            course.checkpoint.shards.insert(shard_id.to_owned(), position);
            if !page.records.is_empty() {
                return Ok(Some(page.records));
            }
            let Some(next) = goes_on else { return Ok(None) };
            iterator = next;
        }
    }

    /// An iterator at the start of a shard.
    async fn start(&self, stream_id: &str, shard_id: &str) -> Result<String> {
        let get = GetShardIterator { timestamp: self.reader.since, ..GetShardIterator::new(stream_id, shard_id) };
        let mut pages = self.client.pages(get);
        let mut last = None;
        while let Some(page) = pages.try_next().await? {
            last = Some(page.shard_iterator);
        }
        last.ok_or_else(|| Error::unreadable("no iterator came"))
    }
}
