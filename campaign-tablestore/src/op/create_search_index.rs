//! CreateSearchIndex: makes a search index of a table.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use crate::{
    TableStore,
    search::IndexSchema,
    wire::{self, Empty, messages},
};

messages! {
    /// Makes a search index of a table (service document "CreateSearchIndex"). It can be searched some seconds later.
    ///
    /// [`Class::Once`]: no document says what a repetition meets.
    ///
    /// ```
    /// use campaign_tablestore::{Client, CreateSearchIndex};
    /// use campaign_tablestore::search::{FieldSchema, FieldType};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let fields = [FieldSchema::new("state", FieldType::Keyword), FieldSchema::new("age", FieldType::Long)];
    /// client.send(&CreateSearchIndex::new("entries", "by_state", fields.into_iter().collect())).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub struct CreateSearchIndex {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
        /// What it holds.
        pub schema: IndexSchema = 3,
        /// The index whose place this one is to take.
        pub source_index_name: Option<String> = 4,
        /// Seconds after which rows leave the index; -1 for never.
        pub time_to_live: Option<i32> = 5,
    }
}

impl CreateSearchIndex {
    /// Makes an index with these fields, up to 1,000, nested up to five deep (service document "Search index limits").
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>, schema: IndexSchema) -> Self {
        let (table_name, index_name) = (table_name.into(), index_name.into());
        Self { table_name, index_name, schema, source_index_name: None, time_to_live: None }
    }

    /// The same whose rows leave it after so many seconds, a day at least. The table must not allow updates then.
    #[must_use]
    pub const fn time_to_live(mut self, seconds: i32) -> Self {
        self.time_to_live = Some(seconds);
        self
    }
}

impl Operation for CreateSearchIndex {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "CreateSearchIndex";

    fn class(&self) -> Class {
        Class::Once
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for CreateSearchIndex {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, (): &()) -> Result<http::Response<Bytes>> {
        wire::respond(Bytes::new())
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::search::{Analyzer, FieldSchema, FieldType, IndexSetting, Sort, Sorter};
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        law(&CreateSearchIndex::new("t", "i", IndexSchema::default()), &());
        let words = Analyzer::Fuzzy { min_chars: Some(1), max_chars: Some(3) };
        let fields = [
            FieldSchema::new("name", FieldType::Text).analyzer(&words).enable_highlighting(true),
            FieldSchema::nested("inner", [FieldSchema::new("a", FieldType::Long).is_array(true).sort_and_agg(true)]),
            FieldSchema::new("at", FieldType::Date).date_format("yyyy-MM-dd"),
        ];
        assert_eq!(fields[0].analyzer_of().unwrap(), Some(words));
        let schema = IndexSchema {
            index_setting: Some(IndexSetting { number_of_shards: Some(1), ..IndexSetting::default() }),
            index_sort: Some(Sort::from_iter([Sorter::descending("age")])),
            ..IndexSchema::from_iter(fields)
        };
        law(&CreateSearchIndex::new("t", "i", schema).time_to_live(86_400), &());
    }
}
