//! Rows that make no struct are refused with the column they fail at, and without its value.

use std::collections::HashMap;
use std::fmt::Debug;

use chrono::NaiveDate;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{Entry, Size, entry};
use crate::{Entity, EntityFault, KeyValue, PrimaryKey, Row, Value, from_row};

/// The message of reading `value` as a field of type `T`.
fn unreadable<T: DeserializeOwned + Debug>(value: impl Into<Value>) -> String {
    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "it is never made")]
    struct Holder<T> {
        field: T,
    }
    let row = Row::new(PrimaryKey::new().with("id", 1)).with("field", value);
    let error = from_row::<Holder<T>>(&row).unwrap_err();
    assert_eq!(error.column(), Some("field"));
    error.to_string()
}

#[test]
fn a_column_that_does_not_fit_its_field_is_refused_without_its_value() {
    assert_eq!(unreadable::<i64>("secret"), "column `field`: found a string, expected i64");
    assert_eq!(unreadable::<String>(12345), "column `field`: found an integer, expected a string");
    assert_eq!(unreadable::<bool>(1.5), "column `field`: found a double, expected a boolean");
    assert_eq!(unreadable::<i64>(true), "column `field`: found a boolean, expected i64");
    assert_eq!(unreadable::<String>([0xff]), "column `field`: found bytes, expected a string");
    assert_eq!(unreadable::<Size>("secret"), "column `field`: found another string, expected one of `S`, `XL`");
    assert!(unreadable::<Vec<u8>>([1]).contains("expected a sequence"));
    for message in [unreadable::<u8>(256), unreadable::<u64>(-1), unreadable::<i32>(i64::MAX)] {
        assert!(message.contains("the number is out of range"), "{message}");
    }
    assert!(unreadable::<f32>(1e39).contains("out of range"));
    assert!(unreadable::<char>("secret").contains("expected a character"));
    assert!(unreadable::<NaiveDate>("secret").starts_with("column `field`: "));
    for message in [unreadable::<char>("secret"), unreadable::<NaiveDate>("secret"), unreadable::<Size>("secret")] {
        assert!(!message.contains("secret"), "{message}");
    }
}

#[test]
fn a_column_that_is_absent_is_named() {
    let mut row = entry().to_row().unwrap();
    row.columns.retain(|column| column.name != "born");
    let error = Entry::from_row(&row).unwrap_err();
    assert_eq!((error.column(), error.fault()), (Some("born"), &EntityFault::Missing));
}

#[test]
fn bytes_of_another_length_and_unknown_columns_are_refused_where_the_type_says_so() {
    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "it is never made")]
    struct Strict {
        id: i64,
        #[serde(default, with = "crate::binary")]
        digest: [u8; 2],
    }
    let row = Row::new(PrimaryKey::new().with("id", 1));
    let error = from_row::<Strict>(&row.clone().with("digest", [1, 2, 3])).unwrap_err();
    assert_eq!(error.to_string(), "column `digest`: found bytes, expected as many bytes as the field has");
    let error = from_row::<Strict>(&row.with("other", 1)).unwrap_err();
    assert_eq!(error.column(), Some("other"));
}

#[test]
fn a_bound_is_no_value() {
    let row = Row::new(PrimaryKey::new().with("seq", KeyValue::InfMin));
    assert_eq!(from_row::<HashMap<String, i64>>(&row).unwrap_err().column(), Some("seq"));
}
