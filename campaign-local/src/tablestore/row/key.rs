//! Keys as bytes that compare as the rows are ordered.
//!
//! A row's key in the store is: space, number of the table (8 bytes, big-endian), then for each column
//! of the primary key a mark and the value. Marks keep INF_MIN below and INF_MAX above all values.
//! Integers are big-endian with the sign bit flipped. In strings and bytes a zero is written `00 ff`,
//! and `00 00` ends them, so that no key begins another one.

use campaign_tablestore::{KeyValue, PrimaryKey};

use crate::store::space;

const INF_MIN: u8 = 0;
const VALUE: u8 = 1;
const INF_MAX: u8 = 0xff;

/// The key of a row of table number `table`, or of a bound of a range.
pub(crate) fn row_key(table: u64, key: &PrimaryKey) -> Vec<u8> {
    let mut bytes = table_prefix(table);
    for column in key.columns() {
        value(&column.value, &mut bytes);
    }
    bytes
}

/// What the keys of all rows of a table begin with.
pub(crate) fn table_prefix(table: u64) -> Vec<u8> {
    let mut bytes = vec![space::ROWS];
    bytes.extend_from_slice(&table.to_be_bytes());
    bytes
}

fn value(value: &KeyValue, bytes: &mut Vec<u8>) {
    match value {
        KeyValue::InfMin => bytes.push(INF_MIN),
        KeyValue::InfMax => bytes.push(INF_MAX),
        KeyValue::Integer(number) => {
            bytes.push(VALUE);
            bytes.extend_from_slice(&(number ^ i64::MIN).to_be_bytes());
        }
        KeyValue::String(text) => escaped(text.as_bytes(), bytes),
        KeyValue::Binary(binary) => escaped(binary, bytes),
        // Replaced before a row is kept; a key that still has it names no row.
        KeyValue::AutoIncrement => bytes.push(VALUE),
    }
}

fn escaped(text: &[u8], bytes: &mut Vec<u8>) {
    bytes.push(VALUE);
    for byte in text {
        bytes.push(*byte);
        if *byte == 0 {
            bytes.push(0xff);
        }
    }
    bytes.extend_from_slice(&[0, 0]);
}

#[cfg(test)]
mod tests {
    use campaign_tablestore::{KeyColumn, Name};
    use proptest::prelude::*;

    use super::*;

    fn integers() -> impl Strategy<Value = KeyValue> {
        prop_oneof![any::<i64>(), -2..3_i64, Just(i64::MIN), Just(i64::MAX)].prop_map(KeyValue::Integer)
    }

    fn strings() -> impl Strategy<Value = KeyValue> {
        prop_oneof!["[\\x00\\x01a\u{ff}]{0,4}", ".*"].prop_map(KeyValue::String)
    }

    fn binaries() -> impl Strategy<Value = KeyValue> {
        proptest::collection::vec(prop_oneof![0..3_u8, 253..=255_u8], 0..5).prop_map(KeyValue::Binary)
    }

    fn bound(of: impl Strategy<Value = KeyValue>) -> impl Strategy<Value = KeyValue> {
        prop_oneof![8 => of, 1 => Just(KeyValue::InfMin), 1 => Just(KeyValue::InfMax)]
    }

    fn keys() -> impl Strategy<Value = PrimaryKey> {
        (bound(strings()), bound(integers()), bound(binaries())).prop_map(|(a, b, c)| {
            let column = |name, value| KeyColumn { name: Name::from_static(name), value };
            PrimaryKey::from_iter([column("a", a), column("b", b), column("c", c)])
        })
    }

    proptest! {
        #[test]
        fn bytes_compare_as_the_rows_are_ordered(a in keys(), b in keys()) {
            prop_assert_eq!(row_key(1, &a).cmp(&row_key(1, &b)), a.cmp(&b));
        }

        #[test]
        fn rows_of_one_table_never_stand_among_those_of_another(a in keys(), b in keys(), table in 1..u64::MAX) {
            prop_assert!(row_key(table - 1, &a) < row_key(table, &b));
            prop_assert!(row_key(table, &a).starts_with(&table_prefix(table)));
        }
    }
}
