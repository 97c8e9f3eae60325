//! Writing any number of rows.

use campaign_client::{Class, Error, Result};

use super::run::{Many, run};
use crate::{
    BatchWriteRow, Client, DeleteRow, PrimaryKey, PutRow, RowChange, RowWrite, UpdateRow, Written,
    op::batch_write_row::MAX_ROWS, plain_buffer::Encode,
};

/// Encoded bytes of what stands around a row in a call, at most: its place, its kind and a condition without columns.
const AROUND: usize = 32;

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
    run(client, &Writes { table_name: table_name.to_owned() }, rows).await
}

/// BatchWriteRow of one table.
#[derive(Debug)]
pub(crate) struct Writes {
    pub(crate) table_name: String,
}

/// What a row takes in a call.
pub(crate) fn bytes(row: &RowWrite) -> usize {
    row.change.encoded_len() + AROUND
}

impl Many for Writes {
    type Call = BatchWriteRow;
    type Row = RowWrite;
    type Output = Written;
    const MOST: usize = MAX_ROWS;

    fn key(row: &RowWrite) -> &PrimaryKey {
        row.primary_key()
    }

    fn bytes(row: &RowWrite) -> usize {
        bytes(row)
    }

    fn class(row: &RowWrite) -> Class {
        row.class()
    }

    fn call(&self, rows: Vec<RowWrite>) -> BatchWriteRow {
        BatchWriteRow::new(self.table_name.clone(), rows)
    }

    fn rows(call: BatchWriteRow) -> Vec<RowWrite> {
        call.tables.into_iter().flat_map(|table| table.rows).collect()
    }

    async fn settle(&self, client: &Client, row: RowWrite, conflict: Error) -> Result<Written> {
        let RowWrite { change, condition, return_content } = row;
        match change {
            RowChange::Put(row) => {
                let put = PutRow { condition, return_content, ..PutRow::new(self.table_name.clone(), row) };
                client.settle(&put, conflict).await
            }
            RowChange::Update(row) => {
                let update = UpdateRow { condition, return_content, ..UpdateRow::new(self.table_name.clone(), row) };
                client.settle(&update, conflict).await
            }
            RowChange::Delete(key) => {
                let delete = DeleteRow { condition, return_content, ..DeleteRow::new(self.table_name.clone(), key) };
                client.settle(&delete, conflict).await
            }
        }
    }
}
