//! Structs that make no row are refused with the column they fail at.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{Email, Origin, Size};
use crate::{EntityError, EntityFault, Row, Value, to_row};

/// The fault of storing `value` in the column `field`, and the column it names.
fn refused<T: Serialize>(value: T) -> EntityFault {
    #[derive(Serialize)]
    struct Holder<T> {
        id: i64,
        field: T,
    }
    let error = to_row(&Holder { id: 1, field: value }, &["id"]).unwrap_err();
    assert_eq!(error.column(), Some("field"));
    error.fault().clone()
}

#[test]
fn what_no_column_can_hold_is_refused_by_name() {
    #[derive(Serialize)]
    enum Data {
        One(i32),
        Two { a: i32 },
        Three(i32, i32),
    }
    #[derive(Serialize)]
    struct Nothing;
    assert_eq!(refused(vec![1]), EntityFault::NotAColumn("a sequence"));
    assert_eq!(refused([1, 2]), EntityFault::NotAColumn("a tuple or an array"));
    assert_eq!(refused(BTreeMap::from([("a", 1)])), EntityFault::NotAColumn("a map"));
    assert_eq!(refused(Origin { utm_source: None, shard: 1 }), EntityFault::NotAColumn("a struct"));
    assert_eq!(refused(Some(Some(vec![1]))), EntityFault::NotAColumn("a sequence"));
    for data in [Data::One(1), Data::Two { a: 1 }, Data::Three(1, 2)] {
        assert_eq!(refused(data), EntityFault::NotAColumn("an enum with data"));
    }
    assert_eq!(refused(()), EntityFault::NotAColumn("the unit"));
    assert_eq!(refused(Nothing), EntityFault::NotAColumn("a struct without fields"));
}

#[test]
fn numbers_the_service_cannot_hold_are_refused_by_name() {
    assert_eq!(refused(i64::MAX.unsigned_abs() + 1), EntityFault::OutOfRange);
    assert_eq!(refused(u64::MAX), EntityFault::OutOfRange);
    assert_eq!(refused(i128::from(i64::MIN) - 1), EntityFault::OutOfRange);
    assert_eq!(refused(u128::MAX), EntityFault::OutOfRange);
    assert_eq!(refused(f64::NAN), EntityFault::NotFinite);
    assert_eq!(refused(f32::NEG_INFINITY), EntityFault::NotFinite);
}

#[test]
fn a_refusal_says_what_to_do() {
    let error = to_row(&BTreeMap::from([("tags", vec!["a"])]), &["id"]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "column `tags`: a sequence is no column value; keep it as JSON text, as columns of its own \
         (`#[serde(flatten)]`), in rows of its own, or, if it is bytes, with \
         `#[serde(with = \"campaign_tablestore::binary\")]`"
    );
}

#[test]
fn what_is_no_row_is_refused() {
    let not_a_row = |error: EntityError| matches!(error.fault(), EntityFault::NotARow(_));
    assert!(not_a_row(to_row(&1, &["id"]).unwrap_err()));
    assert!(not_a_row(to_row("text", &["id"]).unwrap_err()));
    assert!(not_a_row(to_row(&[1], &["id"]).unwrap_err()));
    assert!(not_a_row(to_row(&Size::S, &["id"]).unwrap_err()));
    assert!(not_a_row(to_row(&None::<Origin>, &["id"]).unwrap_err()));
    assert!(not_a_row(to_row(&BTreeMap::from([(1, 2)]), &["id"]).unwrap_err()));
    assert!(to_row(&Some(Email("a".into())), &["id"]).is_err_and(not_a_row));
}

#[test]
fn a_key_must_be_there_once_and_of_a_type_a_key_can_have() {
    let fault = |map: &[(&'static str, Value)], key: &[&str]| {
        let columns = map.iter().fold(Row::default(), |row, (name, value)| row.with(*name, value.clone()));
        let error = to_row(&Pairs(columns), key).unwrap_err();
        (error.fault().clone(), error.column().map(str::to_owned))
    };
    let id = || ("id", Value::from("a"));
    assert_eq!(fault(&[id()], &[]), (EntityFault::KeyColumns, None));
    assert_eq!(fault(&[id()], &["a", "b", "c", "d", "e"]), (EntityFault::KeyColumns, None));
    assert_eq!(fault(&[id()], &["id", "n"]), (EntityFault::MissingKey, Some("n".into())));
    assert_eq!(fault(&[id(), ("n", 1.5.into())], &["n"]), (EntityFault::NotAKey("a double"), Some("n".into())));
    assert_eq!(fault(&[id(), ("n", true.into())], &["n"]), (EntityFault::NotAKey("a boolean"), Some("n".into())));
    assert_eq!(fault(&[id(), id()], &["id"]), (EntityFault::Repeated, Some("id".into())));
    assert_eq!(fault(&[id(), ("n", 1.into()), ("n", 2.into())], &["id"]), (EntityFault::Repeated, Some("n".into())));
    #[derive(Serialize)]
    struct Optional {
        id: Option<i64>,
    }
    let error = to_row(&Optional { id: None }, &["id"]).unwrap_err();
    assert_eq!((error.fault(), error.column()), (&EntityFault::MissingKey, Some("id")));
}

/// A row's columns as a map that may repeat a name.
struct Pairs(Row);

impl Serialize for Pairs {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeMap;
        let mut map = serializer.serialize_map(None)?;
        for column in &self.0.columns {
            match &column.value {
                Value::Integer(value) => map.serialize_entry(&*column.name, value)?,
                Value::Double(value) => map.serialize_entry(&*column.name, value)?,
                Value::Boolean(value) => map.serialize_entry(&*column.name, value)?,
                Value::String(value) => map.serialize_entry(&*column.name, value)?,
                Value::Binary(_) => unreachable!(),
            }
        }
        map.end()
    }
}
