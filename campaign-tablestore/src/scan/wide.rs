//! One row that is too wide for one answer.

use campaign_client::{Error, ErrorKind, Paginate, Result};

use super::page::MAX_WIDE_ROW_BYTES;
use crate::{Client, GetRow, GetRowOutput, plain_buffer::Encode};

impl Paginate for GetRow {
    fn next(&self, output: &GetRowOutput) -> Result<Option<Self>> {
        Ok(output.next_token.clone().map(|token| Self { token: Some(token), ..self.clone() }))
    }
}

impl GetRow {
    /// Reads the row whole: one that is too wide for one answer is read on and put together, up to 64 MiB. All other rows take
    /// one call, as [`send`](campaign_client::Client::send) does.
    ///
    /// The pieces are read one after another: what is written between two of them is seen or not, cell by cell. A transaction
    /// sees to it that nothing is. [`pages`](campaign_client::Client::pages) hands out the pieces of any row one by one:
    ///
    /// ```
    /// use campaign_tablestore::{Client, GetRow, PrimaryKey};
    /// use futures_util::TryStreamExt;
    ///
    /// # async fn example(client: &Client) -> campaign_client::Result<()> {
    /// let history = GetRow::new("histories", PrimaryKey::new().with("id", "h-1"));
    /// let row = history.clone().whole(client).await?.row;
    /// println!("{} columns", row.map_or(0, |row| row.columns.len()));
    ///
    /// let mut pieces = std::pin::pin!(client.pages(history));
    /// while let Some(piece) = pieces.try_next().await? {
    ///     println!("{} more columns", piece.row.map_or(0, |row| row.columns.len()));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As GetRow; [`ErrorKind::Unreadable`] for a row of more than 64 MiB.
    pub async fn whole(self, client: &Client) -> Result<GetRowOutput> {
        let begun = client.send(&self).await?;
        self.rest(client, begun).await
    }

    /// What was `found` of the row and all that follows it.
    pub(super) async fn rest(mut self, client: &Client, mut found: GetRowOutput) -> Result<GetRowOutput> {
        let mut bytes = found.row.as_ref().map_or(0, Encode::encoded_len);
        while let Some(next) = self.next(&found)? {
            if next == self {
                return Err(Error::unreadable("the answer goes on with the part that it just gave"));
            }
            self = next;
            let piece = client.send(&self).await?;
            found.next_token = piece.next_token;
            found.consumed.read = found.consumed.read.saturating_add(piece.consumed.read);
            let Some(piece) = piece.row else { continue };
            bytes += piece.encoded_len();
            if bytes > MAX_WIDE_ROW_BYTES {
                return Err(Error::new(ErrorKind::Unreadable)
                    .with_message("a row of more than 64 MiB; read it part by part with `Client::pages`"));
            }
            match &mut found.row {
                Some(row) => row.columns.extend(piece.columns),
                begun => *begun = Some(piece),
            }
        }
        Ok(found)
    }
}
