//! The one way a row changes: PutRow, UpdateRow, DeleteRow and every row of a batch go through
//! [`write_row`].

use campaign_tablestore::schema::CapacityUnit;
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{
    CellChange, Code, Column, Condition, KeyColumn, KeyValue, PrimaryKey, ReturnContent, Row, RowChange, StreamAction,
    Written,
};

use super::follow::{Changed, follow};
use super::update;
use crate::store::Write;
use crate::tablestore::at::At;
use crate::tablestore::check::{self, Place, bad_pattern, invalid};
use crate::tablestore::row::{self, Versions, units};
use crate::tablestore::table::{self, Table, sequence_key};
use crate::tablestore::transaction::log;

/// What is to happen to one row.
#[derive(Debug)]
pub(crate) struct RowWrite {
    pub(crate) key: PrimaryKey,
    pub(crate) change: Change,
    pub(crate) condition: Condition,
    pub(crate) return_content: Option<ReturnContent>,
}

impl RowWrite {
    /// The bytes that it carries.
    pub(crate) fn size(&self) -> usize {
        row::key_size(&self.key) + self.change.size()
    }
}

impl From<campaign_tablestore::RowWrite> for RowWrite {
    fn from(row: campaign_tablestore::RowWrite) -> Self {
        let (key, change) = match row.change {
            RowChange::Put(row) => (row.primary_key, Change::Put(row.columns)),
            RowChange::Update(row) => (row.primary_key, Change::Update(row.changes)),
            RowChange::Delete(key) => (key, Change::Delete),
        };
        Self { key, change, condition: row.condition, return_content: row.return_content }
    }
}

/// How it changes.
#[derive(Debug)]
pub(crate) enum Change {
    /// These columns and no others.
    Put(Vec<Column>),
    /// These changes, in their order.
    Update(Vec<CellChange>),
    /// It goes.
    Delete,
}

/// Changes a row of `table`. Refused, it may have left changes in `write`: whoever goes on with the same commit calls it
/// inside [`Write::nested`].
pub(crate) fn write_row(write: &mut Write<'_>, table: &Table, row: RowWrite, at: &At) -> Result<Written, Refusal> {
    let RowWrite { key, change, condition, return_content } = row;
    check::key(table, &key, if matches!(change, Change::Delete) { Place::Row } else { Place::NewRow })?;
    at.admit(table, &key)?;
    let (key, numbered) = number(write, table, key)?;
    let before = row::find(write, table, &key, at)?;
    change.check(table, at.now)?;
    if numbered && condition != Condition::ignore() {
        return Err(invalid("Can't set condition when modify row with pk auto increment."));
    }
    // Existence first, then the columns; both in this commit.
    match condition.holds(before.as_ref()) {
        Ok(true) => {}
        Ok(false) => return Err(Refusal::new(Code::ConditionCheckFail, "Condition check failed.")),
        Err(_) => return Err(bad_pattern()),
    }
    let bytes = row::key_size(&key) + change.size();
    check::data(change.operation(), bytes)?;
    if at.transaction.is_some() {
        log::add(write, log::entry(&key, &change, at.now), bytes)?;
    }
    let action = change.action();
    let asked = if table.has_stream() { change.cells() } else { Vec::new() };
    let Effect { columns, counted } = change.apply(before.as_ref(), at.now)?;
    let after = columns.map(|mut columns| {
        Versions::of(table, at.now).prune(&mut columns);
        Row { primary_key: key.clone(), columns }
    });
    let returned = returned(return_content.as_ref(), &key, &counted)?;
    let cells = settled(asked, &counted, at.now);
    let (before, after) = (before.as_ref(), after.as_ref());
    follow(write, &Changed { table, key: &key, before, after, action, cells: &cells, now: at.now })?;
    Ok(Written { consumed: consumed(&condition, bytes), row: returned })
}

/// What a change makes of a row.
struct Effect {
    /// None: there is no row.
    columns: Option<Vec<Column>>,
    /// The columns that were incremented.
    counted: Vec<Column>,
}

impl Change {
    /// The operation that asks for it.
    const fn operation(&self) -> &'static str {
        match self {
            Self::Put(_) => "PutRow",
            Self::Update(_) => "UpdateRow",
            Self::Delete => "DeleteRow",
        }
    }

    const fn action(&self) -> StreamAction {
        match self {
            Self::Put(_) => StreamAction::PutRow,
            Self::Update(_) => StreamAction::UpdateRow,
            Self::Delete => StreamAction::DeleteRow,
        }
    }

    /// What an update asks for.
    fn cells(&self) -> Vec<CellChange> {
        match self {
            Self::Update(changes) => changes.clone(),
            Self::Put(_) | Self::Delete => Vec::new(),
        }
    }

    /// The bytes that it carries beside the key.
    fn size(&self) -> usize {
        match self {
            Self::Put(columns) => columns.iter().map(row::column_size).sum(),
            Self::Update(changes) => changes.iter().map(update::size).sum(),
            Self::Delete => 0,
        }
    }

    fn check(&self, table: &Table, now: i64) -> Result<(), Refusal> {
        match self {
            Self::Put(columns) => check::columns(table, now, columns.iter(), columns.iter().map(|column| &column.name)),
            Self::Update(changes) if changes.is_empty() => Err(invalid("Attribute column is missing.")),
            Self::Update(_) if table.request.table_options.allow_update == Some(false) => {
                Err(invalid("UpdateRow is not allowed for this table."))
            }
            Self::Update(changes) => {
                let put = changes.iter().filter_map(|change| match change {
                    CellChange::Put(column) => Some(column),
                    _ => None,
                });
                check::columns(table, now, put, changes.iter().map(CellChange::name))
            }
            Self::Delete => Ok(()),
        }
    }

    fn apply(self, before: Option<&Row>, now: i64) -> Result<Effect, Refusal> {
        match self {
            Self::Put(mut columns) => {
                columns.iter_mut().for_each(|column| {
                    column.timestamp.get_or_insert(now);
                });
                Ok(Effect { columns: Some(columns), counted: Vec::new() })
            }
            Self::Update(changes) => {
                let writes = |change: &CellChange| matches!(change, CellChange::Put(_) | CellChange::Increment { .. });
                // Deleting columns of a row that is not there does not make one (service document "UpdateRow").
                let is_a_row = before.is_some() || changes.iter().any(writes);
                let columns = before.map(|row| row.columns.clone()).unwrap_or_default();
                let (columns, counted) = update::apply(columns, changes, now)?;
                Ok(Effect { columns: is_a_row.then_some(columns), counted })
            }
            Self::Delete => Ok(Effect { columns: None, counted: Vec::new() }),
        }
    }
}

/// The key with the number that the service chooses, if it is to choose one.
fn number(write: &mut Write<'_>, table: &Table, key: PrimaryKey) -> Result<(PrimaryKey, bool), Refusal> {
    if !key.columns().iter().any(|column| column.value == KeyValue::AutoIncrement) {
        return Ok((key, false));
    }
    let at = sequence_key(table.number);
    let next = table::number_at(write, &at)? + 1;
    write.put(at, next.to_be_bytes());
    let next = i64::try_from(next).map_err(|_| invalid("The auto increment column has no number left."))?;
    let chosen = |column: KeyColumn| match column.value {
        KeyValue::AutoIncrement => KeyColumn { value: KeyValue::Integer(next), ..column },
        _ => column,
    };
    Ok((key.into_columns().into_iter().map(chosen).collect(), true))
}

/// What became of the cells that an update `asked` for: each has its version, and an increment is its sum.
fn settled(asked: Vec<CellChange>, counted: &[Column], now: i64) -> Vec<CellChange> {
    let settle = |change| match change {
        CellChange::Put(column) => {
            CellChange::Put(Column { timestamp: Some(column.timestamp.unwrap_or(now)), ..column })
        }
        CellChange::Increment { ref name, .. } => {
            counted.iter().find(|column| column.name == *name).cloned().map_or(change, CellChange::Put)
        }
        deletion => deletion,
    };
    asked.into_iter().map(settle).collect()
}

/// A write costs what it carries; a condition costs a read.
fn consumed(condition: &Condition, bytes: usize) -> CapacityUnit {
    CapacityUnit::new(u32::from(*condition != Condition::ignore()), units(bytes))
}

/// What the caller asked to have back. `counted` are the columns that were incremented.
fn returned(content: Option<&ReturnContent>, key: &PrimaryKey, counted: &[Column]) -> Result<Option<Row>, Refusal> {
    match content {
        None => Ok(None),
        Some(ReturnContent::PrimaryKey) => Ok(Some(Row::new(key.clone()))),
        Some(ReturnContent::AfterModify(names)) => {
            let is_counted = |name: &&campaign_tablestore::Name| counted.iter().any(|column| column.name == **name);
            if let Some(name) = names.iter().find(|name| !is_counted(name)) {
                return Err(invalid(format!("The column '{name}' to return is not incremented.")));
            }
            let columns = counted.iter().filter(|column| names.contains(&column.name)).cloned().collect();
            Ok(Some(Row { primary_key: key.clone(), columns }))
        }
    }
}
