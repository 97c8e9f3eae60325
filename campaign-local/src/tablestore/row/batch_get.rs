//! BatchGetRow: many rows, each with a result of its own.

use campaign_tablestore::op::batch_get_row::MAX_ROWS;
use campaign_tablestore::op::get_row::GetRowOutput;
use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{BatchGetRow, PrimaryKey, RowResult, RowResults, TableReads, TableStore, Token};

use super::batch_write::{Admitted, about, admitted, check_tables};
use super::wanted::{Piece, read_row, wanted};
use crate::store::Read;
use crate::tablestore::at::At;
use crate::tablestore::check::{self, invalid};
use crate::tablestore::index;
use crate::tablestore::operations::{Emulate, Moments, Stop};
use crate::tablestore::row::{self, units};

/// Bytes of the rows of one BatchGetRow (service document "BatchGetRow").
const READ_BYTES: usize = 4 << 20;

impl Emulate for BatchGetRow {
    fn about(&self) -> Vec<u8> {
        let tables = self.tables.iter();
        about(tables.flat_map(|table| table.primary_keys.iter().map(|key| (table.table_name.as_str(), key))))
    }

    async fn done(self, at: &Moments) -> Result<(Self, RowResults<GetRowOutput>), Stop> {
        if self.tables.is_empty() {
            return Err(invalid("No row specified in the request of BatchGetRow.").into());
        }
        let tables = self.tables.iter().map(|table| (table.table_name.as_str(), table.primary_keys.len()));
        // A table without rows and a row twice are answered (official Python SDK tests).
        check_tables(tables.filter(|(_, rows)| *rows > 0), MAX_ROWS)?;
        let mut taken = Vec::with_capacity(self.tables.len());
        for table in &self.tables {
            taken.push(admitted(at, &table.table_name, table.primary_keys.iter().collect()).await?);
        }
        let (get, at_once) = (self.clone(), at.at(None)?);
        let bytes = at.cloud.options.row_piece_bytes;
        let results = at.read(move |read, service| {
            let mut room = READ_BYTES;
            let tables = get.tables.into_iter().zip(taken);
            let tables = tables.map(|(table, taken)| rows_of(read, service, table, taken, &mut room, &at_once, bytes));
            Ok(RowResults { tables: tables.collect::<Result<_, _>>()? })
        });
        let results = results.await?;
        Ok((self, results))
    }
}

/// The rows of one table. That there is no such table is each row's failure.
fn rows_of(
    read: &Read,
    service: &TableStore,
    reads: TableReads,
    taken: Vec<Admitted>,
    room: &mut usize,
    at: &At,
    bytes: usize,
) -> Result<Vec<RowResult<GetRowOutput>>, Refusal> {
    check::table_name(&reads.table_name)?;
    let table = index::readable(read, service, &reads.table_name);
    let mut wanted = wanted!(reads, None, bytes);
    wanted.check()?;
    let mut tokens = reads.tokens.into_iter();
    let row = |(key, taken): (&PrimaryKey, Admitted)| {
        wanted.token = tokens.next().map(Token::from);
        taken?;
        let Piece { row, next } = read_row(read, table.as_ref().map_err(Clone::clone)?, key, &wanted, at)?;
        let size = row.as_ref().map_or(0, row::size);
        // The service does not say what becomes of rows that have no room.
        *room = room.checked_sub(size).ok_or_else(|| {
            invalid(format!("The total data size of BatchGetRow exceeds the limit, limit size: {READ_BYTES}."))
        })?;
        Ok(GetRowOutput { consumed: CapacityUnit::new(units(size), 0), row, next_token: next })
    };
    Ok(reads
        .primary_keys
        .iter()
        .zip(taken)
        .map(row)
        .map(|row: Result<_, Refusal>| row.map_err(Refusal::into_row))
        .collect())
}
