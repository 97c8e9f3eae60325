//! Each limit: what is at it is taken, what is one beyond it is refused with its code and text (service documents "Limits"
//! and "Error codes"; texts as the official SDKs' functional tests have them, where they have them).
//!
//! Requests are written by hand, for the client refuses most of them itself.

use campaign_client::Service;
use campaign_tablestore::plain_buffer::Encode;
use campaign_tablestore::schema::{KeyType, TableMeta, TableOptions};
use campaign_tablestore::{Code, CreateTable, PrimaryKey, PutRow, Row, RowUpdate, TableStore, Value};

use crate::wire::{bytes, call, field, number};
use crate::{Bed, START, bed, bed_with_table, key};

/// `PrimaryKeyType` STRING.
const TEXT: u64 = 2;
const PARAMETER: Code = Code::ParameterInvalid;

/// A call at a limit and one beyond it.
struct Limit {
    operation: &'static str,
    at: Vec<u8>,
    beyond: Vec<u8>,
    code: Code,
    text: String,
}

fn limit(
    operation: &'static str,
    of: impl Fn(usize) -> Vec<u8>,
    most: usize,
    code: Code,
    text: impl Into<String>,
) -> Limit {
    Limit { operation, at: of(most), beyond: of(most + 1), code, text: text.into() }
}

/// The same with the least number that is taken, and one less.
fn least(operation: &'static str, of: impl Fn(i64) -> Vec<u8>, least: i64, text: &str) -> Limit {
    Limit { operation, at: of(least), beyond: of(least - 1), code: PARAMETER, text: text.to_owned() }
}

/// A condition that ignores whether the row is there.
fn ignore(number_of: u8) -> Vec<u8> {
    bytes(number_of, &field(1, 0))
}

fn put(row: &Row) -> Vec<u8> {
    [bytes(1, b"t"), bytes(2, &row.to_bytes()), ignore(3)].concat()
}

fn update(row: &RowUpdate) -> Vec<u8> {
    [bytes(1, b"t"), bytes(2, &row.to_bytes()), ignore(3)].concat()
}

fn get(columns: impl Iterator<Item = String>) -> Vec<u8> {
    let names = columns.flat_map(|name| bytes(3, name.as_bytes()));
    [bytes(1, b"t"), bytes(2, &key("a").to_bytes()), names.collect(), field(5, 1)].concat()
}

fn text(length: usize) -> String {
    "x".repeat(length)
}

/// Columns of together so many bytes, names included, none longer than 2 MiB.
fn data(length: usize) -> Row {
    // "id" and "k", then the columns' names of one byte.
    let rest = length - 3 - 3 - (2 << 20) - (1 << 20);
    Row::new(key("k")).with("a", text(2 << 20)).with("b", text(1 << 20)).with("c", text(rest))
}

fn rows(of: &[Row]) -> Vec<u8> {
    let rows = of.iter().flat_map(|row| {
        let write = [field(1, 1), bytes(2, &row.to_bytes()), ignore(3)].concat();
        bytes(2, &write)
    });
    bytes(1, &[bytes(1, b"t"), rows.collect()].concat())
}

fn many(count: usize) -> Vec<Row> {
    (0..count).map(|n| Row::new(key(&format!("r{n}"))).with("n", 1)).collect()
}

fn reads(count: usize) -> Vec<u8> {
    let keys = (0..count).flat_map(|n| bytes(2, &key(&format!("r{n}")).to_bytes()));
    bytes(1, &[bytes(1, b"t"), keys.collect(), field(6, 1)].concat())
}

/// CreateTable of a table with these key columns, and more of the message.
fn create(name: &str, key: &[&str], more: &[u8]) -> Vec<u8> {
    let columns = key.iter().flat_map(|name| bytes(2, &[bytes(1, name.as_bytes()), field(2, TEXT)].concat()));
    let meta = [bytes(1, name.as_bytes()), columns.collect()].concat();
    [bytes(1, &meta), bytes(2, &bytes(1, &[field(1, 0), field(2, 0)].concat())), more.to_vec()].concat()
}

fn options(table: &str, options: &[u8]) -> Vec<u8> {
    create(table, &["id"], &bytes(3, options))
}

/// So many comparisons in pairs, inside each other.
fn filter(comparisons: usize) -> Vec<u8> {
    let value = Value::Integer(1);
    let one = {
        let mut variant = vec![0];
        variant.extend(value.as_i64().unwrap().to_le_bytes());
        let compare = [field(1, 1), bytes(2, b"n"), bytes(3, &variant), field(4, 0), field(5, 1)].concat();
        [field(1, 1), bytes(2, &compare)].concat()
    };
    let and = |left: &[u8], right: &[u8]| {
        let both = [field(1, 2), bytes(2, left), bytes(2, right)].concat();
        [field(1, 2), bytes(2, &both)].concat()
    };
    (1..comparisons).fold(one.clone(), |filter, _| and(&one, &filter))
}

fn filtered(comparisons: usize) -> Vec<u8> {
    [bytes(1, b"t"), bytes(2, &key("a").to_bytes()), field(5, 1), bytes(7, &filter(comparisons))].concat()
}

fn of_rows() -> Vec<Limit> {
    let long = |what: &str, most: usize| {
        format!("The length of {what} exceeds the MaxLength:{most} with CurrentLength:{}.", most + 1)
    };
    let total = |operation: &str| {
        format!(
            "The total data size of {operation} request exceeds the limit, limit size: 4194304, data size: 4194305."
        )
    };
    let columns = |most: usize| {
        format!("The number of attribute columns exceeds the limit, limit count: {most}, column count: {}.", most + 1)
    };
    let wide = |count: usize| (0..count).fold(Row::new(key("w")), |row, n| row.with(format!("c{n}"), 1));
    let changes = |count: usize| (0..count).fold(RowUpdate::new(key("w")), |row, n| row.put(format!("c{n}"), 1));
    let value = |length| Row::new(key("v")).with("attr", text(length));
    let blob = |length| Row::new(key("v")).with("attr", vec![0_u8; length]);
    vec![
        limit("PutRow", |n| put(&Row::new(key(&text(n)))), 1024, PARAMETER, long("primary key column: 'id'", 1024)),
        limit("PutRow", |n| put(&value(n)), 2 << 20, PARAMETER, long("attribute column: 'attr'", 2 << 20)),
        limit("PutRow", |n| put(&blob(n)), 2 << 20, PARAMETER, long("attribute column: 'attr'", 2 << 20)),
        limit("PutRow", |n| put(&wide(n)), 1024, PARAMETER, columns(1024)),
        limit("UpdateRow", |n| update(&changes(n)), 1024, PARAMETER, columns(1024)),
        limit(
            "PutRow",
            |n| put(&Row::new(key("n")).with(text(n), 1)),
            255,
            PARAMETER,
            format!("Invalid column name: '{}'.", text(256)),
        ),
        limit("PutRow", |n| put(&data(n)), 4 << 20, PARAMETER, total("PutRow")),
        limit("BatchWriteRow", |n| rows(&[data(n)]), 4 << 20, PARAMETER, total("BatchWriteRow")),
        limit("BatchWriteRow", |n| rows(&many(n)), 200, PARAMETER, "Rows count exceeds the upper limit: 200."),
        limit("BatchGetRow", reads, 100, PARAMETER, "Rows count exceeds the upper limit: 100."),
        limit("GetRow", filtered, 10, PARAMETER, "The count of filter exceeds the max:10."),
        limit(
            "GetRow",
            |n| get((0..n).map(|n| format!("c{n}"))),
            1024,
            PARAMETER,
            "The number of columns to get exceeds the limit, limit count: 1024, column count: 1025.",
        ),
        least(
            "GetRow",
            |n| [get(std::iter::empty()), field(5, number(n))].concat(),
            1,
            "The max versions must be greater than 0.",
        ),
    ]
}

fn of_tables() -> Vec<Limit> {
    let names = ["a", "b", "c", "d", "e"];
    let defined = |n: usize| {
        let columns = (0..n).flat_map(|n| bytes(3, &[bytes(1, format!("c{n}").as_bytes()), field(2, 1)].concat()));
        let column = bytes(2, &[bytes(1, b"id"), field(2, TEXT)].concat());
        let meta = [bytes(1, b"defined"), column, columns.collect()].concat();
        [bytes(1, &meta), bytes(2, &bytes(1, &[field(1, 0), field(2, 0)].concat()))].concat()
    };
    let reserved = |n: usize| {
        let meta = [bytes(1, b"reserved"), bytes(2, &[bytes(1, b"id"), field(2, TEXT)].concat())].concat();
        let units = [field(1, u64::try_from(n).unwrap()), field(2, 0)].concat();
        [bytes(1, &meta), bytes(2, &bytes(1, &units))].concat()
    };
    let stream =
        |n: usize| create("streamed", &["id"], &bytes(5, &[field(1, 1), field(2, u64::try_from(n).unwrap())].concat()));
    vec![
        limit(
            "CreateTable",
            |n| create(&text(n), &["id"], &[]),
            255,
            PARAMETER,
            format!("Invalid table name: '{}'.", text(256)),
        ),
        limit(
            "CreateTable",
            |n| create("keys", &names[..n], &[]),
            4,
            PARAMETER,
            "The number of primary key columns must be in range: [1, 4].",
        ),
        limit("CreateTable", defined, 32, PARAMETER, "The number of defined columns must be in range: [0, 32]."),
        limit("CreateTable", reserved, 100_000, PARAMETER, "The reserved throughput must be in range: [0, 100000]."),
        limit("CreateTable", stream, 168, PARAMETER, "The stream expiration time must be in range: [1, 168]."),
        least(
            "CreateTable",
            |n| options("lives", &field(1, number(n))),
            86_400,
            "The time to live must be -1 or at least 86400 seconds.",
        ),
        least(
            "CreateTable",
            |n| options("versions", &field(2, number(n))),
            1,
            "The max versions must be greater than 0.",
        ),
        least(
            "CreateTable",
            |n| options("deviates", &field(5, number(n))),
            1,
            "The deviation of cell versions must be greater than 0.",
        ),
    ]
}

impl Bed {
    /// Code and text of the refusal, if it was one.
    async fn answered(&self, operation: &str, body: Vec<u8>) -> Option<(Code, String)> {
        let (parts, body) = call(self, operation, body).await;
        if parts.status.is_success() {
            return None;
        }
        let service = TableStore::new("http://127.0.0.1", &self.cloud.settings().instance).unwrap();
        let error = service.read_error(&parts, &body);
        assert!(error.request_id.is_some(), "{operation}: a refusal without a request id");
        Some((Code::from_text(&error.code), error.message))
    }
}

#[tokio::test]
async fn what_is_at_a_limit_is_taken_and_what_is_beyond_it_is_refused_in_the_services_words() {
    let bed = bed_with_table().await;
    for Limit { operation, at, beyond, code, text } in of_rows().into_iter().chain(of_tables()) {
        assert_eq!(bed.answered(operation, beyond).await, Some((code, text.clone())), "{operation} beyond: {text}");
        assert_eq!(bed.answered(operation, at).await, None, "{operation} at: {text}");
    }
}

#[tokio::test]
async fn a_body_of_more_than_five_megabytes_is_too_large() {
    let bed = bed_with_table().await;
    let (most, code) = (5 << 20, Code::RequestBodyTooLarge);
    assert_eq!(bed.answered("PutRow", vec![0; most + 1]).await.map(|(code, _)| code), Some(code));
    assert_eq!(bed.answered("PutRow", vec![0; most]).await.map(|(code, _)| code), Some(PARAMETER));
}

#[tokio::test]
async fn what_a_batch_may_not_hold_is_refused_in_the_services_words() {
    let bed = bed_with_table().await;
    let table = |name: &str, keys: &[PrimaryKey]| {
        let keys = keys.iter().flat_map(|key| bytes(2, &key.to_bytes()));
        bytes(1, &[bytes(1, name.as_bytes()), keys.collect(), field(6, 1)].concat())
    };
    for (operation, body, text) in [
        ("BatchGetRow", Vec::new(), "No row specified in the request of BatchGetRow."),
        ("BatchGetRow", [table("t", &[key("a")]), table("t", &[key("b")])].concat(), "Duplicated table name: 't'."),
        ("BatchWriteRow", Vec::new(), "No row is specified in BatchWriteRow."),
        ("BatchWriteRow", bytes(1, &bytes(1, b"t")), "No operation is specified for table: 't'."),
        ("BatchWriteRow", rows(&many(1)).repeat(2), "Duplicated table name: 't'."),
    ] {
        assert_eq!(bed.answered(operation, body).await, Some((PARAMETER, text.to_owned())), "{operation}: {text}");
    }
    for (name, keys) in [("no row", &[][..]), ("a row twice", &[key("a"), key("a")])] {
        assert_eq!(bed.answered("BatchGetRow", table("t", keys)).await, None, "{name}");
    }
}

#[tokio::test]
async fn a_version_lies_between_deviation_or_life_behind_the_clock_and_deviation_before_it() {
    let bed = bed().await;
    for (name, deviation, life, oldest, newest) in [
        ("deviates", 3600, None, 3600, 3600),
        ("lives", 2 * 86_400, Some(86_400), 86_400, 2 * 86_400),
        ("both", 3600, Some(86_400), 3600, 3600),
    ] {
        let mut options = TableOptions::unset().deviation_cell_version_in_sec(deviation);
        options.time_to_live = life;
        let meta = TableMeta::new(name).key("id", KeyType::String);
        bed.client.send(&CreateTable::new(meta).table_options(options)).await.unwrap();
        let put = |at: i64| PutRow::new(name, Row::new(key("a")).with_version("v", 1, at));
        for (at, taken) in [
            (START - oldest * 1000, true),
            (START - oldest * 1000 - 1, false),
            (START + newest * 1000 - 1, true),
            (START + newest * 1000, false),
        ] {
            let result = bed.client.send(&put(at)).await;
            assert_eq!(result.is_ok(), taken, "{name}: {} ms", at - START);
        }
    }
}
