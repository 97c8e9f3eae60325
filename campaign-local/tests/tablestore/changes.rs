//! Random changes of a few rows.

use campaign_client::Result;
use campaign_tablestore::{
    Client, ColumnFilter, Condition, DeleteRow, PrimaryKey, PutRow, Row, RowUpdate, UpdateRow, Written,
};
use proptest::prelude::*;

/// One change of one of four rows.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(u8, Vec<(u8, i64)>),
    Update(u8, Vec<Cell>),
    Delete(u8),
    /// Only if a column has this value.
    Swap(u8, i64),
    /// Only if there is no such row.
    Insert(u8),
}

#[derive(Clone, Debug)]
pub(crate) enum Cell {
    Put(u8, i64),
    Delete(u8),
    Add(i64),
}

/// A change as a call.
pub(crate) enum Write {
    Put(PutRow),
    Update(UpdateRow),
    Delete(DeleteRow),
}

pub(crate) fn changes() -> impl Strategy<Value = Vec<Change>> {
    let (row, column, value) = (|| 0..4_u8, || 0..3_u8, || -2..3_i64);
    let cell = prop_oneof![
        4 => (column(), value()).prop_map(|(name, n)| Cell::Put(name, n)),
        2 => column().prop_map(Cell::Delete),
        2 => value().prop_map(Cell::Add),
    ];
    let cells = prop::collection::vec((column(), value()), 0..3);
    let change = prop_oneof![
        3 => (row(), cells).prop_map(|(id, cells)| Change::Put(id, cells)),
        5 => (row(), prop::collection::vec(cell, 1..4)).prop_map(|(id, cells)| Change::Update(id, cells)),
        2 => row().prop_map(Change::Delete),
        2 => (row(), value()).prop_map(|(id, n)| Change::Swap(id, n)),
        1 => row().prop_map(Change::Insert),
    ];
    prop::collection::vec(change, 1..40)
}

fn name(n: u8) -> &'static str {
    ["x", "y", "z"][usize::from(n)]
}

impl Change {
    /// The call that makes it; `key` is the key of each of the four rows. Some are refused.
    pub(crate) fn write(&self, table: &str, key: impl Fn(u8) -> PrimaryKey) -> Write {
        match self {
            Self::Put(n, cells) => {
                let row = cells.iter().fold(Row::new(key(*n)), |row, (at, value)| match row.get(name(*at)) {
                    Some(_) => row,
                    None => row.with(name(*at), *value),
                });
                Write::Put(PutRow::new(table, row))
            }
            Self::Update(n, cells) => {
                let update = cells.iter().fold(RowUpdate::new(key(*n)), |update, cell| match cell {
                    Cell::Put(at, value) => update.put(name(*at), *value),
                    Cell::Delete(at) => update.delete(name(*at)),
                    // A counter may be counted once in one request.
                    Cell::Add(by) => update.increment("count", *by),
                });
                Write::Update(UpdateRow::new(table, update))
            }
            Self::Delete(n) => Write::Delete(DeleteRow::new(table, key(*n))),
            Self::Swap(n, value) => {
                let is = ColumnFilter::equal("x", *value).filter_if_missing(true);
                let update = UpdateRow::new(table, RowUpdate::new(key(*n)).put("y", *value));
                Write::Update(update.condition(Condition::expect_exist().column(is)))
            }
            Self::Insert(n) => {
                let put = PutRow::new(table, Row::new(key(*n)).with("x", 1));
                Write::Put(put.condition(Condition::expect_not_exist()))
            }
        }
    }
}

impl Write {
    /// Makes the call, inside a transaction or outside.
    pub(crate) async fn send(self, client: &Client, transaction: Option<&str>) -> Result<Written> {
        let transaction_id = transaction.map(str::to_owned);
        match self {
            Self::Put(put) => client.send(&PutRow { transaction_id, ..put }).await,
            Self::Update(update) => client.send(&UpdateRow { transaction_id, ..update }).await,
            Self::Delete(delete) => client.send(&DeleteRow { transaction_id, ..delete }).await,
        }
    }
}
