//! DescribeSearchIndex: what a search index holds and how far it has come.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use super::update_search_index::QueryFlowWeight;
use crate::{
    TableStore,
    search::{IndexSchema, IndexState, SyncPhase},
    wire::{self, messages},
};

messages! {
    /// Describes a search index (service document "DescribeSearchIndex").
    ///
    /// ```
    /// use std::time::Duration;
    /// use campaign_tablestore::{Client, DescribeSearchIndex};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let describe = DescribeSearchIndex::new("entries", "by_state");
    /// while !client.send(&describe).await?.is_ready() {
    ///     tokio::time::sleep(Duration::from_secs(2)).await;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Eq)]
    pub struct DescribeSearchIndex {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
        /// Whether to say how far it has come.
        pub include_sync_stat: Option<bool> = 3,
    }

    /// What a search index holds and how far it has come.
    pub struct SearchIndexDescription {
        /// What it holds.
        pub schema: IndexSchema = 1,
        /// How far it has come, if that was asked.
        pub sync_stat: Option<SyncStat> = 2,
        /// How large it is.
        pub metering_info: Option<MeteringInfo> = 3,
        /// The rebuilt index beside it.
        pub brother_index_name: Option<String> = 4,
        /// Which share of the searches each of the two gets.
        pub query_flow_weight: Vec<QueryFlowWeight> = 5,
        /// When it was made, in the service's unit; the local cloud tells milliseconds since 1970.
        pub create_time: Option<i64> = 6,
        /// Seconds after which rows leave it; -1 for never.
        pub time_to_live: Option<i32> = 7,
        /// Whether it can be searched.
        pub index_status: Option<IndexStatus> = 8,
    }

    /// How far an index has come.
    #[derive(Copy, Eq)]
    pub struct SyncStat {
        /// What it is doing.
        pub sync_phase: SyncPhase = 1,
        /// The time of the last write it has taken, in the service's unit; the local cloud tells milliseconds since 1970.
        pub current_sync_timestamp: Option<i64> = 2,
    }

    /// How large an index is.
    #[derive(Copy, Eq)]
    pub struct MeteringInfo {
        /// Bytes.
        pub storage_size: Option<i64> = 1,
        /// Rows.
        pub row_count: Option<i64> = 2,
        /// Reserved read capacity units.
        pub reserved_read_cu: Option<i64> = 3,
        /// When this was so, in the service's unit; the local cloud tells milliseconds since 1970.
        pub timestamp: Option<i64> = 4,
    }

    /// Whether an index can be searched.
    #[derive(Eq)]
    pub struct IndexStatus {
        /// Whether.
        pub status: IndexState = 1,
        /// In words.
        pub description: Option<String> = 2,
    }
}

impl DescribeSearchIndex {
    /// Describes the index of this name and how far it has come.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), index_name: index_name.into(), include_sync_stat: Some(true) }
    }
}

impl SearchIndexDescription {
    /// A description of nothing more than the schema.
    #[must_use]
    pub const fn new(schema: IndexSchema) -> Self {
        Self {
            schema,
            sync_stat: None,
            metering_info: None,
            brother_index_name: None,
            query_flow_weight: Vec::new(),
            create_time: None,
            time_to_live: None,
            index_status: None,
        }
    }

    /// Whether it can be searched and has taken the rows that were there before it. If the service does not tell one of
    /// both, the other counts.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        let runs = self.index_status.as_ref().map(|status| status.status == IndexState::Running);
        let follows = self.sync_stat.map(|stat| stat.sync_phase == SyncPhase::Incremental);
        (runs.is_some() || follows.is_some()) && runs != Some(false) && follows != Some(false)
    }
}

impl Operation for DescribeSearchIndex {
    type Service = TableStore;
    type Output = SearchIndexDescription;
    const NAME: &'static str = "DescribeSearchIndex";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<SearchIndexDescription> {
        wire::told(body, Ok)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DescribeSearchIndex {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, description: &SearchIndexDescription) -> Result<http::Response<Bytes>> {
        wire::respond(wire::sent(description)?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::search::{FieldSchema, FieldType};
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        let bare = SearchIndexDescription::new(IndexSchema::default());
        law(&DescribeSearchIndex { include_sync_stat: None, ..DescribeSearchIndex::new("t", "i") }, &bare);
        let full = SearchIndexDescription {
            schema: IndexSchema::from_iter([FieldSchema::new("age", FieldType::Long)]),
            sync_stat: Some(SyncStat { sync_phase: SyncPhase::Incremental, current_sync_timestamp: Some(7) }),
            metering_info: Some(MeteringInfo {
                storage_size: Some(1),
                row_count: Some(2),
                reserved_read_cu: Some(0),
                timestamp: Some(-1),
            }),
            brother_index_name: Some("j".to_owned()),
            query_flow_weight: vec![QueryFlowWeight { index_name: "j".to_owned(), weight: 1 }],
            create_time: Some(5),
            time_to_live: Some(-1),
            index_status: Some(IndexStatus { status: IndexState::Running, description: Some("ok".to_owned()) }),
        };
        law(&DescribeSearchIndex::new("t", "i"), &full);
    }

    #[test]
    fn an_index_is_ready_when_nothing_says_that_it_is_not() {
        let told = |status: Option<IndexState>, phase: Option<SyncPhase>| {
            let description = SearchIndexDescription {
                index_status: status.map(|status| IndexStatus { status, description: None }),
                sync_stat: phase.map(|sync_phase| SyncStat { sync_phase, current_sync_timestamp: None }),
                ..SearchIndexDescription::new(IndexSchema::default())
            };
            description.is_ready()
        };
        let (running, pending) = (Some(IndexState::Running), Some(IndexState::Pending));
        let (follows, full) = (Some(SyncPhase::Incremental), Some(SyncPhase::Full));
        assert!(told(running, follows) && told(running, None) && told(None, follows));
        assert!(!told(None, None) && !told(pending, follows) && !told(running, full) && !told(pending, None));
    }
}
