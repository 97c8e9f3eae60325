//! Writing any number of rows.

use std::hash::RandomState;

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;

use super::run::{Many, run};
use crate::{
    BatchWriteRow, Client, DeleteRow, PutRow, RowChange, RowResults, RowWrite, TableStore, UpdateRow, Written,
    op::batch_write_row::{MAX_ROWS, read_answer},
    wire,
};

/// Writes any number of rows of a table; the results are in their order. See the [module](crate::batch) for what is sent
/// again and what is not.
///
/// The calls are made one after another; [`BulkWriter`](crate::BulkWriter) makes many at once, of rows that come one by one.
///
/// ```
/// use campaign_tablestore::{Client, PrimaryKey, Row, RowWrite, batch};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let rows = (0..1000).map(|n| RowWrite::put(Row::new(PrimaryKey::new().with("id", n)).with("square", n * n)));
/// for (n, result) in batch::write_rows(client, "numbers", rows.collect()).await.into_iter().enumerate() {
///     if let Err(error) = result {
///         println!("{n} was not written{}: {error}", if error.outcome_unknown() { ", or was" } else { "" });
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub async fn write_rows(client: &Client, table_name: &str, rows: Vec<RowWrite>) -> Vec<Result<Written>> {
    let table = Writes::new(table_name);
    // A row that no table takes fails alone.
    let (mut encoded, mut refused) = (Vec::with_capacity(rows.len()), Vec::with_capacity(rows.len()));
    for row in rows {
        refused.push(table.encode(row).map(|row| encoded.push(row)).err());
    }
    let mut written = run(client, &table, encoded).await.into_iter();
    refused.into_iter().filter_map(|refused| refused.map_or_else(|| written.next(), |error| Some(Err(error)))).collect()
}

/// Writes to one table.
#[derive(Debug)]
pub(crate) struct Writes {
    table_name: String,
    /// What keys are told apart by.
    marks: RandomState,
}

/// A row as it stands in a call. It is encoded once, however often it is sent, and takes much less room than the row.
#[derive(Debug)]
pub(crate) struct Encoded {
    /// The fields of `RowInBatchWriteRowRequest`.
    bytes: Bytes,
    /// That of its key; none if the service completes the key.
    mark: Option<u64>,
    class: Class,
    /// The row, if a conflict may have to be settled by reading it back.
    row: Option<Box<RowWrite>>,
}

/// Encoded bytes of what stands around a row in a call, at most: its tag and its length.
const AROUND: usize = 6;

impl Encoded {
    /// The bytes that it takes in a call.
    pub(crate) fn len(&self) -> usize {
        self.bytes.len() + AROUND
    }

    /// The bytes of memory that it takes, about.
    pub(crate) fn held(&self) -> usize {
        const OVERHEAD: usize = 256;
        let copies = if self.row.is_some() { 4 } else { 1 };
        OVERHEAD + copies * self.bytes.len()
    }
}

impl Writes {
    pub(crate) fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), marks: RandomState::new() }
    }

    /// Encodes a row; an error if no table takes it.
    pub(crate) fn encode(&self, row: RowWrite) -> Result<Encoded> {
        let bytes = row.check().and_then(|condition| wire::message(|w| row.write(&condition, w)));
        let bytes = bytes.map_err(|error| error.with_operation(BatchWriteRow::NAME))?;
        let (key, class) = (row.primary_key(), row.class());
        let mark = (!key.has_auto_increment()).then(|| key.mark(&self.marks));
        Ok(Encoded { bytes, mark, class, row: (class == Class::Conditional).then(|| Box::new(row)) })
    }
}

/// [`BatchWriteRow`] of rows of one table that are encoded already.
#[derive(Debug)]
pub(crate) struct Call {
    table_name: String,
    rows: Vec<Encoded>,
}

impl Operation for Call {
    type Service = TableStore;
    type Output = RowResults<Written>;
    const NAME: &'static str = BatchWriteRow::NAME;

    fn class(&self) -> Class {
        if self.rows.iter().all(|row| row.class == Class::Idempotent) { Class::Idempotent } else { Class::Once }
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        let body = wire::message(|w| {
            w.nested(1, |w| {
                w.string(1, &self.table_name);
                self.rows.iter().for_each(|row| w.bytes(2, &row.bytes));
            });
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, response: &response::Parts, body: Bytes) -> Result<RowResults<Written>> {
        read_answer([(self.table_name.as_str(), self.rows.len())].into_iter(), response, body)
    }
}

impl Many for Writes {
    type Call = Call;
    type Row = Encoded;
    type Output = Written;
    type Key<'a> = u64;
    const MOST: usize = MAX_ROWS;

    fn key(row: &Encoded) -> Option<u64> {
        row.mark
    }

    fn bytes(row: &Encoded) -> usize {
        row.len()
    }

    fn class(row: &Encoded) -> Class {
        row.class
    }

    fn call(&self, rows: Vec<Encoded>) -> Call {
        Call { table_name: self.table_name.clone(), rows }
    }

    fn rows(call: Call) -> Vec<Encoded> {
        call.rows
    }

    async fn settle(&self, client: &Client, row: Encoded, conflict: Error) -> Result<Written> {
        let Some(row) = row.row else { return Err(conflict) };
        let RowWrite { change, condition, return_content } = *row;
        let table_name = self.table_name.clone();
        match change {
            RowChange::Put(row) => {
                let put = PutRow { condition, return_content, ..PutRow::new(table_name, row) };
                client.settle(&put, conflict).await
            }
            RowChange::Update(row) => {
                let update = UpdateRow { condition, return_content, ..UpdateRow::new(table_name, row) };
                client.settle(&update, conflict).await
            }
            RowChange::Delete(key) => {
                let delete = DeleteRow { condition, return_content, ..DeleteRow::new(table_name, key) };
                client.settle(&delete, conflict).await
            }
        }
    }
}
