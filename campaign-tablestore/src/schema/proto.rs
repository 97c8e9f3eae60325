//! The messages of schemas. Every field is optional, so that a missing one can be told from a zero.

use bytes::Bytes;
use prost::Message;

#[derive(Clone, PartialEq, Message)]
pub(crate) struct PrimaryKeySchema {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) kind: Option<i32>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) option: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct DefinedColumnSchema {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) kind: Option<i32>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TableMeta {
    #[prost(string, optional, tag = "1")]
    pub(crate) table_name: Option<String>,
    #[prost(message, repeated, tag = "2")]
    pub(crate) primary_key: Vec<PrimaryKeySchema>,
    #[prost(message, repeated, tag = "3")]
    pub(crate) defined_column: Vec<DefinedColumnSchema>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct TableOptions {
    #[prost(int32, optional, tag = "1")]
    pub(crate) time_to_live: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) max_versions: Option<i32>,
    #[prost(int64, optional, tag = "5")]
    pub(crate) deviation_cell_version_in_sec: Option<i64>,
    #[prost(bool, optional, tag = "6")]
    pub(crate) allow_update: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(crate) update_full_row: Option<bool>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct CapacityUnit {
    #[prost(int32, optional, tag = "1")]
    pub(crate) read: Option<i32>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) write: Option<i32>,
}

/// `ReservedThroughput`, `ConsumedCapacity` and `ReservedThroughputDetails` as far as they agree.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Capacity {
    #[prost(message, optional, tag = "1")]
    pub(crate) capacity_unit: Option<CapacityUnit>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct ReservedThroughputDetails {
    #[prost(message, optional, tag = "1")]
    pub(crate) capacity_unit: Option<CapacityUnit>,
    #[prost(int64, optional, tag = "2")]
    pub(crate) last_increase_time: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    pub(crate) last_decrease_time: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamSpecification {
    #[prost(bool, optional, tag = "1")]
    pub(crate) enable_stream: Option<bool>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) expiration_time: Option<i32>,
    #[prost(string, repeated, tag = "3")]
    pub(crate) columns_to_get: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct StreamDetails {
    #[prost(bool, optional, tag = "1")]
    pub(crate) enable_stream: Option<bool>,
    #[prost(string, optional, tag = "2")]
    pub(crate) stream_id: Option<String>,
    #[prost(int32, optional, tag = "3")]
    pub(crate) expiration_time: Option<i32>,
    #[prost(int64, optional, tag = "4")]
    pub(crate) last_enable_time: Option<i64>,
    #[prost(string, repeated, tag = "5")]
    pub(crate) columns_to_get: Vec<String>,
}

/// `SSESpecification` and `SSEDetails`.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Sse {
    #[prost(bool, optional, tag = "1")]
    pub(crate) enable: Option<bool>,
    #[prost(int32, optional, tag = "2")]
    pub(crate) key_type: Option<i32>,
    #[prost(bytes = "bytes", optional, tag = "3")]
    pub(crate) key_id: Option<Bytes>,
    #[prost(bytes = "bytes", optional, tag = "4")]
    pub(crate) role_arn: Option<Bytes>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct IndexMeta {
    #[prost(string, optional, tag = "1")]
    pub(crate) name: Option<String>,
    #[prost(string, repeated, tag = "2")]
    pub(crate) primary_key: Vec<String>,
    #[prost(string, repeated, tag = "3")]
    pub(crate) defined_column: Vec<String>,
    #[prost(int32, optional, tag = "4")]
    pub(crate) index_update_mode: Option<i32>,
    #[prost(int32, optional, tag = "5")]
    pub(crate) index_type: Option<i32>,
    #[prost(int32, optional, tag = "6")]
    pub(crate) index_sync_phase: Option<i32>,
}
