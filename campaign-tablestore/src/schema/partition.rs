//! How a new table is divided: split points here, ranges on the wire.

use campaign_client::{Error, Result};
use prost::Message;

use crate::{KeyValue, Value, plain_buffer::encode_value};
#[cfg(feature = "server")]
use crate::{WireFault, plain_buffer::decode_value, wire::required};

/// The values of the partition key from `begin` up to `end`, as typed values without a length before them.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PartitionRange {
    #[prost(bytes = "vec", optional, tag = "1")]
    begin: Option<Vec<u8>>,
    #[prost(bytes = "vec", optional, tag = "2")]
    end: Option<Vec<u8>>,
}

/// The types of the outermost bounds, which have no content.
const INF_MIN: &[u8] = &[0x09];
const INF_MAX: &[u8] = &[0x0a];

/// The ranges between the points, from the least value to the greatest.
pub(crate) fn partitions(points: &[KeyValue]) -> Result<Vec<PartitionRange>> {
    if points.is_empty() {
        return Ok(Vec::new());
    }
    if !points.is_sorted_by(|a, b| a < b) {
        return Err(Error::invalid("split points must ascend"));
    }
    let point = |value: &KeyValue| match value {
        KeyValue::Integer(number) => Ok(encode_value(&Value::Integer(*number))),
        KeyValue::String(text) => Ok(encode_value(&Value::String(text.clone()))),
        KeyValue::Binary(bytes) => Ok(encode_value(&Value::Binary(bytes.clone()))),
        KeyValue::InfMin | KeyValue::InfMax | KeyValue::AutoIncrement => {
            Err(Error::invalid("a split point is a number, a text or bytes"))
        }
    };
    let points = points.iter().map(point).collect::<Result<Vec<_>>>()?;
    let begins = std::iter::once(INF_MIN.to_vec()).chain(points.iter().cloned());
    let ends = points.iter().cloned().chain(std::iter::once(INF_MAX.to_vec()));
    Ok(begins.zip(ends).map(|(begin, end)| PartitionRange { begin: Some(begin), end: Some(end) }).collect())
}

/// The points between the ranges.
#[cfg(feature = "server")]
pub(crate) fn split_points(ranges: Vec<PartitionRange>) -> Result<Vec<KeyValue>, WireFault> {
    let unconnected = || WireFault::Contradiction("partitions are not one range after the other");
    let mut points = Vec::new();
    let mut last_end = (!ranges.is_empty()).then(|| INF_MIN.to_vec());
    for range in ranges {
        let (begin, end) = (required(range.begin, "partitions.begin")?, required(range.end, "partitions.end")?);
        if last_end.is_none_or(|last| last != begin) {
            return Err(unconnected());
        }
        if end == INF_MAX {
            last_end = None;
            continue;
        }
        points.push(match decode_value(&end)? {
            Value::Integer(number) => KeyValue::Integer(number),
            Value::String(text) => KeyValue::String(text),
            Value::Binary(bytes) => KeyValue::Binary(bytes),
            Value::Double(_) | Value::Boolean(_) => return Err(unconnected()),
        });
        last_end = Some(end);
    }
    if last_end.is_some() || !points.is_sorted_by(|a, b| a < b) {
        return Err(unconnected());
    }
    Ok(points)
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn partitions_with_a_gap_are_refused() {
        let mut ranges = partitions(&[1.into(), 2.into()]).unwrap();
        assert_eq!(split_points(ranges.clone()).unwrap(), [1.into(), 2.into()]);
        assert!(split_points(ranges[..2].to_vec()).is_err(), "the end is missing");
        assert!(split_points(ranges[1..].to_vec()).is_err(), "the begin is missing");
        ranges.swap(0, 1);
        assert!(split_points(ranges).is_err());
    }
}
