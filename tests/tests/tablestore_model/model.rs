//! The naive model: what the service's documents say of rows, over a sorted map, with no thought for speed.

use std::collections::BTreeMap;

use campaign_tablestore::{
    CellChange, Code, Column, ColumnFilter, Combinator, Comparator, Condition, Filter, RowExistence, Value,
};

use crate::step::{Change, Id, RowStep};

pub(crate) const MAX_VERSIONS: usize = 2;
pub(crate) const TIME_TO_LIVE: i64 = 86_400_000;
pub(crate) const DEVIATION: i64 = 86_400_000;

/// A column's versions by their time.
pub(crate) type Cells = BTreeMap<&'static str, BTreeMap<i64, Value>>;

/// A row's cells as answers have them: by name, newest first.
pub(crate) type Answer = Vec<(String, i64, Value)>;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Model {
    rows: BTreeMap<Id, Cells>,
}

impl Model {
    /// The row, unless all that it held has expired.
    pub(crate) fn row(&self, id: Id, now: i64) -> Option<Cells> {
        let kept = self.rows.get(&id)?;
        let alive = prune(kept.clone(), now);
        (kept.is_empty() || !alive.is_empty()).then_some(alive)
    }

    pub(crate) fn write(&mut self, step: &RowStep, now: i64) -> Result<(), Code> {
        let before = self.row(step.id, now);
        check(&step.change, now)?;
        if !holds(&step.condition, before.as_ref()) {
            return Err(Code::ConditionCheckFail);
        }
        let cells = match &step.change {
            Change::Delete => None,
            Change::Put(columns) => {
                let mut cells = Cells::new();
                for column in columns {
                    let at = column.timestamp.map_or(now, |at| now + at);
                    cells.entry(known(&column.name)).or_default().insert(at, column.value.clone());
                }
                Some(cells)
            }
            Change::Update(changes) => {
                let makes = changes.iter().any(|c| matches!(c, CellChange::Put(_) | CellChange::Increment { .. }));
                if before.is_none() && !makes {
                    // Nothing to delete from, and yet a request as any other.
                    None
                } else {
                    Some(update(before.unwrap_or_default(), changes, now)?)
                }
            }
        };
        match cells {
            Some(cells) => self.rows.insert(step.id, prune(cells, now)),
            None => self.rows.remove(&step.id),
        };
        Ok(())
    }

    /// True if a write that fails now would have left the row as it is. To a client whose answer was lost that is its own
    /// effect, for it compares values; a deletion leaves nothing to compare.
    pub(crate) fn is_as_left_by(&self, step: &RowStep, now: i64) -> bool {
        let Some(row) = self.row(step.id, now) else { return false };
        let newest = |name: &str| row.get(name).and_then(|versions| versions.values().next_back());
        match &step.change {
            Change::Delete => false,
            Change::Put(columns) => {
                let put = |name: &str, value: &Value| columns.iter().any(|c| c.name == *name && c.value == *value);
                row.iter().all(|(name, versions)| versions.values().all(|value| put(name, value)))
                    && columns.iter().all(|column| row.contains_key(&*column.name))
            }
            Change::Update(changes) => changes.iter().all(|change| match change {
                CellChange::Put(column) => newest(&column.name) == Some(&column.value),
                CellChange::DeleteAll { name } => newest(name).is_none(),
                CellChange::DeleteVersion { name, timestamp } => {
                    let last = row.get(&**name).and_then(|versions| versions.last_key_value());
                    last.is_none_or(|(at, _)| *at != now + timestamp)
                }
                CellChange::Increment { .. } => false,
            }),
        }
    }

    /// What a read of one row returns.
    pub(crate) fn get(
        &self,
        id: Id,
        columns: &[&str],
        versions: u32,
        filter: Option<&Filter>,
        now: i64,
    ) -> Option<Answer> {
        let row = self.row(id, now)?;
        let had_columns = !row.is_empty();
        let shown: Cells = row.into_iter().filter(|(name, _)| columns.is_empty() || columns.contains(name)).collect();
        let shown: Cells = shown.into_iter().map(|(name, cells)| (name, newest(cells, versions as usize))).collect();
        let nothing_asked_for = shown.is_empty() && (had_columns || !columns.is_empty());
        if nothing_asked_for || filter.is_some_and(|filter| !passes(filter, &shown)) {
            return None;
        }
        let cells = shown
            .into_iter()
            .flat_map(|(name, cells)| cells.into_iter().rev().map(move |(at, value)| (name.to_owned(), at, value)));
        Some(cells.collect())
    }

    /// What reading a range to its end returns.
    pub(crate) fn range(
        &self,
        (from, to): (Id, Id),
        backward: bool,
        versions: u32,
        filter: Option<&Filter>,
        now: i64,
    ) -> Vec<(Id, Answer)> {
        let inside = |id: &Id| if backward { *id <= from && *id > to } else { *id >= from && *id < to };
        let mut found: Vec<(Id, Answer)> = Vec::new();
        for id in self.rows.keys().filter(|id| inside(id)) {
            found.extend(self.get(*id, &[], versions, filter, now).map(|answer| (*id, answer)));
        }
        if backward {
            found.reverse();
        }
        found
    }
}

fn known(name: &str) -> &'static str {
    ["a", "b", "c"].into_iter().find(|known| *known == name).expect("the steps have no other names")
}

fn newest(cells: BTreeMap<i64, Value>, most: usize) -> BTreeMap<i64, Value> {
    cells.into_iter().rev().take(most).collect()
}

fn prune(cells: Cells, now: i64) -> Cells {
    let alive = cells.into_iter().map(|(name, cells)| {
        let cells = cells.into_iter().filter(|(at, _)| *at > now - TIME_TO_LIVE).collect();
        (name, newest(cells, MAX_VERSIONS))
    });
    alive.filter(|(_, cells)| !cells.is_empty()).collect()
}

/// No request can say that. In an update the later one counts.
pub(crate) fn has_a_version_twice(columns: &[Column]) -> bool {
    let same = |a: &Column, b: &Column| a.name == b.name && a.timestamp == b.timestamp;
    (1..columns.len()).any(|place| columns[..place].iter().any(|other| same(other, &columns[place])))
}

fn check(change: &Change, now: i64) -> Result<(), Code> {
    let puts: Vec<&Column> = match change {
        Change::Delete => return Ok(()),
        Change::Put(columns) => columns.iter().collect(),
        Change::Update(changes) => {
            let put =
                changes.iter().filter_map(|change| if let CellChange::Put(put) = change { Some(put) } else { None });
            put.collect()
        }
    };
    let legal = |at: i64| (now - DEVIATION..now + DEVIATION).contains(&(now + at));
    let timely = puts.iter().filter_map(|column| column.timestamp).all(legal);
    if timely { Ok(()) } else { Err(Code::ParameterInvalid) }
}

fn update(mut cells: Cells, changes: &[CellChange], now: i64) -> Result<Cells, Code> {
    for (place, change) in changes.iter().enumerate() {
        let name = known(change.name());
        let counts = |change: &CellChange| matches!(change, CellChange::Increment { .. });
        let again = changes[..place].iter().filter(|other| *other.name() == *name);
        if again.clone().any(|other| counts(other) || counts(change)) {
            return Err(Code::ParameterInvalid);
        }
        match change {
            CellChange::Put(column) => {
                let at = column.timestamp.map_or(now, |at| now + at);
                cells.entry(name).or_default().insert(at, column.value.clone());
            }
            CellChange::DeleteAll { .. } => {
                cells.remove(name);
            }
            CellChange::DeleteVersion { timestamp, .. } => {
                if let Some(versions) = cells.get_mut(name) {
                    versions.remove(&(now + timestamp));
                }
            }
            CellChange::Increment { by, .. } => {
                let versions = cells.entry(name).or_default();
                let (last, value) = match versions.last_key_value() {
                    None => (now, 0),
                    Some((last, Value::Integer(value))) => (*last, *value),
                    Some(_) => return Err(Code::ParameterInvalid),
                };
                let sum = value.checked_add(*by).ok_or(Code::ParameterInvalid)?;
                versions.insert(now.max(last), Value::Integer(sum));
            }
        }
        cells.retain(|_, versions| !versions.is_empty());
    }
    Ok(cells)
}

fn holds(condition: &Condition, row: Option<&Cells>) -> bool {
    let exists = match condition.row_existence {
        RowExistence::Ignore => true,
        RowExistence::ExpectExist => row.is_some(),
        RowExistence::ExpectNotExist => row.is_none(),
    };
    let nothing = Cells::new();
    exists && condition.column_condition.as_ref().is_none_or(|filter| passes(filter, row.unwrap_or(&nothing)))
}

fn passes(filter: &Filter, cells: &Cells) -> bool {
    match filter {
        Filter::Column(column) => compare(column, cells),
        Filter::Composite { combinator: Combinator::Not, filters } => !passes(&filters[0], cells),
        Filter::Composite { combinator: Combinator::And, filters } => filters.iter().all(|f| passes(f, cells)),
        Filter::Composite { combinator: Combinator::Or, filters } => filters.iter().any(|f| passes(f, cells)),
        Filter::Pagination { .. } => true,
    }
}

fn compare(filter: &ColumnFilter, cells: &Cells) -> bool {
    let Some(versions) = cells.get(&*filter.column) else { return !filter.filter_if_missing };
    let looked_at = if filter.latest_version_only { 1 } else { versions.len() };
    versions.values().rev().take(looked_at).any(|value| {
        let order = match (value, &filter.value) {
            (Value::Integer(a), Value::Integer(b)) => a.partial_cmp(b),
            (Value::Double(a), Value::Double(b)) => a.partial_cmp(b),
            (Value::Boolean(a), Value::Boolean(b)) => a.partial_cmp(b),
            (Value::String(a), Value::String(b)) => a.partial_cmp(b),
            (Value::Binary(a), Value::Binary(b)) => a.partial_cmp(b),
            _ => return filter.comparator == Comparator::NotEqual,
        };
        let Some(order) = order else { return filter.comparator == Comparator::NotEqual };
        match filter.comparator {
            Comparator::Equal => order.is_eq(),
            Comparator::NotEqual => order.is_ne(),
            Comparator::GreaterThan => order.is_gt(),
            Comparator::GreaterEqual => order.is_ge(),
            Comparator::LessThan => order.is_lt(),
            Comparator::LessEqual => order.is_le(),
            Comparator::Exist | Comparator::NotExist => unreachable!("the steps have none"),
        }
    })
}
