//! Any number of rows by their keys.

use std::fmt;

use campaign_client::Result;
use futures_core::Stream;
use futures_util::{FutureExt, StreamExt, stream};
use serde::de::DeserializeOwned;

use super::decode::Decode;
use crate::{Client, GetRow, PrimaryKey, Row, TableReads, batch, op::batch_get_row::MAX_ROWS};

/// Calls under way at once unless it is said otherwise.
const IN_FLIGHT: usize = 8;

/// Reads any number of rows of a table by their keys: BatchGetRow of up to 100 keys each, some calls at once.
///
/// Each key has a result of its own, in the order of the keys: the row, `None` if there is none, or the error that is left
/// when the client's attempts are used up. One row that fails holds no other up. Keys are taken as calls are made, and results
/// made as they are asked for: what is in memory is bounded by the calls at once, however many keys there are.
///
/// ```
/// use campaign_tablestore::{BulkReader, Client, PrimaryKey, TableReads};
/// use futures_util::StreamExt;
///
/// # async fn example(client: &Client, ids: Vec<String>) -> campaign_client::Result<()> {
/// let reader = BulkReader::new(client, TableReads::new("entries", []).column("email"));
/// let mut found = reader.rows(ids.into_iter().map(|id| PrimaryKey::new().with("id", id)));
/// while let Some((key, row)) = found.next().await {
///     match row? {
///         Some(row) => println!("{:?}", row.get("email").is_some()),
///         None => println!("there is no {key:?}"),
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BulkReader {
    client: Client,
    reads: TableReads,
    in_flight: usize,
}

impl BulkReader {
    /// Reads as `reads` says: its table, columns, versions and filter. Keys in it are passed over.
    #[must_use]
    pub fn new(client: &Client, mut reads: TableReads) -> Self {
        reads.primary_keys.clear();
        reads.tokens.clear();
        Self { client: client.clone(), reads, in_flight: IN_FLIGHT }
    }

    /// The same with so many calls at once, 8 by default, at least 1. Each answers up to 4 MB.
    #[must_use]
    pub fn in_flight(mut self, calls: usize) -> Self {
        self.in_flight = calls.max(1);
        self
    }

    /// The rows of these keys, each with its key, in their order.
    ///
    /// # Errors
    /// Each row's own: what [`BatchGetRow`](crate::BatchGetRow) fails with, for all of its rows or for this one.
    pub fn rows<I>(&self, keys: I) -> impl Stream<Item = (PrimaryKey, Result<Option<Row>>)> + Send + Unpin + use<I>
    where
        I: IntoIterator<Item = PrimaryKey, IntoIter: Send>,
    {
        self.run(stream::iter(keys), Decode::untyped())
    }

    /// The same as values of a type; see [`GetRange::rows_as`](crate::GetRange::rows_as). Keys of an
    /// [`Entity`](crate::Entity) are made by [`Entity::key`](crate::Entity::key).
    pub fn rows_as<T, I>(
        &self,
        keys: I,
    ) -> impl Stream<Item = (PrimaryKey, Result<Option<T>>)> + Send + Unpin + use<T, I>
    where
        T: DeserializeOwned + Send,
        I: IntoIterator<Item = PrimaryKey, IntoIter: Send>,
    {
        self.run(stream::iter(keys), Decode::typed())
    }

    /// The rows of keys that come as a stream, the keys of another table's rows for example. A call takes the keys that are
    /// there, up to 100, and waits for no others.
    pub fn rows_of<K>(&self, keys: K) -> impl Stream<Item = (PrimaryKey, Result<Option<Row>>)> + Send + Unpin + use<K>
    where
        K: Stream<Item = PrimaryKey> + Send,
    {
        self.run(keys, Decode::untyped())
    }

    fn run<T, K>(
        &self,
        keys: K,
        decode: Decode<T>,
    ) -> impl Stream<Item = (PrimaryKey, Result<Option<T>>)> + Send + Unpin + use<T, K>
    where
        T: Send,
        K: Stream<Item = PrimaryKey> + Send,
    {
        let Self { client, reads, in_flight } = self.clone();
        let call = move |keys: Vec<PrimaryKey>| read(client.clone(), reads.clone(), keys).boxed();
        let typed = move |(key, row): (PrimaryKey, Result<Option<Row>>)| {
            (key, row.and_then(|row| row.map(decode.of_row).transpose()))
        };
        Box::pin(keys.ready_chunks(MAX_ROWS).map(call).buffered(in_flight).flat_map(stream::iter).map(typed))
    }
}

impl fmt::Debug for BulkReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BulkReader")
            .field("reads", &self.reads)
            .field("in_flight", &self.in_flight)
            .finish_non_exhaustive()
    }
}

/// The rows of keys that fit one call.
async fn read(client: Client, reads: TableReads, keys: Vec<PrimaryKey>) -> Vec<(PrimaryKey, Result<Option<Row>>)> {
    let call = TableReads { primary_keys: keys.clone(), ..reads.clone() };
    let mut rows = Vec::with_capacity(keys.len());
    for (key, found) in keys.into_iter().zip(batch::get_rows(&client, call).await) {
        let row = match found {
            Ok(output) if output.next_token.is_none() => Ok(output.row),
            // So wide that it goes on behind what came of it.
            Ok(output) => get(&reads, &key).rest(&client, output).await.map(|output| output.row),
            Err(error) => Err(error),
        };
        rows.push((key, row));
    }
    rows
}

/// The same read of one row.
fn get(reads: &TableReads, key: &PrimaryKey) -> GetRow {
    GetRow {
        columns_to_get: reads.columns_to_get.clone(),
        time_range: reads.time_range,
        max_versions: reads.max_versions,
        filter: reads.filter.clone(),
        start_column: reads.start_column.clone(),
        end_column: reads.end_column.clone(),
        ..GetRow::new(&reads.table_name, key.clone())
    }
}
