//! Reading rows that are asked for one by one.

use std::sync::Arc;

use bytes::Bytes;
use campaign_client::Result;

use super::{BulkOptions, BulkStats, Receipt, core::Core, receipt::Then};
use crate::{Client, GetRowOutput, PrimaryKey, TableReads};

/// Reads rows of a table that are asked for one by one, many in a call. Clones are the same reader.
///
/// ```no_run
/// use campaign_tablestore::{BulkOptions, BulkReader, Client, PrimaryKey, TableReads};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let reader = BulkReader::new(client, TableReads::new("numbers", []).column("square"), BulkOptions::default())?;
/// let found = reader.get(PrimaryKey::new().with("id", 7)).await?.await?;
/// println!("{:?}", found.row);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct BulkReader(Arc<Core<TableReads>>);

impl BulkReader {
    /// Starts reading as `reads` says; keys that it names are not read. It must be called inside a tokio runtime.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if `options` cannot work.
    pub fn new(client: &Client, reads: TableReads, options: BulkOptions) -> Result<Self> {
        let reads = TableReads { primary_keys: Vec::new(), tokens: Vec::new(), ..reads };
        Ok(Self(Arc::new(Core::new(client.clone(), reads, options)?)))
    }

    /// Asks for a row, once there is room for it; the receipt becomes what was found.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`](campaign_client::ErrorKind::Invalid) if the reader was closed.
    pub async fn get(&self, primary_key: PrimaryKey) -> Result<Receipt<GetRowOutput>> {
        let (then, receipt) = Then::receipt();
        self.0.accept((primary_key, Bytes::new()), then).await?;
        Ok(receipt)
    }

    /// Ends when every row that was asked for before has its result.
    pub async fn flush(&self) {
        self.0.flush().await;
    }

    /// Takes no more keys, by any clone, and ends when every row that was asked for has its result.
    pub async fn close(&self) -> BulkStats {
        self.0.close().await
    }

    /// What was done so far.
    #[must_use]
    pub fn stats(&self) -> BulkStats {
        self.0.stats()
    }
}
