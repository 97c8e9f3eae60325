//! GetStreamRecord: the changes of a shard from an iterator on.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result};
use http::response;
use prost::Message;

#[cfg(feature = "server")]
use crate::wire::{positive, required};
use crate::{
    StreamRecord, TableStore, WireFault,
    schema::{CapacityUnit, proto},
    stream::WireRecord,
    wire,
};

/// Reads the changes of a shard from an iterator on, oldest first (service document "GetStreamRecord").
///
/// ```
/// use campaign_tablestore::{Client, GetStreamRecord};
///
/// # async fn example(client: &Client, shard_iterator: String) -> campaign_client::Result<()> {
/// let page = client.send(&GetStreamRecord::new(shard_iterator).limit(100)).await?;
/// for record in &page.records {
///     println!("{:?} of {:?}", record.action, record.row.primary_key);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GetStreamRecord {
    /// Where to read from: of GetShardIterator, or of the answer before.
    pub shard_iterator: String,
    /// The most changes of one answer.
    pub limit: Option<u32>,
    /// The table of the stream.
    pub table_name: Option<String>,
}

impl GetStreamRecord {
    /// Reads from this iterator on.
    pub fn new(shard_iterator: impl Into<String>) -> Self {
        Self { shard_iterator: shard_iterator.into(), limit: None, table_name: None }
    }

    /// The same with at most this many changes.
    #[must_use]
    pub const fn limit(mut self, records: u32) -> Self {
        self.limit = Some(records);
        self
    }

    /// The same naming the table.
    #[must_use]
    pub fn table_name(mut self, table_name: impl Into<String>) -> Self {
        self.table_name = Some(table_name.into());
        self
    }
}

/// The changes of a shard from an iterator on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StreamRecords {
    /// The changes, oldest first. There may be none at present and some later.
    pub records: Vec<StreamRecord>,
    /// Where to go on; `None` after the last change of a shard whose partition was divided or merged.
    pub next_shard_iterator: Option<String>,
    /// What the read consumed, if the service says.
    pub consumed: Option<CapacityUnit>,
    /// Whether there is more to be read at present, if the service says.
    pub may_more_record: Option<bool>,
}

#[cfg(feature = "server")]
#[derive(Clone, PartialEq, Message)]
struct GetStreamRecordRequest {
    #[prost(string, optional, tag = "1")]
    shard_iterator: Option<String>,
    #[prost(int32, optional, tag = "2")]
    limit: Option<i32>,
    #[prost(string, optional, tag = "3")]
    table_name: Option<String>,
}

#[derive(Clone, PartialEq, Message)]
struct GetStreamRecordResponse {
    #[prost(message, repeated, tag = "1")]
    stream_records: Vec<WireRecord>,
    #[prost(string, optional, tag = "2")]
    next_shard_iterator: Option<String>,
    #[prost(message, optional, tag = "3")]
    consumed: Option<proto::Capacity>,
    #[prost(bool, optional, tag = "4")]
    may_more_record: Option<bool>,
}

impl Operation for GetStreamRecord {
    type Service = TableStore;
    type Output = StreamRecords;
    const NAME: &'static str = "GetStreamRecord";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        if self.shard_iterator.is_empty() {
            return Err(Error::invalid("a shard is read from an iterator on; GetShardIterator tells one"));
        }
        if self.limit.is_some_and(|records| records == 0 || i32::try_from(records).is_err()) {
            return Err(Error::invalid("limit must be 1 to 2147483647"));
        }
        if let Some(table_name) = &self.table_name {
            wire::check_table_name(table_name)?;
        }
        let body = wire::message(|w| {
            w.string(1, &self.shard_iterator);
            w.optional_int(2, self.limit.map(i64::from));
            w.optional_string(3, self.table_name.as_deref());
        })?;
        wire::post::<Self>(service, body)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<StreamRecords> {
        wire::answered(body, |answer: GetStreamRecordResponse| {
            let records = answer.stream_records.into_iter().map(StreamRecord::from_wire);
            let consumed = answer.consumed.map(|units| CapacityUnit::from_capacity(Some(units), "consumed"));
            Ok(StreamRecords {
                records: records.collect::<Result<_, WireFault>>()?,
                next_shard_iterator: answer.next_shard_iterator.filter(|iterator| !iterator.is_empty()),
                consumed: consumed.transpose()?,
                may_more_record: answer.may_more_record,
            })
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for GetStreamRecord {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: GetStreamRecordRequest| {
            Ok(Self {
                shard_iterator: required(message.shard_iterator, "shard_iterator")?,
                limit: message.limit.map(|records| positive(records, "limit")).transpose()?,
                table_name: message.table_name,
            })
        })
    }

    fn write_response(&self, page: &StreamRecords) -> Result<http::Response<Bytes>> {
        let message = GetStreamRecordResponse {
            stream_records: page.records.iter().map(StreamRecord::to_wire).collect(),
            next_shard_iterator: page.next_shard_iterator.clone(),
            consumed: page.consumed.map(|units| units.to_capacity()),
            may_more_record: page.may_more_record,
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{Column, PrimaryKey, RowUpdate, StreamAction, plain_buffer::Sequence, testing::law};

    fn key() -> PrimaryKey {
        PrimaryKey::new().with("id", "a").with("n", 7)
    }

    #[test]
    fn the_law_holds() {
        let record = |action, row, row_index| StreamRecord {
            action,
            row,
            sequence: Some(Sequence { epoch: 1, timestamp: 1_768_465_845_123_456, row_index }),
            origin: None,
        };
        let update = RowUpdate::new(key()).put_version("a", 1, 5).delete("b").delete_version("c", 4);
        let records = StreamRecords {
            records: vec![
                record(StreamAction::PutRow, RowUpdate::new(key()).put_version("a", "x", 5), 0),
                record(StreamAction::PutRow, RowUpdate::new(key()), 1),
                StreamRecord {
                    origin: Some(vec![Column::at("a", 0, 4), Column::at("b", true, 4)]),
                    ..record(StreamAction::UpdateRow, update, 2)
                },
                StreamRecord {
                    sequence: None,
                    origin: Some(Vec::new()),
                    ..record(StreamAction::DeleteRow, RowUpdate::new(key()), 3)
                },
            ],
            next_shard_iterator: Some("j".to_owned()),
            consumed: Some(CapacityUnit::new(1, 0)),
            may_more_record: Some(true),
        };
        law(&GetStreamRecord::new("i"), &StreamRecords::default());
        law(&GetStreamRecord::new("i").limit(5).table_name("orders"), &records);
    }

    #[test]
    fn what_cannot_be_asked_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let get = || GetStreamRecord::new("i");
        for bad in [GetStreamRecord::new(""), get().limit(0), get().table_name("9")] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
