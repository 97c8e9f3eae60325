//! ComputeSplits: opens a session to scan a search index in parts.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use crate::{
    TableStore,
    wire::{self, messages},
};

messages! {
    /// Opens a session to scan a search index in parts (service document "ComputeSplits").
    /// [`IndexScan`](crate::search::IndexScan) does all that follows; [`ParallelScan`](crate::ParallelScan) reads one part.
    ///
    /// ```
    /// use campaign_tablestore::{Client, ComputeSplits};
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let session = client.send(&ComputeSplits::new("entries", "by_state")).await?;
    /// println!("{} readers at most", session.splits_size);
    /// # Ok(())
    /// # }
    /// ```
    #[derive(Eq)]
    pub struct ComputeSplits {
        /// The table.
        pub table_name: String = 1,
        /// The index.
        pub search_index_splits_options: Option<SplitsOptions> = 2,
    }

    /// Which index.
    #[derive(Eq)]
    pub struct SplitsOptions {
        /// Its name.
        pub index_name: Option<String> = 1,
    }

    /// A session.
    #[derive(Eq)]
    pub struct ScanSession {
        /// Its id.
        pub session_id: Bytes = 1,
        /// Into how many parts the scan can be divided, at least 1.
        pub splits_size: i32 = 2,
    }
}

impl ComputeSplits {
    /// Opens a session for the index of this name.
    pub fn new(table_name: impl Into<String>, index_name: impl Into<String>) -> Self {
        let options = SplitsOptions { index_name: Some(index_name.into()) };
        Self { table_name: table_name.into(), search_index_splits_options: Some(options) }
    }
}

impl Operation for ComputeSplits {
    type Service = TableStore;
    type Output = ScanSession;
    const NAME: &'static str = "ComputeSplits";

    fn class(&self) -> Class {
        Class::Read
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_table_name(&self.table_name)?;
        wire::post::<Self>(service, wire::sent(self)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<ScanSession> {
        wire::told(body, Ok)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for ComputeSplits {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::requested(request, body)
    }

    fn write_response(&self, session: &ScanSession) -> Result<http::Response<Bytes>> {
        wire::respond(wire::sent(session)?)
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;

    #[test]
    fn the_law_holds() {
        let session = ScanSession { session_id: Bytes::from_static(b"s"), splits_size: 3 };
        crate::testing::law(&ComputeSplits::new("t", "i"), &session);
    }
}
