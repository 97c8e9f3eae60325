//! Reading any number of rows.

use bytes::Bytes;
use campaign_client::{Class, Error, Result};

use super::run::{Many, run};
use crate::{
    BatchGetRow, Client, GetRowOutput, PrimaryKey, TableReads, op::batch_get_row::MAX_ROWS, plain_buffer::Encode,
};

/// Reads any number of rows of a table, as `reads` says; the results are in the order of its keys. See the
/// [module](crate::batch) for what is sent again.
///
/// ```
/// use campaign_tablestore::{Client, PrimaryKey, TableReads, batch};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let keys = (0..1000).map(|n| PrimaryKey::new().with("id", n));
/// for found in batch::get_rows(client, TableReads::new("numbers", keys).column("square")).await {
///     if let Some(row) = found?.row {
///         println!("{:?}", row.get("square"));
///     }
/// }
/// # Ok(())
/// # }
/// ```
pub async fn get_rows(client: &Client, mut reads: TableReads) -> Vec<Result<GetRowOutput>> {
    let keys = std::mem::take(&mut reads.primary_keys);
    let tokens = std::mem::take(&mut reads.tokens).into_iter().map(Some).chain(std::iter::repeat(None));
    let rows = keys.into_iter().zip(tokens).map(|(key, token)| (key, token.unwrap_or_default())).collect();
    run(client, &reads, rows).await
}

/// A key, and where to go on in a wide row, or nothing.
type Read = (PrimaryKey, Bytes);

impl Many for TableReads {
    type Call = BatchGetRow;
    type Row = Read;
    type Output = GetRowOutput;
    type Key<'a> = &'a PrimaryKey;
    const MOST: usize = MAX_ROWS;

    fn key(row: &Read) -> Option<&PrimaryKey> {
        Some(&row.0)
    }

    fn bytes(row: &Read) -> usize {
        row.0.encoded_len() + row.1.len()
    }

    fn class(_: &Read) -> Class {
        Class::Read
    }

    fn call(&self, rows: Vec<Read>) -> BatchGetRow {
        let mut table = self.clone();
        let goes_on = rows.iter().any(|(_, token)| !token.is_empty());
        (table.primary_keys, table.tokens) = rows.into_iter().unzip();
        if !goes_on {
            table.tokens.clear();
        }
        BatchGetRow::new(table)
    }

    fn rows(call: BatchGetRow) -> Vec<Read> {
        let table = call.tables.into_iter().flat_map(|table| {
            let tokens = table.tokens.into_iter().chain(std::iter::repeat(Bytes::new()));
            table.primary_keys.into_iter().zip(tokens)
        });
        table.collect()
    }

    async fn settle(&self, _: &Client, _: Read, conflict: Error) -> Result<GetRowOutput> {
        Err(conflict)
    }
}
