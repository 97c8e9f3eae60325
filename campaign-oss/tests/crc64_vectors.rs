//! CRC-64 against vectors of the official Go client: of bytes, in pieces, and combined.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use campaign_oss::crc64::{Crc64, checksum, combine};
use serde_json::Value;

fn vectors() -> Value {
    let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/oss-crc64.json"));
    serde_json::from_str(text).unwrap()
}

fn bytes(input: &Value) -> Vec<u8> {
    let number = |name: &str| usize::try_from(input[name].as_u64().unwrap()).unwrap();
    let byte = |value: usize| u8::try_from(value % 256).unwrap();
    match input["kind"].as_str().unwrap() {
        "hex" => {
            let hex = input["hex"].as_str().unwrap().as_bytes();
            let digit = |b: u8| u8::try_from(char::from(b).to_digit(16).unwrap()).unwrap();
            hex.chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])).collect()
        }
        "repeat" => vec![byte(number("byte")); number("count")],
        "counter" => (0..number("count")).map(|n| byte(n * number("mul") + number("add"))).collect(),
        other => panic!("an unknown kind of input: {other}"),
    }
}

fn sum(value: &Value) -> u64 {
    value.as_str().unwrap().parse().unwrap()
}

#[test]
fn checksums_are_those_of_the_service_whole_and_in_pieces() {
    let vectors = vectors();
    for case in vectors["single"].as_array().unwrap() {
        let bytes = bytes(&case["input"]);
        assert_eq!(bytes.len() as u64, case["length"].as_u64().unwrap());
        assert_eq!(checksum(&bytes), sum(&case["crc64"]), "{case}");
        for size in [1, 7, 4096] {
            let mut pieces = Crc64::new();
            bytes.chunks(size).for_each(|piece| pieces.update(piece));
            assert_eq!(pieces.value(), sum(&case["crc64"]), "{case} by {size}");
        }
    }
}

#[test]
fn checksums_are_combined_as_the_service_combines_parts() {
    let vectors = vectors();
    for case in vectors["combine"].as_array().unwrap() {
        let (first, second) = (bytes(&case["first"]), bytes(&case["second"]));
        let (one, two) = (checksum(&first), checksum(&second));
        assert_eq!((one, two), (sum(&case["crc1"]), sum(&case["crc2"])), "{case}");
        assert_eq!(combine(one, two, case["len2"].as_u64().unwrap()), sum(&case["combined"]), "{case}");
        assert_eq!(checksum(&[first, second].concat()), sum(&case["combined"]), "{case}");
    }
}
