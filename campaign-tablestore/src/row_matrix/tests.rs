//! Matrices both ways, and bytes that are none.

use proptest::prelude::*;

use super::{RowMatrix, encode};
use crate::{Name, PrimaryKey, Row, Value, plain_buffer::DecodeFault};

fn row(id: &str) -> Row {
    Row::new(PrimaryKey::new().with("id", id).with("n", 7))
}

fn names<const N: usize>(names: [&str; N]) -> Vec<Name> {
    names.into_iter().map(Name::from).collect()
}

fn matrix() -> Vec<u8> {
    let rows = [row("a").with("x", 1).with("y", "é"), row("b").with("y", true)];
    encode(&names(["id", "n"]), &names(["x", "y"]), &rows)
}

/// Put together by hand after the description of the format.
#[test]
fn the_bytes_are_those_of_the_format() {
    let bytes = encode(&names(["id"]), &names(["x", "y"]), &[Row::new(PrimaryKey::new().with("id", "a")).with("x", 1)]);
    let mut expected = Vec::new();
    expected.extend_from_slice(b"SRM0");
    for number in [37_u32, 30, 1, 2] {
        expected.extend_from_slice(&number.to_le_bytes());
    }
    expected.extend_from_slice(b"\x02\0id\x01\0x\x01\0y");
    expected.extend_from_slice(&[10, 1, 3, 1, 0, 0, 0]);
    expected.extend_from_slice(&[2, 3, 1, 0, 0, 0, b'a', 0, 1, 0, 0, 0, 0, 0, 0, 0, 6]);
    expected.push(1);
    let crc = expected
        .iter()
        .fold(0_u8, |crc, byte| (0..8).fold(crc ^ byte, |x, _| if x & 0x80 == 0 { x << 1 } else { (x << 1) ^ 0x07 }));
    expected.push(crc);
    assert_eq!(bytes, expected);
}

#[test]
fn rows_are_read_one_by_one_and_by_name() {
    let bytes = matrix();
    let mut matrix = RowMatrix::new(&bytes).unwrap();
    assert_eq!((matrix.key_names(), matrix.column_names()), (["id", "n"].as_slice(), ["x", "y"].as_slice()));
    let first = matrix.next_row().unwrap().unwrap();
    assert_eq!(first.get("x"), Some((&Value::Integer(1)).into()));
    let second = matrix.next_row().unwrap().unwrap();
    assert_eq!((second.get("x"), second.get("missing"), second.fields().len()), (None, None, 4));
    assert!(matrix.next_row().unwrap().is_none());
    assert!(RowMatrix::new(b"").unwrap().into_rows().unwrap().is_empty());
}

#[test]
fn a_turned_bit_and_a_cut_anywhere_are_refused() {
    let bytes = matrix();
    for at in 1..bytes.len() {
        assert!(RowMatrix::new(&bytes[..at]).and_then(RowMatrix::into_rows).is_err(), "{at}");
    }
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut bytes = bytes.clone();
            bytes[at] ^= 1 << bit;
            assert!(RowMatrix::new(&bytes).and_then(RowMatrix::into_rows).is_err(), "{at}.{bit}");
        }
    }
}

/// The same with the checksum put right: what it says must be looked at all the same.
fn changed(at: usize, to: &[u8]) -> DecodeFault {
    let mut bytes = matrix();
    bytes[at..at + to.len()].copy_from_slice(to);
    let end = bytes.len() - 1;
    bytes[end] = crate::plain_buffer::checksum(&bytes[..end]);
    RowMatrix::new(&bytes).and_then(RowMatrix::into_rows).unwrap_err().fault()
}

#[test]
fn offsets_and_counts_that_lie_are_refused() {
    let max = u32::MAX.to_le_bytes();
    assert_eq!(changed(4, &max), DecodeFault::UnexpectedEnd);
    assert_eq!(changed(8, &max), DecodeFault::UnexpectedEnd);
    assert_eq!(changed(12, &max), DecodeFault::TooManyKeyColumns);
    assert_eq!(changed(16, &max), DecodeFault::BadLength);
    assert_eq!(changed(20, &[0xff, 0xff]), DecodeFault::UnexpectedEnd);
    let count = matrix().windows(2).position(|pair| pair == [1, 3]).unwrap() + 2;
    assert_eq!(changed(count, &max), DecodeFault::UnexpectedEnd, "more rows than there are");
    assert_eq!(changed(count + 5, &[6]), DecodeFault::ValueMismatch, "a row without its key");
}

#[test]
fn two_fields_of_one_name_are_refused() {
    // The names follow the header: "id", "n", "x", "y".
    let last = 4 * 5 + (2 + 2) + (2 + 1) + (2 + 1) + 2;
    assert_eq!(changed(last, b"x"), DecodeFault::RepeatedColumn);
    assert_eq!(changed(last, b"n"), DecodeFault::RepeatedColumn, "a key and a column");
}

proptest! {
    #[test]
    fn what_is_written_is_read(values in prop::collection::vec((".{0,8}", any::<Option<i64>>(), any::<Option<bool>>()), 0..20)) {
        let rows: Vec<Row> = values
            .into_iter()
            .map(|(id, x, y)| {
                let row = x.into_iter().fold(row(&id), |row, x| row.with("x", x));
                y.into_iter().fold(row, |row, y| row.with("y", y))
            })
            .collect();
        let bytes = encode(&names(["id", "n"]), &names(["x", "y"]), &rows);
        prop_assert_eq!(RowMatrix::new(&bytes).unwrap().into_rows().unwrap(), rows);
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let mut bytes = [b"SRM0".as_slice(), &body, &[1]].concat();
        bytes.push(crate::plain_buffer::checksum(&bytes));
        let _ = RowMatrix::new(&bytes).and_then(RowMatrix::into_rows);
    }
}
