//! Buffers that are wrong: the cases of `bad-inputs.json`, every prefix and every single bit of a few rows.

use super::vectors::{self, bytes, hex, list, text};
use crate::plain_buffer::{
    DecodeError, DecodeFault, Encode, MAX_BUFFER_BYTES, RowReader, Shape, crc8, decode_delete, decode_key, decode_put,
    decode_row, decode_rows, decode_update,
};
use crate::{KeyValue, PrimaryKey, Row, RowUpdate};

const FILE: &str = "bad-inputs.json";

/// The class of `bad-inputs.json` that an error belongs to.
fn class(error: DecodeError) -> &'static str {
    match error.fault() {
        DecodeFault::TooLarge => "ResponseTooLarge",
        DecodeFault::CellChecksum | DecodeFault::RowChecksum => "ChecksumMismatch",
        _ => "DecodeError",
    }
}

#[test]
fn every_bad_input_has_its_outcome() {
    let file = vectors::file(FILE);
    let (mut refused, mut accepted) = (0, 0);
    for case in list(&file, "entries").iter().filter(|case| text(case, "category") == "tablestore-plainbuffer") {
        let (id, input) = (text(case, "id"), &case["input"]);
        let outcome = text(&case["expect"], "outcome");
        let expected = text(&case["expect"], "class");
        let result = match input["gen"]["op"].as_str() {
            None => decode_rows(&hex(input, "hex")),
            Some("pb_rows") => {
                let mut buffer = vec![0x75, 0, 0, 0];
                let row = Row::new(PrimaryKey::new().with("id", "s-1")).to_bytes();
                for _ in 0..input["gen"]["count"].as_u64().unwrap() {
                    buffer.extend_from_slice(&row[4..]);
                }
                decode_rows(&buffer)
            }
            Some("all_prefixes") => {
                let whole = hex(&input["gen"], "hex");
                assert_eq!(whole.len(), 99);
                assert!(decode_rows(&whole).is_ok());
                let errors: Vec<_> =
                    (1..whole.len()).map(|length| decode_rows(&whole[..length]).unwrap_err()).collect();
                assert!(errors.iter().all(|error| class(*error) == expected));
                Err(errors[0])
            }
            Some(other) => panic!("{id}: generator {other}"),
        };
        match (outcome, result) {
            ("error", Err(error)) => {
                // A wrong structure may be found by the checksum first.
                let found = class(error);
                assert!(found == expected || (expected, found) == ("DecodeError", "ChecksumMismatch"), "{id}: {error}");
                refused += 1;
            }
            ("accept", Ok(rows)) => {
                assert_eq!(rows.len(), 1, "{id}");
                assert_eq!(rows.to_bytes(), hex(input, "hex"), "{id}");
                accepted += 1;
            }
            (outcome, result) => panic!("{id}: expected {outcome}, got {result:?}"),
        }
    }
    assert_eq!((refused, accepted), (26, 5));
    assert_eq!(file["limits"]["response_bytes"].as_u64(), u64::try_from(MAX_BUFFER_BYTES).ok());
}

/// Rows that hold every tag and type.
fn baselines() -> Vec<Vec<u8>> {
    let key = PrimaryKey::new().with("id", "s-1").with("n", 7).with("b", [0, 0xff]);
    let row = Row::new(key)
        .with_version("age", 7, 1_790_000_000_000)
        .with_version("age", 6, 1_780_000_000_000)
        .with("consent", true)
        .with_version("name", "李", 1_790_000_000_000)
        .with("photo", [1, 2, 3])
        .with("score", -0.0);
    vec![row.to_bytes(), Row::new(PrimaryKey::new().with("id", "")).to_bytes(), [row.clone(), row].to_bytes()]
}

#[test]
fn every_prefix_is_refused_except_between_rows() {
    for whole in baselines() {
        for length in 1..whole.len() {
            if let Ok(rows) = decode_rows(&whole[..length]) {
                // The first of two rows.
                assert_eq!((rows.len(), rows.to_bytes().len()), (1, length));
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_found() {
    for whole in baselines() {
        for bit in 0..whole.len() * 8 {
            let mut changed = whole.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(decode_rows(&changed).is_err(), "bit {bit}");
        }
    }
}

#[test]
fn flipped_bits_of_updates_and_deletions_are_found() {
    let update = RowUpdate::new(PrimaryKey::new().with("id", "s-1").with("auto", KeyValue::AutoIncrement))
        .put("name", "李")
        .put_version("age", 7, 1_790_000_000_000)
        .delete("old")
        .delete_version("older", 1_790_000_000_000)
        .increment("visits", -1)
        .to_bytes();
    let key = PrimaryKey::new().with("id", "s-1").with("n", 7);
    let delete = crate::plain_buffer::DeletedRow(&key).to_bytes();
    for bit in 0..update.len() * 8 {
        let mut changed = update.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(decode_update(&changed).is_err(), "bit {bit} of the update");
    }
    for bit in 0..delete.len() * 8 {
        let mut changed = delete.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert!(decode_delete(&changed).is_err(), "bit {bit} of the deletion");
    }
}

fn fault<T: std::fmt::Debug>(result: Result<T, DecodeError>) -> DecodeFault {
    result.unwrap_err().fault()
}

#[test]
fn each_place_refuses_what_cannot_stand_there() {
    let key = PrimaryKey::new().with("id", "a");
    let row = Row::new(key.clone()).with("c", 1).to_bytes();
    let bound = PrimaryKey::new().with("id", KeyValue::InfMin).to_bytes();
    let placeholder = PrimaryKey::new().with("id", "a").with("n", KeyValue::AutoIncrement).to_bytes();
    let deleted = crate::plain_buffer::DeletedRow(&key).to_bytes();
    let increment = RowUpdate::new(key.clone()).increment("c", 1).to_bytes();
    let deletion = RowUpdate::new(key.clone()).delete("c").to_bytes();

    assert_eq!(fault(decode_key(&row)), DecodeFault::UnexpectedColumns);
    assert_eq!(fault(decode_delete(&row)), DecodeFault::UnexpectedColumns);
    assert_eq!(fault(decode_delete(&key.to_bytes())), DecodeFault::BadDeleteMarker);
    assert_eq!(fault(decode_key(&deleted)), DecodeFault::BadDeleteMarker);
    assert_eq!(fault(decode_rows(&deleted)), DecodeFault::BadDeleteMarker);
    assert_eq!(fault(decode_put(&deleted)), DecodeFault::BadDeleteMarker);
    assert_eq!(fault(decode_update(&deleted)), DecodeFault::BadDeleteMarker);
    assert!(decode_key(&bound).is_ok());
    for result in [decode_rows(&bound).map(drop), decode_put(&bound).map(drop), decode_update(&bound).map(drop)] {
        assert_eq!(fault(result), DecodeFault::BadValueType(0x09));
    }
    assert!(decode_put(&placeholder).is_ok());
    assert!(decode_update(&placeholder).is_ok());
    assert_eq!(fault(decode_key(&placeholder)), DecodeFault::BadValueType(0x0B));
    assert_eq!(fault(decode_put(&increment)), DecodeFault::BadOperation(0x04));
    assert!(decode_rows(&increment).is_ok());
    assert_eq!(fault(decode_rows(&deletion)), DecodeFault::BadOperation(0x01));
}

#[test]
fn one_row_is_neither_none_nor_two() {
    let row = Row::new(PrimaryKey::new().with("id", "a"));
    let two = [row.clone(), row].to_bytes();
    assert_eq!(fault(decode_row(&two)), DecodeFault::NotOneRow);
    assert_eq!(fault(decode_put(&two)), DecodeFault::NotOneRow);
    assert_eq!(fault(decode_key(&[])), DecodeFault::NotOneRow);
    assert_eq!(decode_row(&[]), Ok(None));
    assert_eq!(decode_rows(&[]), Ok(vec![]));
}

#[test]
fn a_key_with_a_repeated_name_is_refused() {
    let key = PrimaryKey::new().with("id", "a").with("id", "b");
    assert_eq!(fault(decode_key(&key.to_bytes())), DecodeFault::RepeatedKeyColumn);
}

#[test]
fn a_repeated_version_is_found_among_few_and_many_columns_in_any_order() {
    for count in [2, 40] {
        let mut row = Row::new(PrimaryKey::new().with("id", "a"));
        for n in (0..count).rev() {
            row = row.with_version(format!("c{n}"), n, 5);
        }
        assert!(decode_rows(&row.to_bytes()).is_ok());
        let versions = row.clone().with_version("c1", 0, 6);
        assert!(decode_rows(&versions.to_bytes()).is_ok());
        let repeated = row.with_version("c1", 0, 5);
        assert_eq!(fault(decode_rows(&repeated.to_bytes())), DecodeFault::RepeatedColumn);
    }
}

#[test]
fn a_negative_timestamp_is_refused() {
    let row = Row::new(PrimaryKey::new().with("id", "a")).with_version("c", 1, -1);
    assert_eq!(fault(decode_rows(&row.to_bytes())), DecodeFault::NegativeTimestamp);
}

#[test]
fn a_deletion_of_one_version_names_it() {
    let mut update = RowUpdate::new(PrimaryKey::new().with("id", "a")).delete("c").to_bytes();
    let key = PrimaryKey::new().with("id", "a").to_bytes();
    // The key's cell ends with its checksum, before the tag and the checksum of the row.
    let key_crc = key[key.len() - 3];
    let [.., op, _, cell_crc, _, row_crc] = update.as_mut_slice() else { panic!("a row ends with its last cell") };
    *op = 3;
    *cell_crc = crc8::push(crc8::extend(0, b"c"), *op);
    *row_crc = crc8::push(crc8::push(crc8::push(0, key_crc), *cell_crc), 0);
    assert_eq!(fault(decode_update(&update)), DecodeFault::MissingTimestamp);
}

#[test]
fn a_claimed_length_is_compared_with_what_is_there() {
    // A name of 4 GiB.
    assert_eq!(fault(decode_rows(&bytes("75000000010304ffffffff69"))), DecodeFault::UnexpectedEnd);
    // A value of 2 GiB.
    assert_eq!(
        fault(decode_rows(&bytes("7500000001030402000000696405ffffff7f0300000000"))),
        DecodeFault::UnexpectedEnd
    );
}

#[test]
fn an_error_says_where_and_not_what() {
    let mut buffer = Row::new(PrimaryKey::new().with("id", "alice@example.com")).to_bytes();
    let last = buffer.len() - 1;
    buffer[last] ^= 1;
    let error = decode_rows(&buffer).unwrap_err();
    assert_eq!((error.fault(), error.offset()), (DecodeFault::RowChecksum, buffer.len()));
    assert_eq!(
        error.to_string(),
        format!("PlainBuffer refused at byte {}: the checksum of a row is wrong", buffer.len())
    );
}

#[test]
fn nothing_is_read_after_an_error() {
    let good = Row::new(PrimaryKey::new().with("id", "a")).to_bytes();
    let mut buffer = [good.as_slice(), &good[4..]].concat();
    buffer[good.len() - 1] ^= 1;
    let mut reader = RowReader::new(&buffer, Shape::Answer).unwrap();
    assert!(reader.next_row().is_err());
    assert_eq!(reader.next_row(), Ok(None));
}

#[test]
fn zeros_are_ignored_after_the_last_row_only() {
    let row = Row::new(PrimaryKey::new().with("id", "a")).to_bytes();
    let padded = [row.as_slice(), &[0; 9]].concat();
    assert_eq!(decode_rows(&padded).unwrap().len(), 1);
    let between = [padded.as_slice(), &row[4..]].concat();
    assert_eq!(fault(decode_rows(&between)), DecodeFault::UnexpectedTag(0));
    assert_eq!(fault(decode_rows(&[0x75, 0, 0, 0, 0, 0])), DecodeFault::UnexpectedTag(0));
}
