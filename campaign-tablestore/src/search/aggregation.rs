//! Aggregations: numbers about all rows that were found.

use bytes::Bytes;

use super::Sort;
use crate::plain_buffer::{Encode, decode_row};
use crate::wire::{Field, Fields, Raw, Slot, Wire, bytes_of, messages, put_sized};
use crate::{Row, Value, WireFault};

messages! {
    /// Of a field.
    pub struct Metric {
        /// The field.
        pub field: String = 1,
        /// Its value in rows without it.
        pub missing: Option<Value> = 2,
    }

    /// How many values a field has.
    pub struct CountOf {
        /// The field.
        pub field: String = 1,
    }

    /// The first rows in an order.
    pub struct TopRows {
        /// How many.
        pub limit: Option<i32> = 1,
        /// The order.
        pub sort: Option<Sort> = 2,
    }

    /// The values below which shares of all values lie.
    pub struct Percentiles {
        /// The field.
        pub field: String = 1,
        /// The shares in percent.
        pub percentiles: Vec<f64> = 2,
        /// Its value in rows without it.
        pub missing: Option<Value> = 3,
    }

    /// A value below which a share of all values lies.
    pub struct Percentile {
        /// The share in percent.
        pub percent: f64 = 1,
        /// The value.
        pub value: Value = 2,
    }

    struct Number {
        value: Option<f64> = 1,
    }

    struct Whole {
        value: Option<i64> = 1,
    }

    struct Rows {
        rows: Vec<Row> = 1,
    }

    struct PercentilesResult {
        items: Vec<Percentile> = 1,
    }
}

impl Field for Row {
    fn put(&self, tag: u32, out: &mut Vec<u8>) {
        put_sized(tag, out, |out| self.encode(out));
    }

    fn take(raw: &Raw, _: usize, name: &'static str) -> Result<Self, WireFault> {
        decode_row(&bytes_of(raw, name)?)?.ok_or(WireFault::Missing(name))
    }
}

/// A number about all rows that were found, by a name. The field must be one that can be aggregated
/// ([`FieldSchema::sort_and_agg`](super::FieldSchema::sort_and_agg)).
///
/// ```
/// use campaign_tablestore::search::Aggregation;
///
/// let aggregations = [Aggregation::max("oldest", "age"), Aggregation::count("entries", "id")];
/// # let _ = aggregations;
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregation {
    /// The name, by which the result is found.
    pub name: String,
    /// Which number.
    pub function: Function,
}

/// Which number.
#[derive(Debug, Clone, PartialEq)]
pub enum Function {
    /// The mean.
    Avg(Metric),
    /// The greatest.
    Max(Metric),
    /// The least.
    Min(Metric),
    /// The sum.
    Sum(Metric),
    /// How many values.
    Count(CountOf),
    /// How many different values, which for many is an estimate.
    DistinctCount(Metric),
    /// The first rows in an order.
    TopRows(TopRows),
    /// The values below which shares lie.
    Percentiles(Percentiles),
}

macro_rules! metrics {
    ($($(#[$doc:meta])* $new:ident $variant:ident,)+) => {$(
        $(#[$doc])*
        pub fn $new(name: impl Into<String>, field: impl Into<String>) -> Self {
            Self { name: name.into(), function: Function::$variant(Metric { field: field.into(), missing: None }) }
        }
    )+};
}

impl Aggregation {
    metrics! {
        /// The mean of a field.
        avg Avg,
        /// The greatest value of a field.
        max Max,
        /// The least value of a field.
        min Min,
        /// The sum of a field.
        sum Sum,
        /// How many different values a field has.
        distinct_count DistinctCount,
    }

    /// How many values a field has.
    pub fn count(name: impl Into<String>, field: impl Into<String>) -> Self {
        Self { name: name.into(), function: Function::Count(CountOf { field: field.into() }) }
    }

    /// The first `limit` rows in an order.
    pub fn top_rows(name: impl Into<String>, limit: i32, sort: impl Into<Option<Sort>>) -> Self {
        Self { name: name.into(), function: Function::TopRows(TopRows { limit: Some(limit), sort: sort.into() }) }
    }

    /// The values of a field below which these shares, each from 0 to 100 percent, lie.
    pub fn percentiles(name: impl Into<String>, field: impl Into<String>, percentiles: impl Into<Vec<f64>>) -> Self {
        let (field, percentiles) = (field.into(), percentiles.into());
        Self { name: name.into(), function: Function::Percentiles(Percentiles { field, percentiles, missing: None }) }
    }

    /// The same with this value in rows without the field; a count and the first rows take none.
    #[must_use]
    pub fn missing(mut self, value: impl Into<Value>) -> Self {
        match &mut self.function {
            Function::Avg(of)
            | Function::Max(of)
            | Function::Min(of)
            | Function::Sum(of)
            | Function::DistinctCount(of) => of.missing = Some(value.into()),
            Function::Percentiles(of) => of.missing = Some(value.into()),
            Function::Count(_) | Function::TopRows(_) => {}
        }
        self
    }
}

macro_rules! bodies {
    ($($variant:ident = $number:literal,)+) => {
        impl Wire for Aggregation {
            fn write(&self, out: &mut Vec<u8>) {
                self.name.put_slot(1, out);
                match &self.function {
                    $(Function::$variant(body) => {
                        Slot::put_slot(&$number, 2, out);
                        body.put_slot(3, out);
                    })+
                }
            }

            fn read(fields: &Fields) -> Result<Self, WireFault> {
                let number: i32 = Slot::take_slot(fields, 2, "aggregation.type")?;
                let function = match number {
                    $($number => Function::$variant(Slot::take_slot(fields, 3, "aggregation.body")?),)+
                    other => return Err(WireFault::OutOfRange { field: "aggregation.type", value: other.into() }),
                };
                Ok(Self { name: Slot::take_slot(fields, 1, "aggregation.name")?, function })
            }
        }
    };
}
bodies! { Avg = 1, Max = 2, Min = 3, Sum = 4, Count = 5, DistinctCount = 6, TopRows = 7, Percentiles = 8, }

/// The result of an aggregation.
#[derive(Debug, Clone, PartialEq)]
pub struct AggregationResult {
    /// The name of the aggregation.
    pub name: String,
    /// Its value.
    pub value: AggregationValue,
}

/// What an aggregation found. A number is `None` if there was no value to make it of.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub enum AggregationValue {
    /// The mean.
    Avg(Option<f64>),
    /// The greatest.
    Max(Option<f64>),
    /// The least.
    Min(Option<f64>),
    /// The sum.
    Sum(Option<f64>),
    /// How many values.
    Count(i64),
    /// How many different values.
    DistinctCount(i64),
    /// The first rows.
    TopRows(Vec<Row>),
    /// The values below which shares lie.
    Percentiles(Vec<Percentile>),
    /// Of a kind that this version does not know: its number and its bytes.
    Other(i32, Bytes),
}

impl std::fmt::Debug for AggregationValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AggregationValue(kind {})", self.kind())
    }
}

impl AggregationValue {
    /// The number, if it is one.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "a count beyond 2^53 is none that is compared exactly")]
    pub const fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Avg(value) | Self::Max(value) | Self::Min(value) | Self::Sum(value) => *value,
            Self::Count(value) | Self::DistinctCount(value) => Some(*value as f64),
            Self::TopRows(_) | Self::Percentiles(_) | Self::Other(..) => None,
        }
    }

    const fn kind(&self) -> i32 {
        match self {
            Self::Avg(_) => 1,
            Self::Max(_) => 2,
            Self::Min(_) => 3,
            Self::Sum(_) => 4,
            Self::Count(_) => 5,
            Self::DistinctCount(_) => 6,
            Self::TopRows(_) => 7,
            Self::Percentiles(_) => 8,
            Self::Other(kind, _) => *kind,
        }
    }
}

impl Wire for AggregationResult {
    fn write(&self, out: &mut Vec<u8>) {
        self.name.put_slot(1, out);
        self.value.kind().put_slot(2, out);
        match &self.value {
            AggregationValue::Avg(value)
            | AggregationValue::Max(value)
            | AggregationValue::Min(value)
            | AggregationValue::Sum(value) => Number { value: *value }.put_slot(3, out),
            AggregationValue::Count(value) | AggregationValue::DistinctCount(value) => {
                Whole { value: Some(*value) }.put_slot(3, out);
            }
            AggregationValue::TopRows(rows) => Rows { rows: rows.clone() }.put_slot(3, out),
            AggregationValue::Percentiles(items) => PercentilesResult { items: items.clone() }.put_slot(3, out),
            AggregationValue::Other(_, body) => body.put_slot(3, out),
        }
    }

    fn read(fields: &Fields) -> Result<Self, WireFault> {
        let kind: i32 = Slot::take_slot(fields, 2, "aggregation.type")?;
        let body = |name| <Option<Bytes> as Slot>::take_slot(fields, 3, name).map(Option::unwrap_or_default);
        let body = body("aggregation.result")?;
        let number = |body| Number::from_bytes(body).map(|number| number.value);
        let whole = |body| Whole::from_bytes(body).map(|whole| whole.value.unwrap_or_default());
        let value = match kind {
            1 => AggregationValue::Avg(number(body)?),
            2 => AggregationValue::Max(number(body)?),
            3 => AggregationValue::Min(number(body)?),
            4 => AggregationValue::Sum(number(body)?),
            5 => AggregationValue::Count(whole(body)?),
            6 => AggregationValue::DistinctCount(whole(body)?),
            7 => AggregationValue::TopRows(Rows::from_bytes(body)?.rows),
            8 => AggregationValue::Percentiles(PercentilesResult::from_bytes(body)?.items),
            other => AggregationValue::Other(other, body),
        };
        Ok(Self { name: Slot::take_slot(fields, 1, "aggregation.name")?, value })
    }
}
