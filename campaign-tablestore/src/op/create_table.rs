//! CreateTable: makes a table.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;
use prost::Message;

use super::describe_table::DescribeTable;
use crate::{
    Code, KeyValue, TableStore,
    schema::{
        CapacityUnit, IndexMeta, SseDetails, StreamSpecification, TableMeta, TableOptions,
        partition::{PartitionRange, partitions},
        proto,
    },
    wire::{self, Empty},
};
#[cfg(feature = "server")]
use crate::{schema::partition::split_points, wire::required};

/// Makes a table (service document "CreateTable"). It can be used some seconds later; until then calls answer
/// `OTSTableNotReady`, which the client waits for.
///
/// [`Class::Conditional`]: if its answer was lost and there is such a table when it is sent again, the call succeeded if the
/// table has the columns and options that were asked for.
///
/// ```
/// use campaign_tablestore::{Client, CreateTable};
/// use campaign_tablestore::schema::{KeyType, TableMeta};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&CreateTable::new(TableMeta::new("entries").key("id", KeyType::String))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CreateTable {
    /// The name and the columns.
    pub table_meta: TableMeta,
    /// What is reserved; zero pays by use.
    pub reserved_throughput: CapacityUnit,
    /// How versions are kept.
    pub table_options: TableOptions,
    /// Values of the partition key at which the table is divided from the start, ascending; texts and bytes of at most 64
    /// bytes (official SDK tests).
    pub split_points: Vec<KeyValue>,
    /// Whether changes are kept as a stream.
    pub stream_spec: Option<StreamSpecification>,
    /// How the table is encrypted at rest.
    pub sse_spec: Option<SseDetails>,
    /// Indexes to be made with it.
    pub index_metas: Vec<IndexMeta>,
    /// Whether transactions inside one partition key are possible.
    pub enable_local_txn: Option<bool>,
}

impl CreateTable {
    /// Makes a table that keeps one version for ever and reserves nothing.
    #[must_use]
    pub fn new(table_meta: TableMeta) -> Self {
        Self {
            table_meta,
            reserved_throughput: CapacityUnit::default(),
            table_options: TableOptions::default(),
            split_points: Vec::new(),
            stream_spec: None,
            sse_spec: None,
            index_metas: Vec::new(),
            enable_local_txn: None,
        }
    }

    /// The same keeping versions so.
    #[must_use]
    pub const fn table_options(mut self, options: TableOptions) -> Self {
        self.table_options = options;
        self
    }

    /// The same with reserved throughput.
    #[must_use]
    pub const fn reserved_throughput(mut self, units: CapacityUnit) -> Self {
        self.reserved_throughput = units;
        self
    }

    /// The same divided at these values of the partition key, ascending.
    #[must_use]
    pub fn split_points<V: Into<KeyValue>>(mut self, points: impl IntoIterator<Item = V>) -> Self {
        self.split_points = points.into_iter().map(Into::into).collect();
        self
    }

    /// The same with another index.
    #[must_use]
    pub fn index(mut self, index: IndexMeta) -> Self {
        self.index_metas.push(index);
        self
    }

    /// The same with a stream of changes.
    #[must_use]
    pub fn stream_spec(mut self, spec: StreamSpecification) -> Self {
        self.stream_spec = Some(spec);
        self
    }

    /// The same encrypted so.
    #[must_use]
    pub fn sse_spec(mut self, spec: SseDetails) -> Self {
        self.sse_spec = Some(spec);
        self
    }

    /// The same with transactions or without.
    #[must_use]
    pub const fn enable_local_txn(mut self, enable: bool) -> Self {
        self.enable_local_txn = Some(enable);
        self
    }
}

#[derive(Clone, PartialEq, Message)]
struct CreateTableRequest {
    #[prost(message, optional, tag = "1")]
    table_meta: Option<proto::TableMeta>,
    #[prost(message, optional, tag = "2")]
    reserved_throughput: Option<proto::Capacity>,
    #[prost(message, optional, tag = "3")]
    table_options: Option<proto::TableOptions>,
    #[prost(message, repeated, tag = "4")]
    partitions: Vec<PartitionRange>,
    #[prost(message, optional, tag = "5")]
    stream_spec: Option<proto::StreamSpecification>,
    #[prost(message, optional, tag = "6")]
    sse_spec: Option<proto::Sse>,
    #[prost(message, repeated, tag = "7")]
    index_metas: Vec<proto::IndexMeta>,
    #[prost(bool, optional, tag = "8")]
    enable_local_txn: Option<bool>,
}

impl Operation for CreateTable {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "CreateTable";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_meta.table_name)?;
        if self.table_meta.primary_key.is_empty() {
            return Err(Error::invalid("a table needs one to four primary key columns"));
        }
        let options = Some(self.table_options.to_wire()).filter(|_| self.table_options != TableOptions::unset());
        let message = CreateTableRequest {
            table_meta: Some(self.table_meta.to_wire()),
            reserved_throughput: Some(self.reserved_throughput.to_capacity()),
            table_options: options,
            partitions: partitions(&self.split_points)?,
            stream_spec: self.stream_spec.as_ref().map(StreamSpecification::to_wire),
            sse_spec: self.sse_spec.as_ref().map(SseDetails::to_wire),
            index_metas: self.index_metas.iter().map(IndexMeta::to_wire).collect(),
            enable_local_txn: self.enable_local_txn,
        };
        wire::post::<Self>(service, message.encode_to_vec().into())
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::ObjectAlreadyExist) {
            return None;
        }
        let wanted = self.clone();
        Some(Settle::by(DescribeTable::new(self.table_meta.table_name.clone()), move |found| {
            let found = found?;
            let same = found.table_meta == wanted.table_meta && agrees(&wanted.table_options, &found.table_options);
            Ok(if same { Settled::Ours(()) } else { Settled::Theirs })
        }))
    }
}

/// True if every option that was asked for is there.
fn agrees(wanted: &TableOptions, found: &TableOptions) -> bool {
    fn has<T: PartialEq>(wanted: &Option<T>, found: &Option<T>) -> bool {
        wanted.is_none() || wanted == found
    }
    has(&wanted.time_to_live, &found.time_to_live)
        && has(&wanted.max_versions, &found.max_versions)
        && has(&wanted.deviation_cell_version_in_sec, &found.deviation_cell_version_in_sec)
        && has(&wanted.allow_update, &found.allow_update)
        && has(&wanted.update_full_row, &found.update_full_row)
}

#[cfg(feature = "server")]
impl campaign_client::Serve for CreateTable {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: CreateTableRequest| {
            Ok(Self {
                table_meta: TableMeta::from_wire(required(message.table_meta, "table_meta")?)?,
                reserved_throughput: CapacityUnit::from_capacity(message.reserved_throughput, "reserved_throughput")?,
                table_options: match &message.table_options {
                    Some(options) => TableOptions::from_wire(options)?,
                    None => TableOptions::unset(),
                },
                split_points: split_points(message.partitions)?,
                stream_spec: message.stream_spec.map(StreamSpecification::from_wire).transpose()?,
                sse_spec: message.sse_spec.map(SseDetails::from_wire).transpose()?,
                index_metas: message.index_metas.into_iter().map(IndexMeta::from_wire).collect::<Result<_, _>>()?,
                enable_local_txn: message.enable_local_txn,
            })
        })
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        wire::respond(Bytes::new())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::{
        schema::{ColumnType, IndexType, KeyType, SseKeyType},
        testing::law,
    };

    fn meta() -> TableMeta {
        TableMeta::new("orders")
            .key("region", KeyType::String)
            .key("hash", KeyType::Binary)
            .auto_increment("seq")
            .defined_column("total", ColumnType::Double)
    }

    #[test]
    fn the_law_holds() {
        law(&CreateTable::new(TableMeta::new("t").key("id", KeyType::Integer)), &());
        let full = CreateTable::new(meta())
            .table_options(
                TableOptions::default().max_versions(5).deviation_cell_version_in_sec(60).allow_update(false),
            )
            .reserved_throughput(CapacityUnit::new(10, 20))
            .split_points(["cn-beijing", "cn-hangzhou"])
            .index(IndexMeta::new("by_total", IndexType::Global, ["total"]).defined_column("total"))
            .stream_spec(StreamSpecification {
                enable_stream: true,
                expiration_hours: Some(24),
                columns_to_get: vec!["total".to_owned()],
            })
            .sse_spec(SseDetails {
                enable: true,
                key_type: Some(SseKeyType::Byok),
                key_id: Some(Bytes::from_static(b"key")),
                role_arn: Some(Bytes::from_static(b"role")),
            })
            .enable_local_txn(true);
        law(&full, &());
        law(&CreateTable::new(meta()).table_options(TableOptions::unset()), &());
    }

    #[test]
    fn split_points_that_do_not_ascend_or_are_bounds_are_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        for bad in [
            CreateTable::new(meta()).split_points(["b", "a"]),
            CreateTable::new(meta()).split_points(["a", "a"]),
            CreateTable::new(meta()).split_points([KeyValue::InfMax]),
            CreateTable::new(TableMeta::new("t")),
            CreateTable::new(TableMeta::new("").key("id", KeyType::String)),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
