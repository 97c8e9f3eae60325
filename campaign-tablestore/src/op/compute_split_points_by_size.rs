//! ComputeSplitPointsBySize: where to cut a table into parts of about the same size, for reading them side by side.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use prost::Message;

use crate::{
    KeyColumn, KeyValue, PrimaryKey, TableStore, WireFault,
    plain_buffer::decode_key,
    schema::{CapacityUnit, PrimaryKeySchema, proto},
    wire::{self, required},
};

/// Bytes in a unit of [`ComputeSplitPointsBySize::split_size`] unless another is given (service document
/// "ComputeSplitPointsBySize").
pub const DEFAULT_UNIT_BYTES: u64 = 100 << 20;

/// The fewest bytes that a unit can have (official SDK tests).
pub const MIN_UNIT_BYTES: u64 = 1 << 20;

/// Computes keys that cut a table into parts of about `split_size` units (service document "ComputeSplitPointsBySize").
///
/// ```
/// use campaign_tablestore::{Client, ComputeSplitPointsBySize, GetRange};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let splits = client.send(&ComputeSplitPointsBySize::new("entries", 2)).await?;
/// let parts = splits.ranges().map(|(start, end)| GetRange::new("entries", start, end));
/// println!("{} parts of about 200 MiB", parts.count());
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComputeSplitPointsBySize {
    /// The table.
    pub table_name: String,
    /// The wanted size of a part in units; at least 1.
    pub split_size: u64,
    /// Bytes in a unit, at least [`MIN_UNIT_BYTES`]; [`DEFAULT_UNIT_BYTES`] if absent.
    pub unit_bytes: Option<u64>,
    /// The most split points to return; the service chooses if absent.
    pub limit: Option<u32>,
}

impl ComputeSplitPointsBySize {
    /// Parts of `split_size` times 100 MiB of the table of this name.
    pub fn new(table_name: impl Into<String>, split_size: u64) -> Self {
        Self { table_name: table_name.into(), split_size, unit_bytes: None, limit: None }
    }

    /// The same with units of `bytes`.
    #[must_use]
    pub const fn unit_bytes(mut self, bytes: u64) -> Self {
        self.unit_bytes = Some(bytes);
        self
    }

    /// The same with at most `points` split points.
    #[must_use]
    pub const fn limit(mut self, points: u32) -> Self {
        self.limit = Some(points);
        self
    }
}

/// How a table can be cut.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SplitPoints {
    /// What the call consumed.
    pub consumed: CapacityUnit,
    /// The columns of the table's primary key.
    pub schema: Vec<PrimaryKeySchema>,
    /// Keys in ascending order; each begins a part. Columns at its end that would be INF_MIN are left out.
    pub split_points: Vec<PrimaryKey>,
    /// Where the parts lie, run by run.
    pub locations: Vec<SplitLocation>,
}

impl SplitPoints {
    /// The parts as bounds of [`GetRange`](crate::GetRange), in order: the first begins with the table, each ends where the
    /// next begins, the last ends with the table. Every key has all columns of the schema.
    pub fn ranges(&self) -> impl Iterator<Item = (PrimaryKey, PrimaryKey)> {
        let first = std::iter::once_with(|| self.bound(&[], &KeyValue::InfMin));
        let last = std::iter::once_with(|| self.bound(&[], &KeyValue::InfMax));
        let points = || self.split_points.iter().map(|point| self.bound(point.columns(), &KeyValue::InfMin));
        first.chain(points()).zip(points().chain(last))
    }

    /// A whole key: `given`, then `rest` for every further column.
    fn bound(&self, given: &[KeyColumn], rest: &KeyValue) -> PrimaryKey {
        let further = self.schema.iter().skip(given.len());
        let further = further.map(|column| KeyColumn { value: rest.clone(), name: column.name.as_str().into() });
        given.iter().cloned().chain(further).collect()
    }
}

/// Parts in a row that lie at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SplitLocation {
    /// The name of the place.
    pub location: String,
    /// How many parts.
    pub repeat: u64,
}

#[derive(Clone, PartialEq, Message)]
struct SplitRequest {
    #[prost(string, optional, tag = "1")]
    table_name: Option<String>,
    #[prost(int64, optional, tag = "2")]
    split_size: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    split_size_unit_in_byte: Option<i64>,
    #[prost(int32, optional, tag = "4")]
    split_point_limit: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
struct SplitResponse {
    #[prost(message, optional, tag = "1")]
    consumed: Option<proto::Capacity>,
    #[prost(message, repeated, tag = "2")]
    schema: Vec<proto::PrimaryKeySchema>,
    #[prost(bytes = "bytes", repeated, tag = "3")]
    split_points: Vec<Bytes>,
    #[prost(message, repeated, tag = "4")]
    locations: Vec<LocationMessage>,
}

#[derive(Clone, PartialEq, Message)]
struct LocationMessage {
    #[prost(string, optional, tag = "1")]
    location: Option<String>,
    // Zigzag, unlike every other number of the protocol.
    #[prost(sint64, optional, tag = "2")]
    repeat: Option<i64>,
}

/// A number of at least `least` that fits the wire.
fn at_least(least: u64, value: u64, what: &str) -> Result<i64> {
    let wire = i64::try_from(value).ok().filter(|_| value >= least);
    wire.ok_or_else(|| Error::invalid(format!("{what} must be from {least} to 2^63 - 1")))
}

impl Operation for ComputeSplitPointsBySize {
    type Service = TableStore;
    type Output = SplitPoints;
    const NAME: &'static str = "ComputeSplitPointsBySize";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        let unit = self.unit_bytes.map(|bytes| at_least(MIN_UNIT_BYTES, bytes, "unit_bytes"));
        let limit = self.limit.map(|limit| i32::try_from(limit).ok().filter(|limit| *limit > 0));
        let message = SplitRequest {
            table_name: Some(self.table_name.clone()),
            split_size: Some(at_least(1, self.split_size, "split_size")?),
            split_size_unit_in_byte: unit.transpose()?,
            split_point_limit: match limit {
                Some(None) => return Err(Error::invalid("limit must be from 1 to 2^31 - 1")),
                Some(limit) => limit,
                None => None,
            },
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<SplitPoints> {
        wire::answered(body, |answer: SplitResponse| {
            let points = answer.split_points.iter().map(|key| decode_key(key)).collect::<Result<Vec<_>, _>>()?;
            if !points.is_sorted_by(|one, next| one < next) {
                return Err(WireFault::Contradiction("the split points do not ascend"));
            }
            Ok(SplitPoints {
                consumed: CapacityUnit::from_capacity(answer.consumed, "consumed")?,
                schema: answer.schema.into_iter().map(PrimaryKeySchema::from_wire).collect::<Result<_, _>>()?,
                split_points: points,
                locations: answer.locations.into_iter().map(SplitLocation::from_wire).collect::<Result<_, _>>()?,
            })
        })
    }
}

impl SplitLocation {
    fn from_wire(message: LocationMessage) -> Result<Self, WireFault> {
        let repeat = required(message.repeat, "locations.repeat")?;
        Ok(Self {
            location: required(message.location, "locations.location")?,
            repeat: u64::try_from(repeat)
                .map_err(|_| WireFault::OutOfRange { field: "locations.repeat", value: repeat })?,
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ComputeSplitPointsBySize {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        let size = |value: i64, field| u64::try_from(value).map_err(|_| WireFault::OutOfRange { field, value });
        wire::understood(request, body, |message: SplitRequest| {
            Ok(Self {
                table_name: required(message.table_name, "table_name")?,
                split_size: size(required(message.split_size, "split_size")?, "split_size")?,
                unit_bytes: message.split_size_unit_in_byte.map(|n| size(n, "split_size_unit_in_byte")).transpose()?,
                limit: message.split_point_limit.map(|n| wire::positive(n, "split_point_limit")).transpose()?,
            })
        })
    }

    fn write_response(&self, output: &SplitPoints) -> Result<http::Response<Bytes>> {
        let schema: Vec<_> = output.schema.iter().map(PrimaryKeySchema::to_wire).collect();
        let locations: Vec<_> = output.locations.iter().map(SplitLocation::to_wire).collect();
        wire::respond(wire::message(|w| {
            w.message(1, &output.consumed.to_capacity());
            for column in &schema {
                w.message(2, column);
            }
            for point in &output.split_points {
                w.row(3, point);
            }
            for location in &locations {
                w.message(4, location);
            }
        })?)
    }
}

#[cfg(feature = "server")]
impl SplitLocation {
    fn to_wire(&self) -> LocationMessage {
        let repeat = i64::try_from(self.repeat).unwrap_or(i64::MAX);
        LocationMessage { location: Some(self.location.clone()), repeat: Some(repeat) }
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use campaign_client::{Serve as _, law};

    use super::*;
    use crate::schema::{KeyType, TableMeta};

    fn service() -> TableStore {
        TableStore::new("http://127.0.0.1:1", "campaign").unwrap()
    }

    fn output() -> SplitPoints {
        let meta = TableMeta::new("t").key("id", KeyType::String);
        SplitPoints {
            consumed: CapacityUnit::new(1, 0),
            schema: meta.primary_key,
            split_points: vec![PrimaryKey::new().with("id", "8"), PrimaryKey::new().with("id", "c")],
            locations: vec![SplitLocation { location: "one".to_owned(), repeat: 3 }],
        }
    }

    #[test]
    fn ranges_cover_the_table_once_with_whole_keys() {
        let schema = TableMeta::new("t").key("id", KeyType::String).key("n", KeyType::Integer).primary_key;
        let key = |id: KeyValue, n: KeyValue| PrimaryKey::new().with("id", id).with("n", n);
        let points = vec![PrimaryKey::new().with("id", "8"), key("8".into(), 3.into())];
        let splits = SplitPoints { schema, split_points: points, ..output() };
        let (first, last) = (key(KeyValue::InfMin, KeyValue::InfMin), key(KeyValue::InfMax, KeyValue::InfMax));
        let (one, two) = (key("8".into(), KeyValue::InfMin), key("8".into(), 3.into()));
        let ranges: Vec<_> = splits.ranges().collect();
        assert_eq!(ranges, [(first.clone(), one.clone()), (one, two.clone()), (two, last.clone())]);
        let none = SplitPoints { split_points: Vec::new(), ..splits };
        assert_eq!(none.ranges().collect::<Vec<_>>(), [(first, last)]);
    }

    fn read(answer: &SplitResponse) -> Result<SplitPoints> {
        let (parts, ()) = http::Response::new(()).into_parts();
        ComputeSplitPointsBySize::new("t", 1).response(&parts, answer.encode_to_vec().into())
    }

    #[test]
    fn both_halves_agree() {
        for call in [
            ComputeSplitPointsBySize::new("t", 2),
            ComputeSplitPointsBySize::new("t", 1).unit_bytes(MIN_UNIT_BYTES).limit(9),
        ] {
            law::holds(&service(), &call, &output()).unwrap();
            law::holds(&service(), &call, &SplitPoints::default()).unwrap();
        }
    }

    #[test]
    fn the_body_is_the_message_of_the_service_document() {
        // Written by hand from the field numbers: 1 = "t", 2 = 2, 3 = 1048576, 4 = 16.
        let call = ComputeSplitPointsBySize::new("t", 2).unit_bytes(1 << 20).limit(16);
        let request = call.request(&service()).unwrap();
        assert_eq!(request.uri().path(), "/ComputeSplitPointsBySize");
        assert_eq!(request.body().bytes().unwrap().as_ref(), b"\x0a\x01t\x10\x02\x18\x80\x80\x40\x20\x10");
    }

    #[test]
    fn a_repeat_is_read_as_zigzag() {
        // 1 = {1 = {1: 0, 2: 0}}, 4 = {1 = "one", 2 = zigzag(3) = 6}.
        let bytes = b"\x0a\x06\x0a\x04\x08\x00\x10\x00\x22\x07\x0a\x03one\x10\x06";
        let answer = SplitResponse::decode(bytes.as_slice()).unwrap();
        assert_eq!(read(&answer).unwrap().locations, [SplitLocation { location: "one".to_owned(), repeat: 3 }]);
    }

    #[test]
    fn sizes_and_limits_of_nothing_are_refused_before_sending() {
        for call in [
            ComputeSplitPointsBySize::new("", 1),
            ComputeSplitPointsBySize::new("t", 0),
            ComputeSplitPointsBySize::new("t", u64::MAX),
            ComputeSplitPointsBySize::new("t", 1).unit_bytes(MIN_UNIT_BYTES - 1),
            ComputeSplitPointsBySize::new("t", 1).limit(0),
        ] {
            assert_eq!(call.request(&service()).unwrap_err().kind(), campaign_client::ErrorKind::Invalid, "{call:?}");
        }
    }

    #[test]
    fn an_answer_that_contradicts_itself_is_unreadable() {
        let good = ComputeSplitPointsBySize::new("t", 1).write_response(&output()).unwrap().into_body();
        let good = SplitResponse::decode(good).unwrap();
        assert_eq!(read(&good).unwrap(), output());
        let descending =
            SplitResponse { split_points: good.split_points.iter().rev().cloned().collect(), ..good.clone() };
        let without = SplitResponse { consumed: None, ..good.clone() };
        let negative = LocationMessage { location: Some("one".to_owned()), repeat: Some(-1) };
        for answer in [descending, without, SplitResponse { locations: vec![negative], ..good }] {
            assert_eq!(read(&answer).unwrap_err().kind(), campaign_client::ErrorKind::Unreadable);
        }
    }
}
