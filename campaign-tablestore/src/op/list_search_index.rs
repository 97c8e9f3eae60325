//! ListSearchIndex: the search indexes of a table or of all tables.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use crate::{
    TableStore,
    wire::{self, messages},
};

messages! {
    /// Lists the search indexes of all tables, or of one (service document "ListSearchIndex").
    ///
    /// ```
    /// use campaign_tablestore::{Client, ListSearchIndex};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// for index in client.send(&ListSearchIndex::of("entries")).await? {
    ///     println!("{} is an index of {}", index.index_name, index.table_name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Eq, Default)]
    pub struct ListSearchIndex {
        /// The table; `None` for all tables.
        pub table_name: Option<String> = 1,
    }

    /// A search index by its name.
    #[derive(Eq)]
    pub struct IndexInfo {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
    }

    struct Answer {
        indices: Vec<IndexInfo> = 1,
    }
}

impl ListSearchIndex {
    /// Lists the indexes of all tables.
    #[must_use]
    pub const fn all() -> Self {
        Self { table_name: None }
    }

    /// Lists the indexes of the table of this name.
    pub fn of(table_name: impl Into<String>) -> Self {
        Self { table_name: Some(table_name.into()) }
    }
}

impl Operation for ListSearchIndex {
    type Service = TableStore;
    type Output = Vec<IndexInfo>;
    const NAME: &'static str = "ListSearchIndex";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        self.table_name.as_deref().map(wire::check_table_name).transpose()?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Vec<IndexInfo>> {
        wire::told(body, |answer: Answer| Ok(answer.indices))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ListSearchIndex {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, indices: &Vec<IndexInfo>) -> Result<http::Response<Bytes>> {
        wire::respond(wire::sent(&Answer { indices: indices.clone() })?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    #[test]
    fn the_law_holds() {
        law(&ListSearchIndex::all(), &Vec::new());
        let index = IndexInfo { table_name: "t".to_owned(), index_name: "i".to_owned() };
        law(&ListSearchIndex::of("t"), &vec![index.clone(), index]);
    }
}
