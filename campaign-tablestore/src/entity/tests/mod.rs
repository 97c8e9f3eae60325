//! Structs to rows and back; what is refused is in the files of this folder.

mod reading;
mod table;
mod writing;

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, NaiveDate, Utc};
use proptest::prelude::*;
use serde::{Deserialize, Serialize};

use super::{Entity, from_row, to_row};
use crate::plain_buffer::{Encode, decode_rows};
use crate::{KeyValue, PrimaryKey, Row};

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
    #[serde(with = "crate::binary")]
    digest: [u8; 4],
    #[serde(rename = "photo-2", with = "crate::binary")]
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
