//! The random steps: small domains, so that steps meet each other.

use campaign_tablestore::{
    CellChange, Column, ColumnFilter, Combinator, Comparator, Condition, Filter, RowExistence, Value,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A row's key within its case: a text and a number.
pub(crate) type Id = (&'static str, i64);

/// A version that is far outside the deviation, in milliseconds from now.
const FAR: i64 = -90_000_000;

#[derive(Clone, Debug)]
pub(crate) enum Step {
    Write(RowStep),
    Get {
        id: Id,
        columns: Vec<&'static str>,
        versions: u32,
        filter: Option<Filter>,
    },
    Range {
        from: Id,
        to: Id,
        backward: bool,
        limit: u32,
        versions: u32,
        filter: Option<Filter>,
    },
    /// Several rows in one request, no row twice.
    BatchWrite {
        rows: Vec<RowStep>,
        atomic: bool,
        /// One more row, the last, is of another partition key.
        stray: bool,
    },
    BatchGet {
        ids: Vec<Id>,
        columns: Vec<&'static str>,
        versions: u32,
        filter: Option<Filter>,
    },
    /// A transaction over all rows of the case.
    Begin,
    /// The step is part of the transaction that was begun last, whatever became of it.
    Inside(Box<Self>),
    Commit,
    Abort,
    /// Time goes by, in milliseconds.
    Wait(i64),
    /// The process ends and begins again, where the test says so.
    Restart,
}

impl Step {
    /// The one row that it writes.
    pub(crate) fn row(&self) -> Option<&RowStep> {
        match self {
            Self::Write(row) => Some(row),
            Self::Inside(step) => step.row(),
            _ => None,
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) struct RowStep {
    pub(crate) id: Id,
    pub(crate) change: Change,
    pub(crate) condition: Condition,
}

/// Timestamps are relative to now.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Put(Vec<Column>),
    Update(Vec<CellChange>),
    Delete,
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("a"), Just("b"), Just("c")]
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (-3..4_i64).prop_map(Value::from),
        1 => Just(Value::from(i64::MAX)),
        2 => prop_oneof![Just(""), Just("x"), Just("y")].prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => prop_oneof![Just(0.5), Just(-1.0)].prop_map(Value::from),
        1 => vec(any::<u8>(), 0..3).prop_map(Value::from),
    ]
}

fn version() -> impl Strategy<Value = Option<i64>> {
    prop_oneof![6 => Just(None), 4 => (-3..4_i64).prop_map(|n| Some(n * 1000)), 1 => Just(Some(FAR))]
}

fn column() -> impl Strategy<Value = Column> {
    (name(), value(), version()).prop_map(|(name, value, timestamp)| Column { timestamp, ..Column::new(name, value) })
}

fn change() -> impl Strategy<Value = CellChange> {
    prop_oneof![
        4 => column().prop_map(CellChange::Put),
        2 => name().prop_map(|name| CellChange::DeleteAll { name: name.into() }),
        1 => (name(), -3..4_i64)
            .prop_map(|(name, at)| CellChange::DeleteVersion { name: name.into(), timestamp: at * 1000 }),
        2 => (name(), prop_oneof![-2..3_i64, Just(i64::MAX)])
            .prop_map(|(name, by)| CellChange::Increment { name: name.into(), by }),
    ]
}

fn comparison() -> impl Strategy<Value = Filter> {
    let comparator = prop_oneof![
        Just(Comparator::Equal),
        Just(Comparator::NotEqual),
        Just(Comparator::GreaterThan),
        Just(Comparator::GreaterEqual),
        Just(Comparator::LessThan),
        Just(Comparator::LessEqual),
    ];
    (name(), comparator, value(), any::<bool>(), any::<bool>()).prop_map(
        |(name, comparator, value, missing, latest)| {
            Filter::from(ColumnFilter {
                comparator,
                ..ColumnFilter::equal(name, value).filter_if_missing(missing).latest_version_only(latest)
            })
        },
    )
}

fn filter() -> impl Strategy<Value = Filter> {
    comparison().prop_recursive(2, 4, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(Filter::not),
            (inner.clone(), inner, any::<bool>()).prop_map(|(a, b, and)| Filter::Composite {
                combinator: if and { Combinator::And } else { Combinator::Or },
                filters: vec![a, b],
            }),
        ]
    })
}

fn condition() -> impl Strategy<Value = Condition> {
    let existence = prop_oneof![
        4 => Just(RowExistence::Ignore),
        1 => Just(RowExistence::ExpectExist),
        2 => Just(RowExistence::ExpectNotExist),
    ];
    (existence, prop::option::weighted(0.2, filter()))
        .prop_map(|(row_existence, column_condition)| Condition { row_existence, column_condition })
}

pub(crate) fn row_step() -> impl Strategy<Value = RowStep> {
    let change = prop_oneof![
        4 => vec(column(), 0..4).prop_map(Change::Put),
        4 => vec(change(), 0..4).prop_map(Change::Update),
        1 => Just(Change::Delete),
    ];
    (id(), change, condition()).prop_map(|(id, change, condition)| RowStep { id, change, condition })
}

fn id() -> impl Strategy<Value = Id> {
    (prop_oneof![Just("k"), Just("l")], prop_oneof![Just(i64::MIN), -1..2_i64])
}

fn ids() -> impl Strategy<Value = Vec<Id>> {
    prop::collection::hash_set(id(), 1..5).prop_map(|ids| ids.into_iter().collect())
}

fn batch() -> impl Strategy<Value = Step> {
    let rows = (ids(), vec(row_step(), 4))
        .prop_map(|(ids, rows)| ids.into_iter().zip(rows).map(|(id, row)| RowStep { id, ..row }).collect());
    (rows, any::<bool>(), prop::bool::weighted(0.1)).prop_map(|(rows, atomic, stray)| Step::BatchWrite {
        rows,
        atomic,
        stray,
    })
}

/// What can be part of a transaction.
fn transactional() -> impl Strategy<Value = Step> {
    let filter = || prop::option::weighted(0.4, filter());
    prop_oneof![
        8 => row_step().prop_map(Step::Write),
        3 => batch(),
        3 => (id(), vec(name(), 0..3), 1..4_u32, filter())
            .prop_map(|(id, columns, versions, filter)| Step::Get { id, columns, versions, filter }),
        3 => (id(), id(), any::<bool>(), 1..4_u32, 1..4_u32, filter()).prop_map(
            |(from, to, backward, limit, versions, filter)| Step::Range { from, to, backward, limit, versions, filter }
        ),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let filter = prop::option::weighted(0.4, filter());
    prop_oneof![
        17 => transactional(),
        2 => (ids(), vec(name(), 0..3), 1..4_u32, filter)
            .prop_map(|(ids, columns, versions, filter)| Step::BatchGet { ids, columns, versions, filter }),
        2 => prop_oneof![6 => 0..3000_i64, 1 => 30_000_000..50_000_000_i64].prop_map(Step::Wait),
        1 => Just(Step::Restart),
    ]
}

/// A transaction with steps inside and some beside it. What ends it may come too early, twice, too late or not at all.
fn transaction() -> impl Strategy<Value = Vec<Step>> {
    let inside = || transactional().prop_map(|step| Step::Inside(Box::new(step)));
    let life = prop_oneof![Just(crate::case::LIFE - 1), Just(crate::case::LIFE)].prop_map(Step::Wait);
    let end = || prop_oneof![6 => Just(Step::Commit), 2 => Just(Step::Abort)];
    let step = prop_oneof![12 => inside(), 4 => step(), 1 => end(), 1 => Just(Step::Begin)];
    (vec(step, 0..5), prop::option::weighted(0.1, life), prop::option::weighted(0.9, end()))
        .prop_map(|(steps, wait, end)| std::iter::once(Step::Begin).chain(steps).chain(wait).chain(end).collect())
}

pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let some = prop_oneof![6 => step().prop_map(|step| vec![step]), 1 => transaction()];
    vec(some, 1..10).prop_map(|some| some.concat())
}
