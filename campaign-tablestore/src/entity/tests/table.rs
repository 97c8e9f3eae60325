//! What a type says of its table, and its keys.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use super::{Email, Entry, Size, entry};
use crate::plain_buffer::{Encode, RowReader, Shape};
use crate::schema::{ColumnType, KeyType, TableMeta};
use crate::{CellChange, Entity, EntityFault, KeyValue, PrimaryKey, Row, from_row_ref};

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
struct Order {
    shop: String,
    number: Option<i64>,
    total: f64,
    open: Option<bool>,
    #[serde(default, with = "crate::binary::option")]
    seal: Option<Vec<u8>>,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    at: DateTime<Utc>,
}

impl Entity for Order {
    const KEY: &'static [&'static str] = &["shop", "number"];
    const AUTO_INCREMENT: Option<&'static str> = Some("number");
}

#[test]
fn a_table_has_the_key_of_the_type_and_the_columns_that_are_asked_for() {
    let meta = Order::table_meta("orders", &["total", "open", "seal", "at"]).unwrap();
    let expected = TableMeta::new("orders")
        .key("shop", KeyType::String)
        .auto_increment("number")
        .defined_column("total", ColumnType::Double)
        .defined_column("open", ColumnType::Boolean)
        .defined_column("seal", ColumnType::Binary)
        .defined_column("at", ColumnType::Integer);
    assert_eq!(meta, expected);

    #[derive(Serialize, Deserialize)]
    struct Plain {
        id: Email,
        size: Option<Size>,
        born: NaiveDate,
        sent: DateTime<Utc>,
        initial: char,
        #[serde(rename = "n-2")]
        n: u64,
        #[serde(with = "crate::binary")]
        digest: [u8; 4],
    }
    impl Entity for Plain {
        const KEY: &'static [&'static str] = &["id", "digest"];
    }
    let meta = Plain::table_meta("t", &["size", "born", "sent", "initial", "n-2"]).unwrap();
    let kinds: Vec<_> = meta.defined_columns.iter().map(|column| column.kind).collect();
    assert_eq!(
        meta.primary_key.iter().map(|column| column.kind).collect::<Vec<_>>(),
        [KeyType::String, KeyType::Binary]
    );
    let text = ColumnType::String;
    assert_eq!(kinds, [text, text, text, text, ColumnType::Integer]);
}

#[test]
fn a_column_that_the_type_does_not_tell_of_is_refused_by_name() {
    let fault = |result: Result<TableMeta, crate::EntityError>| {
        let error = result.unwrap_err();
        (error.fault().clone(), error.column().unwrap_or_default().to_owned())
    };
    assert_eq!(fault(Order::table_meta("t", &["color"])), (EntityFault::NoField, "color".into()));
    assert_eq!(fault(Order::table_meta("t", &["at", "at"])), (EntityFault::Repeated, "at".into()));
    assert_eq!(fault(Order::table_meta("t", &["shop"])), (EntityFault::Repeated, "shop".into()));
    assert_eq!(fault(Entry::table_meta("t", &["utm_source"])), (EntityFault::Untold, "utm_source".into()));
    assert!(Entry::table_meta("t", &["comment"]).is_ok(), "beside a flattened field");

    #[derive(Serialize, Deserialize)]
    struct Odd {
        id: f64,
        tags: Vec<String>,
    }
    impl Entity for Odd {
        const KEY: &'static [&'static str] = &["id"];
    }
    assert_eq!(fault(Odd::table_meta("t", &[])), (EntityFault::NotAKey("a double"), "id".into()));
    #[derive(Serialize, Deserialize)]
    struct Map(HashMap<String, i64>);
    impl Entity for Map {
        const KEY: &'static [&'static str] = &["id"];
        const AUTO_INCREMENT: Option<&'static str> = Some("id");
    }
    assert!(Map::table_meta("t", &["n"]).is_ok(), "any name of a map is a number");
    #[derive(Serialize, Deserialize)]
    struct Tags {
        id: String,
        tags: Vec<String>,
    }
    impl Entity for Tags {
        const KEY: &'static [&'static str] = &["id"];
        const AUTO_INCREMENT: Option<&'static str> = Some("id");
    }
    assert_eq!(fault(Tags::table_meta("t", &["tags"])).1, "id", "no text is chosen by the service");
}

#[test]
fn a_number_that_the_service_chooses_is_left_to_it() {
    let order = Order { shop: "a".into(), ..Order::default() };
    let key = PrimaryKey::new().with("shop", "a").with("number", KeyValue::AutoIncrement);
    assert_eq!(order.to_row().unwrap().primary_key, key);
    let numbered = Order { number: Some(5), ..order };
    assert_eq!(numbered.to_row().unwrap().key("number"), Some(&KeyValue::Integer(5)));
    // An update addresses a row that is there.
    let error = Order::default().to_update().unwrap_err();
    assert_eq!((error.fault(), error.column()), (&EntityFault::MissingKey, Some("number")));
}

#[test]
fn an_update_puts_what_is_there_and_deletes_what_is_not() {
    let order = Order { shop: "a".into(), number: Some(5), total: 1.5, open: Some(true), ..Order::default() };
    let update = order.to_update().unwrap();
    assert_eq!(update.primary_key, Order::key(("a", 5)).unwrap());
    let deleted: Vec<_> = update
        .changes
        .iter()
        .filter(|change| matches!(change, CellChange::DeleteAll { .. }))
        .map(|change| change.name().as_str())
        .collect();
    let put: Vec<_> = update
        .changes
        .iter()
        .filter(|change| matches!(change, CellChange::Put(_)))
        .map(|change| change.name().as_str())
        .collect();
    assert_eq!((put, deleted), (vec!["total", "open", "at"], vec!["seal"]));

    #[derive(Serialize, Deserialize)]
    struct Skipping {
        id: i64,
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    }
    impl Entity for Skipping {
        const KEY: &'static [&'static str] = &["id"];
    }
    assert_eq!(Skipping { id: 1, note: None }.to_update().unwrap().changes, [], "what is skipped is left as it is");
}

#[test]
fn a_key_has_as_many_values_as_columns_and_a_range_fewer() {
    let key = Entry::key(("double11", 7)).unwrap();
    assert_eq!(key, PrimaryKey::new().with("campaign", "double11").with("seq", 7));
    let fault = EntityFault::KeyValues { columns: 2, given: 1 };
    assert_eq!(Entry::key("double11").unwrap_err().fault(), &fault);
    assert!(Entry::key(("a", 1, 2)).is_err());

    let range = Entry::range("entries", "double11").unwrap();
    let bound = |value| PrimaryKey::new().with("campaign", "double11").with("seq", value);
    assert_eq!(range.inclusive_start_primary_key, bound(KeyValue::InfMin));
    assert_eq!(range.exclusive_end_primary_key, bound(KeyValue::InfMax));
    let all = Entry::range("entries", ()).unwrap();
    assert_eq!(all, crate::GetRange::all("entries", ["campaign", "seq"]));
    assert!(Entry::range("entries", ("a", 1)).is_err());
}

#[test]
fn a_struct_can_be_read_from_a_buffer_and_borrow_from_it() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Borrowed<'a> {
        id: &'a str,
        photo: &'a [u8],
        note: Option<String>,
    }
    let bytes = Row::new(PrimaryKey::new().with("id", "a"))
        .with_version("extra", 1, 5)
        .with_version("photo", [1, 2], 20)
        .with_version("photo", [9], 10)
        .to_bytes();
    let mut reader = RowReader::new(&bytes, Shape::Answer).unwrap();
    let row = reader.next_row().unwrap().unwrap();
    let read: Borrowed<'_> = from_row_ref(&row).unwrap();
    assert_eq!(read, Borrowed { id: "a", photo: &[1, 2], note: None });
    assert!(bytes.as_ptr_range().contains(&read.id.as_ptr()));

    let bytes = entry().to_row().unwrap().to_bytes();
    let mut reader = RowReader::new(&bytes, Shape::Answer).unwrap();
    assert_eq!(from_row_ref::<Entry>(&reader.next_row().unwrap().unwrap()), Ok(entry()));
}
