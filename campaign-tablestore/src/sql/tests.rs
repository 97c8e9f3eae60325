//! Buffers as the official client's library writes them, and buffers that are none.

use serde::Deserialize;

use super::read;
use crate::{Row, Value};

/// Six columns and three rows, written by the FlatBuffers library with the schema that the official Python client
/// (`tablestore` 6.4.8) ships.
const OFFICIAL: &str = "\
    0c000000080010000c000400080000000300000000000000040000000600000038020000e8010000840100001401000090000000 \
    0400000036feffff200000000000000670000000000012000c000800000000000000000000000400120000001000000004000000 \
    030000000000000008feffff08000000140000000300000000000000000000000100000002000000140000000400000006000000 \
    e58c97e4baac00000800000048616e677a686f750000000004000000636974790000000072feffff1c0000000000000568000000 \
    10000c000800000000000000000004001000000010000000040000000300000000010000030000002c0000001400000004000000 \
    e6ffffff0400000000000000f2ffffff0400000000000000000006000800040006000000040000000200000000ff000005000000 \
    70686f746f0000003effffff1c000000000000045400000000000e000c00080000000000000004000e0000001000000004000000 \
    0300000000000000030000001c00000010000000040000000100000061000000000000000000000006000000e5bca0e4b8890000 \
    040000006e616d65000000005effffff1800000000000003400000000c000c0008000000000004000c0000001000000004000000 \
    0300000001000000030000000000000000000000000000000000e03f9c7500883ce437fe0500000073636f7265000a0012000c00 \
    0b0004000a00000018000000000000022c00000000000a000c000800000004000a00000010000000040000000300000000010000 \
    0300000001000000040000006f70656e00000a0010000c000b0004000a00000014000000000000013c00000008000c0008000400 \
    08000000100000000400000003000000000001000300000001000000000000000000000000000080000000000000000002000000 \
    69640000";

fn official() -> Vec<u8> {
    let digits: Vec<_> = OFFICIAL.chars().filter(|c| !c.is_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap()).collect()
}

#[derive(Debug, PartialEq, Deserialize)]
struct Entry {
    id: Option<i64>,
    open: Option<bool>,
    score: Option<f64>,
    name: String,
    city: String,
}

#[test]
fn what_the_official_library_wrote_is_read() {
    let rows = read(&official()).unwrap();
    let names: Vec<_> = rows.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!((rows.len(), names), (3, vec!["id", "open", "score", "name", "photo", "city"]));
    let entry =
        |id, open, score, name: &str, city: &str| Entry { id, open, score, name: name.into(), city: city.into() };
    let expected = [
        entry(Some(1), Some(true), None, "张三", "Hangzhou"),
        entry(Some(i64::MIN), None, Some(0.5), "", "Hangzhou"),
        entry(None, Some(false), Some(-1e300), "a", "北京"),
    ];
    assert_eq!(rows.rows_as::<Entry>().unwrap(), expected);
    let photos: Vec<_> =
        rows.rows().map(|row: Row| row.get("photo").and_then(Value::as_bytes).map(<[u8]>::to_vec)).collect();
    assert_eq!(photos, [Some(vec![0, 255]), None, Some(vec![])]);
    let error = rows.rows_as::<std::collections::HashMap<String, i64>>().unwrap_err();
    assert_eq!(error.kind(), campaign_client::ErrorKind::Unreadable);
}

#[test]
fn no_bytes_are_no_rows() {
    assert!(read(&[]).unwrap().is_empty());
}

#[test]
fn a_buffer_that_is_cut_or_changed_is_refused_or_read_and_never_followed_out_of_itself() {
    let whole = official();
    for length in 1..whole.len() {
        let _ = read(&whole[..length]);
    }
    assert_eq!(read(&whole[..40]), None);
    for at in 0..whole.len() {
        for value in [0, 1, 0x7f, 0x80, 0xff] {
            let mut changed = whole.clone();
            changed[at] = value;
            let _ = read(&changed);
        }
    }
    let mut state = 7_u32;
    let mut noise = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    };
    for _ in 0..20_000 {
        let mut changed = whole.clone();
        for _ in 0..4 {
            let at = usize::from(noise()) * 256 + usize::from(noise());
            let length = changed.len();
            changed[at % length] = noise();
        }
        let _ = read(&changed);
    }
}

#[cfg(feature = "server")]
#[test]
fn a_column_that_is_used_again_and_again_does_not_become_more_than_was_sent() {
    use super::{SqlColumn, SqlRows, write};
    let column = SqlColumn { name: "n".into(), values: vec![Some(1.into()); 1000] };
    let one = write(&SqlRows { columns: vec![column] });
    // The list of columns: its length stands at 32, the one offset behind it.
    let again = |times: usize| {
        let number = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
        let place = 36 + usize::try_from(u32::from_le_bytes(*one[36..].first_chunk().unwrap())).unwrap();
        let moved = place + 4 * (times - 1);
        let offsets = (0..times).flat_map(|index| number(moved - (36 + 4 * index)));
        [&one[..32], &number(times)]
            .concat()
            .into_iter()
            .chain(offsets)
            .chain(one[40..].iter().copied())
            .collect::<Vec<_>>()
    };
    assert_eq!(read(&again(1)).unwrap().len(), 1000);
    assert_eq!(read(&again(2)).unwrap().columns.len(), 2);
    assert_eq!(read(&again(50_000)), None, "50,000,000 values in 209,000 bytes");
}
