//! DeleteRow: deletes a row.

use bytes::Bytes;
use campaign_client::{Body, Class, Operation, Result};
use http::response;

use crate::{
    Condition, PrimaryKey, ReturnContent, TableStore, Written,
    plain_buffer::DeletedRow,
    wire,
    write::{class_of, write_setters},
};
#[cfg(feature = "server")]
use crate::{plain_buffer::decode_delete, write::WriteRequest};

/// Deletes a row; that there is none is no error, unless the condition says so (service document "DeleteRow").
///
/// Without a condition it is [`Class::Idempotent`]. Under one it is [`Class::Conditional`]: if its answer was lost and the
/// condition fails when it is sent again, nobody knows. A row that is gone does not say who deleted it, and one that is there
/// may have been made since.
///
/// ```
/// use campaign_tablestore::{Client, DeleteRow, PrimaryKey};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// client.send(&DeleteRow::new("entries", PrimaryKey::new().with("id", "e-1"))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteRow {
    /// The table.
    pub table_name: String,
    /// The row.
    pub primary_key: PrimaryKey,
    /// What must hold for the row to be deleted.
    pub condition: Condition,
    /// What is returned.
    pub return_content: Option<ReturnContent>,
    /// The transaction it is part of.
    pub transaction_id: Option<String>,
}

impl DeleteRow {
    /// Deletes the row of this key, if there is one.
    pub fn new(table_name: impl Into<String>, primary_key: PrimaryKey) -> Self {
        Self {
            table_name: table_name.into(),
            primary_key,
            condition: Condition::ignore(),
            return_content: None,
            transaction_id: None,
        }
    }

    write_setters!();
}

impl Operation for DeleteRow {
    type Service = TableStore;
    type Output = Written;
    const NAME: &'static str = "DeleteRow";

    fn class(&self) -> Class {
        class_of(&self.primary_key, &[], &self.condition)
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::post::<Self>(service, self.parts().body(&self.primary_key, &DeletedRow(&self.primary_key))?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Written> {
        Written::read(body)
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for DeleteRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: WriteRequest| {
            let read = message.read("primary_key")?;
            Ok(Self {
                table_name: read.table_name,
                primary_key: decode_delete(&read.row)?,
                condition: read.condition,
                return_content: read.return_content,
                transaction_id: read.transaction_id,
            })
        })
    }

    fn write_response(&self, output: &Written) -> Result<http::Response<Bytes>> {
        output.write()
    }
}

#[cfg(all(test, feature = "server"))]
mod tests {
    use super::*;
    use crate::testing::law;

    fn key() -> PrimaryKey {
        PrimaryKey::new().with("id", "e-1").with("n", 7)
    }

    #[test]
    fn the_law_holds() {
        law(&DeleteRow::new("entries", key()), &Written::default());
        let full = DeleteRow::new("entries", key())
            .condition(Condition::expect_exist())
            .return_content(ReturnContent::PrimaryKey)
            .transaction_id("txn");
        law(&full, &Written { row: Some(crate::Row::new(key())), ..Written::default() });
    }

    #[test]
    fn a_condition_makes_it_conditional() {
        assert_eq!(DeleteRow::new("entries", key()).class(), Class::Idempotent);
        let expecting = DeleteRow::new("entries", key()).condition(Condition::expect_exist());
        assert_eq!(expecting.class(), Class::Conditional);
    }
}
