//! Random rows come back as they were; random bytes are refused without harm.

use proptest::prelude::*;

use crate::plain_buffer::{
    CellRef, DeletedRow, Encode, RowReader, Shape, decode_delete, decode_key, decode_put, decode_rows, decode_update,
    decode_value,
};
use crate::{CellChange, Column, KeyColumn, KeyValue, PrimaryKey, Row, RowUpdate, Value};

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::Integer),
        any::<f64>().prop_map(Value::Double),
        any::<bool>().prop_map(Value::Boolean),
        any::<String>().prop_map(Value::String),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::Binary),
    ]
}

fn key_value() -> impl Strategy<Value = KeyValue> {
    prop_oneof![
        any::<i64>().prop_map(KeyValue::Integer),
        any::<String>().prop_map(KeyValue::String),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(KeyValue::Binary),
    ]
}

fn name() -> impl Strategy<Value = String> {
    "\\PC{1,9}"
}

fn primary_key() -> impl Strategy<Value = PrimaryKey> {
    proptest::collection::btree_map(name(), key_value(), 1..=4)
        .prop_map(|columns| columns.into_iter().map(|(name, value)| KeyColumn { name: name.into(), value }).collect())
}

fn row() -> impl Strategy<Value = Row> {
    let timestamp = proptest::option::of(0..i64::MAX);
    let columns = proptest::collection::hash_map((name(), timestamp), value(), 0..12);
    (primary_key(), columns).prop_map(|(primary_key, columns)| Row {
        primary_key,
        columns: columns
            .into_iter()
            .map(|((name, timestamp), value)| Column { name: name.into(), value, timestamp })
            .collect(),
    })
}

fn update() -> impl Strategy<Value = RowUpdate> {
    let change = prop_oneof![
        (name(), value()).prop_map(|(name, value)| CellChange::Put(Column::new(name, value))),
        name().prop_map(|name| CellChange::DeleteAll { name: name.into() }),
        (name(), 0..i64::MAX).prop_map(|(name, timestamp)| CellChange::DeleteVersion { name: name.into(), timestamp }),
        (name(), any::<i64>()).prop_map(|(name, by)| CellChange::Increment { name: name.into(), by }),
    ];
    (primary_key(), proptest::collection::vec(change, 0..12))
        .prop_map(|(primary_key, changes)| RowUpdate { primary_key, changes })
}

/// Bytes that look like a buffer more often than chance would have it.
fn nearly_a_buffer() -> impl Strategy<Value = Vec<u8>> {
    let tag = prop_oneof![0u8..0x10, any::<u8>(), Just(3u8), Just(0u8)];
    let noise = proptest::collection::vec(tag, 0..200).prop_map(|mut bytes| {
        bytes.splice(0..0, [0x75, 0, 0, 0, 1, 3, 4]);
        bytes
    });
    let damaged = (proptest::collection::vec(row(), 1..4), any::<prop::sample::Index>(), any::<u8>(), any::<bool>())
        .prop_map(|(rows, at, byte, cut)| {
            let mut bytes = rows.to_bytes();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            bytes
        });
    prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), noise, damaged]
}

/// The shortest cell: tags, lengths and checksum of a deletion whose name has one letter.
const SHORTEST_CELL: usize = 11;

proptest! {
    #[test]
    fn rows_come_back_as_they_were(rows in proptest::collection::vec(row(), 0..4)) {
        let bytes = rows.to_bytes();
        prop_assert_eq!(bytes.len(), rows.encoded_len());
        prop_assert_eq!(decode_rows(&bytes), Ok(rows));
    }

    #[test]
    fn puts_updates_keys_and_deletions_come_back_as_they_were(row in row(), update in update()) {
        let key = row.primary_key.clone();
        prop_assert_eq!(decode_put(&row.to_bytes()), Ok(row));
        prop_assert_eq!(decode_update(&update.to_bytes()), Ok(update));
        prop_assert_eq!(decode_key(&key.to_bytes()), Ok(key.clone()));
        prop_assert_eq!(decode_delete(&DeletedRow(&key).to_bytes()), Ok(key));
    }

    #[test]
    fn what_is_read_from_any_bytes_writes_the_same_bytes(bytes in nearly_a_buffer()) {
        if let Ok(rows) = decode_rows(&bytes) {
            let written = rows.to_bytes();
            prop_assert!(bytes.starts_with(&written));
            prop_assert!(bytes[written.len()..].iter().all(|byte| *byte == 0));
        }
    }

    #[test]
    fn owned_rows_take_memory_in_proportion(bytes in nearly_a_buffer(), rows in proptest::collection::vec(row(), 0..9)) {
        for bytes in [bytes, rows.to_bytes()] {
            let length = bytes.len();
            if let Ok(rows) = decode_rows(&bytes) {
                prop_assert!(footprint(rows) <= 16 * length + 4 * size_of::<Row>());
            }
        }
    }

    #[test]
    fn reading_any_bytes_takes_memory_in_proportion(bytes in nearly_a_buffer()) {
        for shape in [Shape::Answer, Shape::Key, Shape::Put, Shape::Update, Shape::Delete, Shape::Record] {
            let Ok(mut reader) = RowReader::new(&bytes, shape) else { continue };
            let mut rows = 0;
            while let Ok(Some(row)) = reader.next_row() {
                rows += 1;
                for cell in row.primary_key().iter().chain(row.columns()) {
                    prop_assert!(within(&bytes, cell));
                }
            }
            prop_assert!(rows <= bytes.len());
            // A vector doubles when it is full and starts with four places.
            prop_assert!(reader.capacity() <= (2 * bytes.len() / SHORTEST_CELL).max(4));
        }
        let _ = decode_value(&bytes);
    }
}

/// The bytes that rows have room for, names aside: those are shared and part of the buffer once.
fn footprint(rows: Vec<Row>) -> usize {
    let lists = rows.capacity() * size_of::<Row>();
    let of_row = |row: Row| {
        let columns = row.columns.capacity() * size_of::<Column>();
        let values: usize = row.columns.into_iter().map(|column| room(column.value)).sum();
        let key = row.primary_key.into_columns();
        let key_columns = key.capacity() * size_of::<KeyColumn>();
        let key_values = key.into_iter().map(|column| match column.value {
            KeyValue::String(text) => text.capacity(),
            KeyValue::Binary(bytes) => bytes.capacity(),
            _ => 0,
        });
        columns + values + key_columns + key_values.sum::<usize>()
    };
    lists + rows.into_iter().map(of_row).sum::<usize>()
}

fn room(value: Value) -> usize {
    match value {
        Value::String(text) => text.capacity(),
        Value::Binary(bytes) => bytes.capacity(),
        _ => 0,
    }
}

/// Whether the text of a cell is part of the buffer and not a copy.
fn within(buffer: &[u8], cell: &CellRef<'_>) -> bool {
    let range = buffer.as_ptr_range();
    let name = cell.name.as_bytes().as_ptr_range();
    range.start <= name.start && name.end <= range.end
}
