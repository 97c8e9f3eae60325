//! DescribeTable: what a table is.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;
use prost::Message;

#[cfg(feature = "server")]
use crate::plain_buffer::Encode;
use crate::{
    PrimaryKey, TableStore,
    plain_buffer::decode_key,
    schema::{IndexMeta, ReservedThroughputDetails, SseDetails, StreamDetails, TableMeta, TableOptions, proto},
    wire::{self, TableNameRequest, enumeration, required},
};

/// Tells what a table is (service document "DescribeTable").
///
/// ```
/// use campaign_tablestore::{Client, DescribeTable};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let table = client.send(&DescribeTable::new("entries")).await?;
/// println!("{:?} keeps {:?} versions", table.table_meta.primary_key, table.table_options.max_versions);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DescribeTable {
    /// The table.
    pub table_name: String,
}

impl DescribeTable {
    /// Tells what the table of this name is.
    pub fn new(table_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into() }
    }
}

enumeration! {
    /// Whether a table can be used. Some answers do not say.
    #[non_exhaustive]
    pub enum TableStatus {
        /// It can.
        Active = 1,
        /// It cannot.
        Inactive = 2,
        /// It is being loaded.
        Loading = 3,
        /// It is being unloaded.
        Unloading = 4,
        /// It is being changed.
        Updating = 5,
    }
}

/// What a table is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableDescription {
    /// Its name and columns.
    pub table_meta: TableMeta,
    /// What is reserved for it.
    pub reserved_throughput_details: ReservedThroughputDetails,
    /// How it keeps versions.
    pub table_options: TableOptions,
    /// Whether it can be used.
    pub table_status: Option<TableStatus>,
    /// Its stream.
    pub stream_details: Option<StreamDetails>,
    /// The keys at which its partitions begin.
    pub shard_splits: Vec<PrimaryKey>,
    /// Its encryption.
    pub sse_details: Option<SseDetails>,
    /// Its indexes.
    pub index_metas: Vec<IndexMeta>,
    /// When it was made, as the service's number (microseconds since 1970-01-01 UTC).
    pub creation_time: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct DescribeTableResponse {
    #[prost(message, optional, tag = "1")]
    table_meta: Option<proto::TableMeta>,
    #[prost(message, optional, tag = "2")]
    reserved_throughput_details: Option<proto::ReservedThroughputDetails>,
    #[prost(message, optional, tag = "3")]
    table_options: Option<proto::TableOptions>,
    #[prost(int32, optional, tag = "4")]
    table_status: Option<i32>,
    #[prost(message, optional, tag = "5")]
    stream_details: Option<proto::StreamDetails>,
    #[prost(bytes = "bytes", repeated, tag = "6")]
    shard_splits: Vec<Bytes>,
    #[prost(message, optional, tag = "7")]
    sse_details: Option<proto::Sse>,
    #[prost(message, repeated, tag = "8")]
    index_metas: Vec<proto::IndexMeta>,
    #[prost(int64, optional, tag = "9")]
    creation_time: Option<i64>,
}

impl Operation for DescribeTable {
    type Service = TableStore;
    type Output = TableDescription;
    const NAME: &'static str = "DescribeTable";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, TableNameRequest::body(&self.table_name)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<TableDescription> {
        wire::answered(body, |answer: DescribeTableResponse| {
            let details = required(answer.reserved_throughput_details, "reserved_throughput_details")?;
            let splits = answer.shard_splits.iter().map(|key| decode_key(key));
            Ok(TableDescription {
                table_meta: TableMeta::from_wire(required(answer.table_meta, "table_meta")?)?,
                reserved_throughput_details: ReservedThroughputDetails::from_wire(details)?,
                table_options: TableOptions::from_wire(&required(answer.table_options, "table_options")?)?,
                table_status: answer
                    .table_status
                    .map(|status| TableStatus::from_number(status, "table_status"))
                    .transpose()?,
                stream_details: answer.stream_details.map(StreamDetails::from_wire).transpose()?,
                shard_splits: splits.collect::<Result<_, _>>()?,
                sse_details: answer.sse_details.map(SseDetails::from_wire).transpose()?,
                index_metas: answer.index_metas.into_iter().map(IndexMeta::from_wire).collect::<Result<_, _>>()?,
                creation_time: answer.creation_time,
            })
        })
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DescribeTable {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: TableNameRequest| {
            Ok(Self { table_name: required(message.table_name, "table_name")? })
        })
    }

    fn write_response(&self, table: &TableDescription) -> Result<http::Response<Bytes>> {
        let message = DescribeTableResponse {
            table_meta: Some(table.table_meta.to_wire()),
            reserved_throughput_details: Some(table.reserved_throughput_details.to_wire()),
            table_options: Some(table.table_options.to_wire()),
            table_status: table.table_status.map(TableStatus::number),
            stream_details: table.stream_details.as_ref().map(StreamDetails::to_wire),
            shard_splits: table.shard_splits.iter().map(|key| key.to_bytes().into()).collect(),
            sse_details: table.sse_details.as_ref().map(SseDetails::to_wire),
            index_metas: table.index_metas.iter().map(IndexMeta::to_wire).collect(),
            creation_time: table.creation_time,
        };
        wire::respond(message.encode_to_vec())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{
        schema::{CapacityUnit, IndexSyncPhase, IndexType, KeyType},
        testing::law,
    };

    #[test]
    fn the_law_holds() {
        let plain = TableDescription {
            table_meta: TableMeta::new("orders").key("id", KeyType::String),
            reserved_throughput_details: ReservedThroughputDetails {
                capacity_unit: CapacityUnit::default(),
                last_increase_time: "2026-01-15T08:30:45Z".parse().unwrap(),
                last_decrease_time: None,
            },
            table_options: TableOptions::default(),
            table_status: None,
            stream_details: None,
            shard_splits: Vec::new(),
            sse_details: None,
            index_metas: Vec::new(),
            creation_time: None,
        };
        let mut index = IndexMeta::new("by_id", IndexType::Local, ["id"]);
        index.index_sync_phase = Some(IndexSyncPhase::Full);
        let full = TableDescription {
            reserved_throughput_details: ReservedThroughputDetails {
                last_decrease_time: Some("2026-01-16T08:30:45Z".parse().unwrap()),
                ..plain.reserved_throughput_details
            },
            table_status: Some(TableStatus::Active),
            stream_details: Some(StreamDetails {
                enable_stream: true,
                stream_id: Some("s".to_owned()),
                expiration_hours: Some(24),
                last_enable_time: Some(1),
                columns_to_get: vec!["a".to_owned()],
            }),
            shard_splits: vec![PrimaryKey::new().with("id", "m")],
            sse_details: Some(SseDetails { enable: false, key_type: None, key_id: None, role_arn: None }),
            index_metas: vec![index],
            creation_time: Some(5),
            ..plain.clone()
        };
        law(&DescribeTable::new("orders"), &plain);
        law(&DescribeTable::new("orders"), &full);
    }
}
