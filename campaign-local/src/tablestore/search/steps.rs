//! Steps of numbers and of times: what histograms group by.

use campaign_tablestore::search::{ByDateHistogram, ByHistogram, FieldType, GroupKey, TimeSpan, TimeUnit};
use campaign_tablestore::server::Refusal;
use campaign_tablestore::{Row, Value};
use chrono::{DateTime, Datelike, Months, NaiveDate};

use super::aggregate::{Kinds, Values, truncated};
use super::document::{Scalar, asked};
use super::evaluate::Scope;
use super::group::MOST;
use crate::tablestore::check::invalid;

const DAY: i64 = 86_400_000;

/// Steps of a number.
#[derive(Clone, Debug)]
pub(super) struct Steps<'a> {
    values: Values<'a>,
    step: &'a Value,
    offset: Option<&'a Value>,
    /// The first step and the last.
    range: Option<(i64, i64)>,
}

impl<'a> Steps<'a> {
    pub(super) fn new(by: &'a ByHistogram, scope: Scope<'a>) -> Result<Self, Refusal> {
        let values = Values::new(&by.field, by.missing.as_ref(), Kinds::Numbers, scope)?;
        let no_number = || invalid("interval, offset and range of a histogram must be numbers");
        let step = number(&by.interval).ok_or_else(no_number)?;
        if step <= 0.0 || !step.is_finite() {
            return Err(invalid("the interval of a histogram must be above 0"));
        }
        let mut steps = Self { values, step: &by.interval, offset: by.offset.as_ref(), range: None };
        if by.offset.as_ref().is_some_and(|offset| number(offset).is_none()) {
            return Err(no_number());
        }
        if let Some(range) = &by.field_range {
            let (min, max) = (number(&range.min).ok_or_else(no_number)?, number(&range.max).ok_or_else(no_number)?);
            if !(min <= max && (max - min) / step <= f64::from(MOST)) {
                return Err(invalid(format!("the range of a histogram must hold {MOST} groups at most")));
            }
            steps.range = Some((steps.at(&range.min), steps.at(&range.max)));
        }
        Ok(steps)
    }

    /// The number of the step that a value is in.
    fn at(&self, value: &Value) -> i64 {
        let whole = |value: Option<&Value>| value.map_or(Some(0), Value::as_i64);
        if let (Some(value), Some(step), Some(offset)) = (value.as_i64(), self.step.as_i64(), whole(self.offset)) {
            return value.saturating_sub(offset).div_euclid(step);
        }
        let number = |value: Option<&Value>| value.and_then(number).unwrap_or(0.0);
        truncated(((number(Some(value)) - number(self.offset)) / number(Some(self.step))).floor())
    }

    /// The steps that a row is in.
    pub(super) fn of(&self, row: &Row) -> Vec<i64> {
        let found = self.values.of(row).into_iter().filter_map(|value| match value {
            Scalar::Long(number) => Some(self.at(&Value::Integer(number))),
            Scalar::Double(number) => Some(self.at(&Value::Double(number))),
            _ => None,
        });
        found.filter(|at| self.range.is_none_or(|(first, last)| (first..=last).contains(at))).collect()
    }

    /// All steps of the range.
    pub(super) fn all(&self) -> Vec<i64> {
        self.range.map(|(first, last)| (first..=last).collect()).unwrap_or_default()
    }

    /// Where a step begins.
    #[allow(clippy::cast_precision_loss, reason = "a step's number is small")]
    pub(super) fn key(&self, at: i64) -> GroupKey {
        let whole = |value: Option<&Value>| value.map_or(Some(0), Value::as_i64);
        GroupKey::Histogram(match (self.step.as_i64(), whole(self.offset)) {
            (Some(step), Some(offset)) => Value::Integer(at.saturating_mul(step).saturating_add(offset)),
            _ => {
                let offset = self.offset.and_then(number).unwrap_or(0.0);
                Value::Double((at as f64).mul_add(number(self.step).unwrap_or(0.0), offset))
            }
        })
    }
}

#[allow(clippy::cast_precision_loss, reason = "numbers are compared as doubles, as the service does")]
fn number(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| Some(value.as_i64()? as f64))
}

/// Steps of a time.
#[derive(Clone, Debug)]
pub(super) struct Times<'a> {
    values: Values<'a>,
    span: TimeSpan,
    /// Milliseconds that a step begins later than the calendar has it: its offset less the zone's.
    later: i64,
    /// Where the first step begins, and the last.
    range: Option<(i64, i64)>,
}

impl<'a> Times<'a> {
    pub(super) fn new(by: &'a ByDateHistogram, scope: Scope<'a>) -> Result<Self, Refusal> {
        let values = Values::new(&by.field, by.missing.as_ref(), Kinds::Values, scope)?;
        if values.schema.field_type != FieldType::Date {
            let name = crate::log::printable(&by.field);
            return Err(invalid(format!("group by is not supported for field[{name}]")));
        }
        if by.interval.value < 1 {
            return Err(invalid("the interval of a date histogram must be positive"));
        }
        let bad_offset = || invalid("the offset of a date histogram must be in weeks or a shorter unit");
        let offset = by.offset.map(|offset| {
            i64::from(offset.value).checked_mul(length(offset.unit)?).filter(|offset| offset.abs() < 10_000 * DAY)
        });
        let offset = offset.map_or(Some(0), |offset| offset).ok_or_else(bad_offset)?;
        let zone = by.time_zone.as_deref().map_or(Some(0), zone);
        let zone = zone.ok_or_else(|| invalid("[time_zone] must be +hh:mm or -hh:mm"))?;
        let mut times = Self { values, span: by.interval, later: offset - zone, range: None };
        if let Some(range) = &by.field_range {
            let time = |value: &Value| match asked(times.values.schema, value) {
                Some(Scalar::Date(time)) => times.begin(time),
                _ => None,
            };
            let ends = time(&range.min).zip(time(&range.max)).filter(|(first, last)| first <= last);
            times.range = Some(ends.ok_or_else(|| invalid("the range of a date histogram must be of dates"))?);
            if times.all().len() > usize::try_from(MOST).unwrap_or(0) {
                return Err(invalid(format!("the range of a date histogram must hold {MOST} groups at most")));
            }
        }
        Ok(times)
    }

    /// Where the steps that a row is in begin.
    pub(super) fn of(&self, row: &Row) -> Vec<i64> {
        let found = self.values.of(row).into_iter().filter_map(|value| match value {
            Scalar::Date(time) => self.begin(time),
            _ => None,
        });
        found.filter(|at| self.range.is_none_or(|(first, last)| (first..=last).contains(at))).collect()
    }

    /// Where all steps of the range begin; one more than there may be at most.
    pub(super) fn all(&self) -> Vec<i64> {
        let Some((first, last)) = self.range else { return Vec::new() };
        let steps = std::iter::successors(Some(first), |at| self.next(*at).filter(|next| next > at));
        let most = usize::try_from(MOST).unwrap_or(0);
        steps.take_while(|at| *at <= last).take(most + 1).collect()
    }

    fn begin(&self, time: i64) -> Option<i64> {
        begin(time.checked_sub(self.later)?, self.span)?.checked_add(self.later)
    }

    fn next(&self, at: i64) -> Option<i64> {
        let calendar = at.checked_sub(self.later)?;
        let next = match length(self.span.unit) {
            Some(unit) => calendar.checked_add(i64::from(self.span.value).checked_mul(unit)?)?,
            None => of_month(month_of(calendar)?.checked_add(months(self.span)?)?)?,
        };
        next.checked_add(self.later)
    }
}

/// Milliseconds of a unit that is always of one length.
const fn length(unit: TimeUnit) -> Option<i64> {
    Some(match unit {
        TimeUnit::Year | TimeUnit::Quarter | TimeUnit::Month => return None,
        TimeUnit::Week => 7 * DAY,
        TimeUnit::Day => DAY,
        TimeUnit::Hour => 3_600_000,
        TimeUnit::Minute => 60_000,
        TimeUnit::Second => 1000,
        TimeUnit::Millisecond => 1,
    })
}

/// Months of a span of months or longer units.
fn months(span: TimeSpan) -> Option<i32> {
    let each = match span.unit {
        TimeUnit::Year => 12,
        TimeUnit::Quarter => 3,
        _ => 1,
    };
    span.value.checked_mul(each)
}

/// Months from 1970 to a time.
fn month_of(time: i64) -> Option<i32> {
    let date = DateTime::from_timestamp_millis(time)?.date_naive();
    Some((date.year() - 1970) * 12 + i32::try_from(date.month0()).ok()?)
}

/// When a month begins.
fn of_month(month: i32) -> Option<i64> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let date = match u32::try_from(month) {
        Ok(months) => epoch.checked_add_months(Months::new(months))?,
        Err(_) => epoch.checked_sub_months(Months::new(month.unsigned_abs()))?,
    };
    Some(date.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis())
}

/// When the step that a time is in begins, in UTC; weeks begin on Monday.
fn begin(time: i64, span: TimeSpan) -> Option<i64> {
    let Some(unit) = length(span.unit) else {
        let month = month_of(time)?;
        return of_month(month - month.rem_euclid(months(span)?));
    };
    // 1970-01-05 was a Monday.
    let first = if span.unit == TimeUnit::Week { 4 * DAY } else { 0 };
    let step = i64::from(span.value).checked_mul(unit)?;
    time.checked_sub((time.checked_sub(first)?).rem_euclid(step))
}

/// Milliseconds that a zone such as `+08:00` is before UTC.
fn zone(text: &str) -> Option<i64> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let number = |digits: &str| {
        let is_two = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        digits.parse::<i64>().ok().filter(|_| is_two)
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then_some(sign * (hours * 3_600_000 + minutes * 60_000))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_of_time_begins_where_the_calendar_has_it() {
        let time = DateTime::parse_from_rfc3339("2024-08-15T13:14:15.678Z").unwrap().timestamp_millis();
        for (value, unit, expected) in [
            (1, TimeUnit::Year, "2024-01-01T00:00:00Z"),
            (1, TimeUnit::Quarter, "2024-07-01T00:00:00Z"),
            (1, TimeUnit::Month, "2024-08-01T00:00:00Z"),
            (1, TimeUnit::Week, "2024-08-12T00:00:00Z"),
            (1, TimeUnit::Day, "2024-08-15T00:00:00Z"),
            (6, TimeUnit::Hour, "2024-08-15T12:00:00Z"),
            (5, TimeUnit::Minute, "2024-08-15T13:10:00Z"),
            (1, TimeUnit::Second, "2024-08-15T13:14:15Z"),
        ] {
            let expected = DateTime::parse_from_rfc3339(expected).unwrap().timestamp_millis();
            assert_eq!(begin(time, TimeSpan { value, unit }), Some(expected), "{value} {unit:?}");
        }
        let before = begin(-1, TimeSpan { value: 1, unit: TimeUnit::Month });
        assert_eq!(before, Some(-31 * DAY));
    }

    #[test]
    fn a_zone_is_hours_and_minutes_with_a_sign() {
        assert_eq!(zone("+08:00"), Some(8 * 3_600_000));
        assert_eq!(zone("-09:30"), Some(-(9 * 60 + 30) * 60_000));
        for bad in ["", "08:00", "+8:00", "+08", "+24:00", "+08:60", "+-8:00", "Z"] {
            assert_eq!(zone(bad), None, "{bad}");
        }
    }
}
