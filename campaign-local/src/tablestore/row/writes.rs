//! PutRow, UpdateRow, DeleteRow.

use campaign_tablestore::op::{delete_row::DeleteRow, put_row::PutRow, update_row::UpdateRow};
use campaign_tablestore::{PrimaryKey, TableStore, Written};

use super::change::{Change, RowWrite, write_row};
use super::key::row_key;
use crate::store::Write;
use crate::tablestore::check;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::table;

impl Emulate for PutRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.row.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        let put = self.clone();
        let row = RowWrite {
            key: put.row.primary_key,
            change: Change::Put(put.row.columns),
            condition: put.condition,
            return_content: put.return_content,
        };
        let written = written(put.table_name, row, put.transaction_id, at).await?;
        Ok((self, written))
    }
}

impl Emulate for UpdateRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.row.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        let update = self.clone();
        let row = RowWrite {
            key: update.row.primary_key,
            change: Change::Update(update.row.changes),
            condition: update.condition,
            return_content: update.return_content,
        };
        let written = written(update.table_name, row, update.transaction_id, at).await?;
        Ok((self, written))
    }
}

impl Emulate for DeleteRow {
    fn about(&self) -> Vec<u8> {
        about(&self.table_name, &self.primary_key)
    }

    async fn done(self, at: &Moments) -> Result<(Self, Written), Stop> {
        let delete = self.clone();
        let row = RowWrite {
            key: delete.primary_key,
            change: Change::Delete,
            condition: delete.condition,
            return_content: delete.return_content,
        };
        let written = written(delete.table_name, row, delete.transaction_id, at).await?;
        Ok((self, written))
    }
}

fn about(table: &str, key: &PrimaryKey) -> Vec<u8> {
    [table.as_bytes(), &[0], &row_key(0, key)].concat()
}

async fn written(
    table: String,
    row: RowWrite,
    transaction: Option<String>,
    moments: &Moments,
) -> Result<Written, Stop> {
    let at = moments.at(transaction.as_deref())?;
    moments.admit(&table, &row.key).await?;
    let mut rows = moments.rows(at.transaction.is_some());
    rows.take(&table, &row.key)?;
    let name = table.clone();
    let (first, bytes) = (row.key.columns().first().map(|column| column.value.clone()), row.size());
    let then = at.clone();
    let work = move |write: &mut Write<'_>, service: &TableStore| {
        check::table_name(&table)?;
        let table = table::existing(write, service, &table)?;
        Ok((write_row(write, &table, row, &then)?, rows))
    };
    let (written, rows) = moments.change(&at, work).await?;
    drop(rows);
    if let Some(first) = first {
        moments.wrote(&name, &first, bytes).await;
    }
    Ok(written)
}
