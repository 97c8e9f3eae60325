//! The order of keys, names as map keys, and what `Debug` keeps to itself.

use std::collections::HashMap;

use super::{Column, KeyValue, Name, PrimaryKey, Row, RowUpdate};
use crate::Value;

#[test]
fn keys_are_ordered_as_the_service_orders_rows() {
    let ordered = [
        KeyValue::InfMin,
        KeyValue::Integer(i64::MIN),
        KeyValue::Integer(-1),
        KeyValue::Integer(0),
        KeyValue::Integer(i64::MAX),
        KeyValue::from(""),
        KeyValue::from("Z"),
        KeyValue::from("a"),
        KeyValue::from("ab"),
        KeyValue::from("é"),
        KeyValue::from([]),
        KeyValue::from([0x7f]),
        KeyValue::from([0x80]),
        KeyValue::from([0xff]),
        KeyValue::from([0xff, 0x00]),
        KeyValue::AutoIncrement,
        KeyValue::InfMax,
    ];
    for (i, a) in ordered.iter().enumerate() {
        for (j, b) in ordered.iter().enumerate() {
            assert_eq!(a.cmp(b), i.cmp(&j), "{a:?} and {b:?}");
        }
    }
}

#[test]
fn a_key_is_compared_column_by_column() {
    let key = |a: &str, b: i64| PrimaryKey::new().with("a", a).with("b", b);
    assert!(key("a", 9) < key("b", 1));
    assert!(key("b", -1) < key("b", 0));
    assert!(key("b", 0) < PrimaryKey::new().with("a", "b").with("b", KeyValue::InfMax));
    assert_eq!(key("b", 0).cmp(&key("b", 0)), std::cmp::Ordering::Equal);
}

#[test]
fn the_value_decides_before_the_name() {
    assert!(PrimaryKey::new().with("z", 1) < PrimaryKey::new().with("a", 2));
}

#[test]
fn a_name_is_found_in_a_map_by_its_text_however_it_was_made() {
    let map = HashMap::from([(Name::from_static("a"), 1), (Name::from("b"), 2)]);
    assert_eq!(map.get("a"), Some(&1));
    assert_eq!(map.get("b"), Some(&2));
    assert_eq!(map.get(&Name::from("a")), Some(&1));
}

#[test]
fn the_newest_version_is_read_first() {
    let row =
        Row::new(PrimaryKey::new().with("id", 1)).with_version("c", 3, 30).with_version("c", 2, 20).with("d", true);
    assert_eq!(row.get("c"), Some(&Value::Integer(3)));
    let versions: Vec<_> = row.versions("c").map(|column| column.timestamp).collect();
    assert_eq!(versions, [Some(30), Some(20)]);
    assert_eq!(row.key("id"), Some(&KeyValue::Integer(1)));
}

#[test]
fn debug_shows_names_and_never_values() {
    let row = Row::new(PrimaryKey::new().with("id", "alice@example.com").with("n", 48_151_623))
        .with("email", "alice@example.com")
        .with("pin", 48_151_623)
        .with("score", 48.151)
        .with("photo", b"alice".as_slice());
    let update =
        RowUpdate::new(row.primary_key.clone()).put("email", "alice@example.com").put_version("pin", 48_151_623, 1);
    let text = format!("{row:?} {update:?} {:?}", Column::new("email", "alice@example.com"));
    assert!(text.contains("email") && text.contains("String(17 bytes)") && text.contains("Binary(5 bytes)"), "{text}");
    assert!(!text.contains("alice") && !text.contains("48"), "{text}");
}

#[test]
fn every_type_can_be_shared_between_threads() {
    fn shared<T: std::fmt::Debug + Clone + Send + Sync>() {}
    shared::<Row>();
    shared::<RowUpdate>();
    shared::<crate::Condition>();
    shared::<crate::FilterError>();
    shared::<crate::EntityError>();
    shared::<crate::plain_buffer::DecodeError>();
    shared::<crate::plain_buffer::RowReader<'_>>();
    shared::<crate::plain_buffer::RowRef<'_, '_>>();
}
