//! What UpdateRow does to the columns.

use campaign_tablestore::server::Refusal;
use campaign_tablestore::{CellChange, Column, Name, Value};

use super::value_size;
use crate::tablestore::check::invalid;

/// The bytes that a change carries.
pub(crate) fn size(change: &CellChange) -> usize {
    let value = match change {
        CellChange::Put(column) => value_size(&column.value),
        CellChange::Increment { .. } | CellChange::DeleteVersion { .. } => 8,
        CellChange::DeleteAll { .. } => 0,
    };
    change.name().len() + value
}

/// The columns after the changes, and those that were incremented. The changes are made in their order.
pub(crate) fn apply(
    mut columns: Vec<Column>,
    changes: Vec<CellChange>,
    now: i64,
) -> Result<(Vec<Column>, Vec<Column>), Refusal> {
    let mut counted: Vec<Column> = Vec::new();
    let mut others: Vec<Name> = Vec::new();
    for change in changes {
        let name = change.name().clone();
        let increments = matches!(change, CellChange::Increment { .. });
        let was_counted = counted.iter().any(|column| column.name == name);
        if was_counted || (increments && others.contains(&name)) {
            return Err(invalid(format!("The column '{name}' is incremented and changed otherwise in one request.")));
        }
        match change {
            CellChange::Put(column) => {
                put(&mut columns, Column { timestamp: Some(column.timestamp.unwrap_or(now)), ..column });
            }
            CellChange::DeleteAll { name } => columns.retain(|column| column.name != name),
            CellChange::DeleteVersion { name, timestamp } => {
                columns.retain(|column| column.name != name || column.timestamp != Some(timestamp));
            }
            CellChange::Increment { name, by } => {
                let column = increment(&columns, name, by, now)?;
                counted.push(column.clone());
                put(&mut columns, column);
            }
        }
        if !increments {
            others.push(name);
        }
    }
    Ok((columns, counted))
}

fn put(columns: &mut Vec<Column>, column: Column) {
    columns.retain(|other| other.name != column.name || other.timestamp != column.timestamp);
    columns.push(column);
}

/// A missing column counts from 0.
fn increment(columns: &[Column], name: Name, by: i64, now: i64) -> Result<Column, Refusal> {
    let newest = columns.iter().filter(|column| column.name == name).max_by_key(|column| column.timestamp);
    let (value, last) = match newest.map(|column| (&column.value, column.timestamp)) {
        None => (0, None),
        Some((Value::Integer(value), last)) => (*value, last),
        Some(_) => return Err(invalid(format!("The column '{name}' to increment is not an INTEGER."))),
    };
    let value = value.checked_add(by).ok_or_else(|| invalid(format!("Incrementing the column '{name}' overflows.")))?;
    // The sum is the newest version even where a version of a later time was written before.
    Ok(Column { name, value: Value::Integer(value), timestamp: Some(now.max(last.unwrap_or(now))) })
}
