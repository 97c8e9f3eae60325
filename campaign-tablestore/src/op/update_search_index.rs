//! UpdateSearchIndex: changes how long rows stay in a search index, adds fields, or switches to a rebuilt one.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use crate::{
    TableStore,
    search::FieldSchema,
    wire::{self, Empty, messages},
};

messages! {
    /// Changes a search index (service document "UpdateSearchIndex").
    ///
    /// [`Class::Idempotent`] if it says how long rows stay and nothing else; what a repeated switch or a field added twice
    /// does is not documented, so such a call is [`Class::Once`].
    ///
    /// ```
    /// use campaign_tablestore::{Client, UpdateSearchIndex};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// client.send(&UpdateSearchIndex::new("entries", "by_state").time_to_live(30 * 86_400)).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub struct UpdateSearchIndex {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
        /// The rebuilt index that is to take its place.
        pub switch_index_name: Option<String> = 3,
        /// Which share of the searches each of the two gets.
        pub query_flow_weight: Vec<QueryFlowWeight> = 4,
        /// Seconds after which rows leave the index; -1 for never.
        pub time_to_live: Option<i32> = 5,
        /// Fields that are added.
        pub added_fields: Vec<FieldSchema> = 6,
    }

    /// Which share of the searches an index gets.
    #[derive(Eq)]
    pub struct QueryFlowWeight {
        /// The index.
        pub index_name: String = 1,
        /// Its share in percent.
        pub weight: i32 = 2,
    }
}

impl UpdateSearchIndex {
    /// Changes nothing yet.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>) -> Self {
        Self {
            table_name: table_name.into(),
            index_name: index_name.into(),
            switch_index_name: None,
            query_flow_weight: Vec::new(),
            time_to_live: None,
            added_fields: Vec::new(),
        }
    }

    /// The same, and rows leave the index after so many seconds, a day at least and no more than the table keeps them; -1
    /// for never. The table must not allow updates then.
    #[must_use]
    pub const fn time_to_live(mut self, seconds: i32) -> Self {
        self.time_to_live = Some(seconds);
        self
    }

    /// The same adding a field.
    #[must_use]
    pub fn add_field(mut self, field: FieldSchema) -> Self {
        self.added_fields.push(field);
        self
    }
}

impl Operation for UpdateSearchIndex {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "UpdateSearchIndex";

    fn class(&self) -> Class {
        let more =
            self.switch_index_name.is_some() || !self.query_flow_weight.is_empty() || !self.added_fields.is_empty();
        if more { Class::Once } else { Class::Idempotent }
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
impl campaign_client::Serve for UpdateSearchIndex {
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
    use crate::{search::FieldType, testing::law};

    #[test]
    fn the_law_holds() {
        let days = UpdateSearchIndex::new("t", "i").time_to_live(-1);
        law(&days, &());
        assert_eq!(days.class(), Class::Idempotent);
        let weight = QueryFlowWeight { index_name: "i".to_owned(), weight: 20 };
        let full = UpdateSearchIndex {
            switch_index_name: Some("j".to_owned()),
            query_flow_weight: vec![weight.clone(), weight],
            added_fields: vec![FieldSchema::new("age", FieldType::Long)],
            ..days
        };
        law(&full, &());
        assert_eq!(full.class(), Class::Once);
    }
}
