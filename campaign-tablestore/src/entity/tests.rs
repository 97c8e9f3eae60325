//! Structs to rows and back, and every refusal with the column it names.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Debug;

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{Entity, EntityError, EntityFault, from_row, to_row};
use crate::plain_buffer::{Encode, decode_rows};
use crate::{KeyValue, PrimaryKey, Row, Value};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Size {
    S,
    Xl,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Email(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Origin {
    utm_source: Option<String>,
    shard: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Entry {
    seq: u32,
    campaign: String,
    email: Email,
    size: Size,
    comment: Option<String>,
    born: NaiveDate,
    sent: DateTime<Utc>,
    consent: bool,
    score: f64,
    ratio: f32,
    initial: char,
    smallest: i64,
    byte: u8,
    large: u64,
    #[serde(with = "super::binary")]
    digest: [u8; 4],
    #[serde(rename = "photo-2", with = "super::binary")]
    photo: Vec<u8>,
    #[serde(flatten)]
    origin: Origin,
}

impl Entity for Entry {
    const KEY: &'static [&'static str] = &["campaign", "seq"];
}

fn entry() -> Entry {
    Entry {
        seq: 7,
        campaign: "double11".into(),
        email: Email("li@example.com".into()),
        size: Size::Xl,
        comment: None,
        born: NaiveDate::from_ymd_opt(2001, 2, 3).unwrap(),
        sent: DateTime::from_timestamp(1_790_000_000, 500_000_000).unwrap(),
        consent: true,
        score: -0.5,
        ratio: 0.1,
        initial: '李',
        smallest: i64::MIN,
        byte: u8::MAX,
        large: i64::MAX.unsigned_abs(),
        digest: [0, 1, 0xfe, 0xff],
        photo: vec![],
        origin: Origin { utm_source: Some("mail".into()), shard: 3 },
    }
}

#[test]
fn a_struct_becomes_the_columns_one_would_write_by_hand() {
    let expected = Row::new(PrimaryKey::new().with("campaign", "double11").with("seq", 7))
        .with("email", "li@example.com")
        .with("size", "XL")
        .with("born", "2001-02-03")
        .with("sent", "2026-09-21T14:13:20.500Z")
        .with("consent", true)
        .with("score", -0.5)
        .with("ratio", 0.1_f32)
        .with("initial", "李")
        .with("smallest", i64::MIN)
        .with("byte", 255)
        .with("large", i64::MAX)
        .with("digest", [0, 1, 0xfe, 0xff])
        .with("photo-2", [])
        .with("utm_source", "mail")
        .with("shard", 3);
    let row = entry().to_row().unwrap();
    assert!(row == expected, "{row:?}\n{expected:?}");
    assert_eq!(Entry::from_row(&row), Ok(entry()));
}

#[test]
fn a_struct_comes_back_from_the_wire_in_whatever_order_the_service_answers() {
    let mut row = entry().to_row().unwrap();
    row.columns.sort_by(|a, b| a.name.cmp(&b.name));
    let rows = decode_rows(&row.to_bytes()).unwrap();
    assert_eq!(Entry::from_row(&rows[0]), Ok(entry()));
}

#[test]
fn the_key_is_ordered_as_declared_and_not_as_the_fields_are() {
    let row = to_row(&entry(), &["seq", "campaign"]).unwrap();
    let names: Vec<_> = row.primary_key.columns().iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["seq", "campaign"]);
}

#[test]
fn the_newest_version_is_read_and_unknown_columns_are_ignored() {
    #[derive(Deserialize, PartialEq, Debug)]
    struct Counter {
        n: i64,
    }
    let row = Row::new(PrimaryKey::new().with("id", "a"))
        .with_version("extra", "x", 5)
        .with_version("n", 2, 20)
        .with_version("n", 1, 10);
    assert_eq!(from_row(&row), Ok(Counter { n: 2 }));
    let all: HashMap<String, i64> = from_row(&Row::new(PrimaryKey::new().with("id", 9)).with("n", 1)).unwrap();
    assert_eq!(all, HashMap::from([("id".to_owned(), 9), ("n".to_owned(), 1)]));
}

#[test]
fn text_and_bytes_can_be_borrowed_from_the_row() {
    #[derive(Deserialize)]
    struct Borrowed<'a> {
        id: &'a str,
        photo: &'a [u8],
    }
    let row = Row::new(PrimaryKey::new().with("id", "a")).with("photo", [1, 2]);
    let borrowed: Borrowed<'_> = from_row(&row).unwrap();
    assert_eq!((borrowed.id, borrowed.photo), ("a", [1, 2].as_slice()));
    assert_eq!(borrowed.id.as_ptr(), row.key("id").and_then(KeyValue::as_str).unwrap().as_ptr());
}

#[test]
fn a_map_with_text_keys_is_a_row() {
    let map = BTreeMap::from([("id", 1), ("n", 2)]);
    assert_eq!(to_row(&map, &["id"]), Ok(Row::new(PrimaryKey::new().with("id", 1)).with("n", 2)));
}

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
        #[serde(default, with = "super::binary")]
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

proptest! {
    #[test]
    fn any_values_come_back_through_row_and_wire(
        seq: u32, campaign: String, comment: Option<String>, consent: bool, score: f64, ratio: f32, initial: char,
        smallest: i64, byte: u8, large in 0..=i64::MAX.unsigned_abs(), digest: [u8; 4], photo: Vec<u8>,
    ) {
        let entry = Entry {
            seq, campaign, comment, consent, score, ratio, initial, smallest, byte, large, digest, photo, ..entry()
        };
        let rows = decode_rows(&entry.to_row().unwrap().to_bytes()).unwrap();
        prop_assert_eq!(Entry::from_row(&rows[0]), Ok(entry));
    }
}
