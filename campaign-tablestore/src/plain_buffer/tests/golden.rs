//! `tablestore-rows.json`: buffers of the official Python client, byte for byte in both directions.

use super::vectors::{self, hex, list, text};
use crate::plain_buffer::{
    DecodeFault, DeletedRow, Encode, RowReader, Sequence, Shape, crc8, decode_columns, decode_delete, decode_key,
    decode_put, decode_record, decode_row, decode_rows, decode_update, decode_value, encode_value,
};
use crate::{PrimaryKey, Row};

const FILE: &str = "tablestore-rows.json";

/// The bytes that come out are those that were foreseen, into a buffer that did not have to grow.
fn encoded<T: Encode + ?Sized>(value: &T) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.encoded_len());
    let capacity = out.capacity();
    value.encode(&mut out);
    assert_eq!(out.len(), value.encoded_len());
    assert_eq!(out.capacity(), capacity);
    out
}

#[test]
fn rows_are_written_and_read_as_the_official_client_does() {
    let file = vectors::file(FILE);
    let mut seen = 0;
    for vector in list(&file, "rows") {
        let name = text(vector, "name");
        let rows: Vec<Row> = list(vector, "rows").iter().map(vectors::row).collect();
        let bytes = hex(vector, "hex");
        assert_eq!(encoded(rows.as_slice()), bytes, "{name}");
        let read = decode_rows(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.len(), rows.len(), "{name}");
        assert_eq!(encoded(read.as_slice()), bytes, "{name}");
        // NaN is not equal to itself; the bytes above are.
        if name != "row_double_specials" {
            assert_eq!(read, rows, "{name}");
        }
        if let [row] = rows.as_slice() {
            assert_eq!(encoded(row), bytes, "{name}");
            assert_eq!(encoded(&decode_put(&bytes).unwrap()), bytes, "{name}");
            assert_eq!(encoded(&decode_row(&bytes).unwrap().unwrap()), bytes, "{name}");
        }
        seen += 1;
    }
    assert_eq!(seen, 14);
}

#[test]
fn keys_are_written_and_read_as_the_official_client_does() {
    let file = vectors::file(FILE);
    let keys = list(&file, "primary_keys");
    assert_eq!(keys.len(), 4);
    for vector in keys {
        let (key, bytes) = (vectors::primary_key(vector), hex(vector, "hex"));
        assert_eq!(encoded(&key), bytes);
        let has_placeholder = key.columns().iter().any(|column| column.value == crate::KeyValue::AutoIncrement);
        if has_placeholder {
            assert_eq!(decode_key(&bytes).unwrap_err().fault(), DecodeFault::BadValueType(0x0B));
        } else {
            assert_eq!(decode_key(&bytes), Ok(key));
        }
    }
}

#[test]
fn deletions_are_written_and_read_as_the_official_client_does() {
    let file = vectors::file(FILE);
    let deletions = list(&file, "delete_rows");
    assert_eq!(deletions.len(), 2);
    for vector in deletions {
        let (key, bytes) = (vectors::primary_key(vector), hex(vector, "hex"));
        assert_eq!(encoded(&DeletedRow(&key)), bytes);
        assert_eq!(decode_delete(&bytes), Ok(key));
    }
}

#[test]
fn updates_are_written_and_read_as_the_official_client_does() {
    let file = vectors::file(FILE);
    let updates = list(&file, "update_rows");
    assert_eq!(updates.len(), 5);
    for vector in updates {
        let (update, bytes) = (vectors::update(vector), hex(vector, "hex"));
        assert_eq!(encoded(&update), bytes);
        assert_eq!(decode_update(&bytes), Ok(update));
    }
}

#[test]
fn values_of_filters_are_written_and_read_without_a_length() {
    let file = vectors::file(FILE);
    let values = list(&file, "variants_no_length_prefix");
    assert_eq!(values.len(), 12);
    for vector in values {
        let (value, bytes) = (vectors::value(&vector["value"]), hex(vector, "hex"));
        assert_eq!(encode_value(&value), bytes);
        assert_eq!(decode_value(&bytes), Ok(value));
        for length in 0..bytes.len() {
            assert_eq!(decode_value(&bytes[..length]).unwrap_err().fault(), DecodeFault::BadLength);
        }
    }
    let keys = list(&file, "pk_variants_no_length_prefix");
    assert_eq!(keys.len(), 5);
    for vector in keys {
        let key = vectors::key_value(&vector["value"]);
        let mut out = Vec::new();
        super::super::variant::write((&key).into(), &mut out);
        assert_eq!(out, hex(vector, "hex"));
    }
}

#[test]
fn the_checksum_is_that_of_the_official_client() {
    let file = vectors::file(FILE);
    let checks = list(&file, "crc8");
    assert_eq!(checks.len(), 5);
    for vector in checks {
        let (bytes, crc) = (hex(vector, "input_hex"), vector["crc"].as_u64().unwrap());
        assert_eq!(u64::from(crc8::extend(0, &bytes)), crc);
        // However the bytes are divided.
        for at in 0..=bytes.len() {
            let (head, tail) = bytes.split_at(at);
            assert_eq!(u64::from(crc8::extend(crc8::extend(0, head), tail)), crc);
        }
    }
}

#[test]
fn every_invalid_buffer_is_refused() {
    let file = vectors::file(FILE);
    let invalid = list(&file, "invalid");
    assert_eq!(invalid.len(), 9);
    for vector in invalid {
        // Also the one that readers may take for no rows: this one is strict.
        assert!(decode_rows(&hex(vector, "hex")).is_err(), "{}", text(vector, "what"));
    }
}

#[test]
fn what_must_be_tolerated_is_read() {
    let file = vectors::file(FILE);
    let [counter, record, extension, zeros] = list(&file, "tolerate") else { panic!("four buffers") };

    let row = decode_row(&hex(counter, "hex")).unwrap().unwrap();
    assert_eq!(row.get("v"), Some(&crate::Value::Integer(12)));

    let buffer = hex(record, "hex");
    let mut reader = RowReader::new(&buffer, Shape::Record).unwrap();
    let row = reader.next_row().unwrap().unwrap();
    assert!(row.primary_key().is_empty());
    assert_eq!(row.columns().len(), 1);
    assert!(reader.next_row().unwrap().is_none());
    assert_eq!(decode_rows(&buffer).unwrap_err().fault(), DecodeFault::NoPrimaryKey);

    let row = decode_row(&hex(extension, "hex")).unwrap().unwrap();
    assert_eq!(row, Row::new(PrimaryKey::new().with("id", "c")));
    let (update, sequence) = decode_record(&hex(extension, "hex")).unwrap();
    assert_eq!(update.primary_key, row.primary_key);
    assert_eq!(sequence, Some(Sequence { epoch: 1, timestamp: 1_768_465_845_123_456, row_index: 2 }));
    assert_eq!(decode_columns(&buffer).unwrap().len(), 1);

    let buffer = hex(zeros, "hex");
    assert_eq!(buffer.last(), Some(&0));
    assert_eq!(decode_key(&buffer).unwrap().columns().len(), 2);
}
