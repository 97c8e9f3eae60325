//! One case as the model has it: the committed rows, and those of the transaction over all of them while one is open.

use campaign_tablestore::{CellChange, Code, Condition};

use crate::cloud::Outcome;
use crate::model::{Model, has_a_version_twice};
use crate::step::{Change, RowStep, Step};

/// How long a transaction lives, in milliseconds (service document "Local transactions").
pub(crate) const LIFE: i64 = 60_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Case {
    pub(crate) committed: Model,
    open: Option<Open>,
}

#[derive(Clone, Debug, PartialEq)]
struct Open {
    begun: i64,
    rows: Model,
}

impl Case {
    /// What `step` comes to.
    pub(crate) fn run(&mut self, step: &Step, now: i64) -> Outcome {
        self.open.take_if(|open| now >= open.begun + LIFE);
        if is_no_request(step) {
            return Outcome::Refused(Code::ParameterInvalid);
        }
        let over = Outcome::Refused(Code::SessionNotExist);
        match (step, &mut self.open) {
            (Step::Inside(_) | Step::Commit | Step::Abort, None) => over,
            (Step::Inside(step), Some(open)) => rows(&mut open.rows, step, now, Whose::Inside),
            (Step::Commit, Some(open)) => {
                self.committed = std::mem::take(&mut open.rows);
                self.open = None;
                Outcome::Done
            }
            (Step::Abort, Some(_)) => {
                self.open = None;
                Outcome::Done
            }
            (Step::Begin, Some(_)) => Outcome::Refused(Code::RowOperationConflict),
            (Step::Begin, None) => {
                self.open = Some(Open { begun: now, rows: self.committed.clone() });
                Outcome::Done
            }
            (step, None) => rows(&mut self.committed, step, now, Whose::Nobody),
            (step, Some(_)) => rows(&mut self.committed, step, now, Whose::Other),
        }
    }

    /// The rows that `step` sees.
    pub(crate) fn seen_by(&self, step: &Step) -> &Model {
        match (step, &self.open) {
            (Step::Inside(_), Some(open)) => &open.rows,
            _ => &self.committed,
        }
    }

    /// A transaction that is open is gone, as after a restart.
    pub(crate) fn forget(&mut self) {
        self.open = None;
    }
}

/// Who holds the rows that a step is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Nobody,
    /// The step's transaction.
    Inside,
    /// Another one.
    Other,
}

impl Whose {
    fn write(self, model: &mut Model, row: &RowStep, now: i64) -> Result<(), Code> {
        if self == Self::Other { Err(Code::RowOperationConflict) } else { model.write(row, now) }
    }
}

/// The client itself refuses them.
fn is_no_request(step: &Step) -> bool {
    let is_none = |row: &RowStep| match &row.change {
        Change::Put(columns) => has_a_version_twice(columns),
        Change::Update(changes) => changes.is_empty(),
        Change::Delete => false,
    };
    match step {
        Step::Inside(step) => is_no_request(step),
        Step::Write(row) => is_none(row),
        Step::BatchWrite { rows, .. } => rows.iter().any(is_none),
        Step::Range { from, to, backward, .. } => {
            if *backward {
                to >= from
            } else {
                from >= to
            }
        }
        _ => false,
    }
}

fn rows(model: &mut Model, step: &Step, now: i64, whose: Whose) -> Outcome {
    match step {
        Step::Write(row) => whose.write(model, row, now).map_or_else(Outcome::Refused, |()| Outcome::Done),
        Step::BatchWrite { rows, atomic, stray } => Outcome::Each(batch(model, rows, *atomic, *stray, now, whose)),
        Step::Get { id, columns, versions, filter } => {
            Outcome::Row(model.get(*id, columns, *versions, filter.as_ref(), now))
        }
        Step::BatchGet { ids, columns, versions, filter } => {
            let get = |id: &_| model.get(*id, columns, *versions, filter.as_ref(), now);
            Outcome::Found(ids.iter().map(get).collect())
        }
        Step::Range { from, to, backward, versions, filter, .. } => {
            Outcome::Rows(model.range((*from, *to), *backward, *versions, filter.as_ref(), now))
        }
        _ => Outcome::Done,
    }
}

/// A row at a time, or all or none.
fn batch(model: &mut Model, rows: &[RowStep], atomic: bool, stray: bool, now: i64, whose: Whose) -> Vec<Option<Code>> {
    let before = model.clone();
    let mut each: Vec<_> = rows.iter().map(|row| whose.write(model, row, now).err()).collect();
    if stray {
        // Elsewhere nobody holds it, and only a transaction minds.
        each.push((whose == Whose::Inside).then_some(Code::DataOutOfRange));
    }
    if atomic {
        let first = if stray { Some(Code::DataOutOfRange) } else { each.iter().flatten().next().copied() };
        if first.is_some() {
            *model = before;
            each.fill(first);
        }
    }
    each
}

/// The row of a batch that is of another partition key: it is never looked at.
pub(crate) fn stray() -> RowStep {
    let change = Change::Update(vec![CellChange::DeleteAll { name: "a".into() }]);
    RowStep { id: ("k", 0), change, condition: Condition::ignore() }
}
