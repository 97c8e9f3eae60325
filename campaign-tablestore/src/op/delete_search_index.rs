//! DeleteSearchIndex: deletes a search index.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;

use super::list_search_index::ListSearchIndex;
use crate::{
    Code, TableStore,
    wire::{self, Empty, messages},
};

messages! {
    /// Deletes a search index; the table's rows stay (service document "DeleteSearchIndex").
    ///
    /// [`Class::Conditional`]: if its answer was lost and there is no such index when it is sent again, the call succeeded.
    ///
    /// ```
    /// use campaign_tablestore::{Client, DeleteSearchIndex};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// client.send(&DeleteSearchIndex::new("entries", "by_state")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Eq)]
    pub struct DeleteSearchIndex {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub index_name: String = 2,
    }
}

impl DeleteSearchIndex {
    /// Deletes the index of this name.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>) -> Self {
        Self { table_name: table_name.into(), index_name: index_name.into() }
    }
}

impl Operation for DeleteSearchIndex {
    type Service = TableStore;
    type Output = ();
    const NAME: &'static str = "DeleteSearchIndex";

    fn class(&self) -> Class {
        Class::Conditional
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<()> {
        wire::answered(body, |Empty {}| Ok(()))
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if Code::of(conflict) != Some(Code::MetaNotMatch) {
            return None;
        }
        let name = self.index_name.clone();
        Some(Settle::by(ListSearchIndex::of(self.table_name.clone()), move |found| {
            let gone = found?.iter().all(|index| index.index_name != name);
            Ok(if gone { Settled::Ours(()) } else { Settled::Theirs })
        }))
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteSearchIndex {
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

    #[test]
    fn the_law_holds() {
        crate::testing::law(&DeleteSearchIndex::new("t", "i"), &());
    }
}
