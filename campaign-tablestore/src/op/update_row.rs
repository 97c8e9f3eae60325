//! UpdateRow: changes columns of a row.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;

use super::get_row::GetRow;
use crate::{
    CellChange, Condition, ReturnContent, Row, RowUpdate, TableStore, Written, wire,
    write::{class_of, nobody_knows, write_setters},
};
#[cfg(feature = "server")]
use crate::{plain_buffer::decode_update, write::WriteRequest};

/// Changes columns of a row and leaves the others as they are (service document "UpdateRow").
///
/// | what is changed | class |
/// |---|---|
/// | an [increment](CellChange::Increment) among the changes | [`Class::Once`] |
/// | under a condition | [`Class::Conditional`] |
/// | anything else | [`Class::Idempotent`] |
///
/// A conditional update whose answer was lost is sent again; if the condition then fails, the row is read back. If it holds
/// all the changes, the call succeeded. If not, nobody knows: another writer may have changed it since. Change something of
/// your own as well (an id of the call) if others may make the same changes.
///
/// ```
/// use campaign_tablestore::{Client, ColumnFilter, Condition, PrimaryKey, RowUpdate, UpdateRow};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let confirm = RowUpdate::new(PrimaryKey::new().with("id", "e-1")).put("state", "confirmed").delete("token");
/// let pending = ColumnFilter::equal("state", "pending").filter_if_missing(true);
/// client.send(&UpdateRow::new("entries", confirm).condition(Condition::expect_exist().column(pending))).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateRow {
    /// The table.
    pub table_name: String,
    /// The row and its changes: at most 1,024 of them, and 4 MB of data.
    pub row: RowUpdate,
    /// What must hold for the changes to be made.
    pub condition: Condition,
    /// What is returned.
    pub return_content: Option<ReturnContent>,
    /// The transaction it is part of.
    pub transaction_id: Option<String>,
}

impl UpdateRow {
    /// Makes the changes of `row`, whatever was there.
    pub fn new(table_name: impl Into<String>, row: RowUpdate) -> Self {
        Self {
            table_name: table_name.into(),
            row,
            condition: Condition::ignore(),
            return_content: None,
            transaction_id: None,
        }
    }

    write_setters!();
}

impl Operation for UpdateRow {
    type Service = TableStore;
    type Output = Written;
    const NAME: &'static str = "UpdateRow";

    fn class(&self) -> Class {
        class_of(&self.row.primary_key, &self.row.changes, &self.condition)
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_update(&self.row)?;
        wire::post::<Self>(service, self.parts().body(&self.row.primary_key, &self.row)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Written> {
        Written::read(body)
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if !self.parts().settles(conflict) {
            return None;
        }
        let mut probe = GetRow::new(self.table_name.clone(), self.row.primary_key.clone());
        probe.transaction_id.clone_from(&self.transaction_id);
        let update = self.clone();
        Some(Settle::by(probe, move |found| match found?.row {
            Some(row) if update.row.changes.iter().all(|change| is_made(change, &row)) => {
                let returned = update.return_content.as_ref().map(|_| Row::new(row.primary_key));
                Ok(Settled::Ours(Written { row: returned, ..Written::default() }))
            }
            _ => Err(nobody_knows()),
        }))
    }
}

/// True if the newest versions of `found` are as after `change`.
fn is_made(change: &CellChange, found: &Row) -> bool {
    let newest = found.versions(change.name()).next();
    match change {
        CellChange::Put(put) => {
            newest.is_some_and(|c| c.value == put.value && (put.timestamp.is_none() || put.timestamp == c.timestamp))
        }
        CellChange::DeleteAll { .. } => newest.is_none(),
        CellChange::DeleteVersion { timestamp, .. } => newest.is_none_or(|c| c.timestamp != Some(*timestamp)),
        // An increment is never sent twice.
        CellChange::Increment { .. } => false,
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for UpdateRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: WriteRequest| {
            let read = message.read("row_change")?;
            Ok(Self {
                table_name: read.table_name,
                row: decode_update(&read.row)?,
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
    use crate::{PrimaryKey, testing::law};

    fn update() -> RowUpdate {
        RowUpdate::new(PrimaryKey::new().with("id", "e-1"))
            .put("state", "confirmed")
            .put_version("age", 37, 1_700_000_000_000)
            .delete("token")
            .delete_version("old", 1_700_000_000_000)
    }

    #[test]
    fn the_law_holds() {
        let counted = UpdateRow::new("entries", update().increment("visits", -3))
            .condition(Condition::expect_exist())
            .return_content(ReturnContent::after_modify(["visits"]));
        law(&UpdateRow::new("entries", update()), &Written::default());
        let row = Row::new(update().primary_key).with_version("visits", 4, 1);
        law(&counted, &Written { row: Some(row), ..Written::default() });
    }

    #[test]
    fn an_increment_is_sent_once_whatever_the_condition() {
        let counted = UpdateRow::new("entries", update().increment("visits", 1)).condition(Condition::expect_exist());
        assert_eq!(counted.class(), Class::Once);
        assert_eq!(UpdateRow::new("entries", update()).class(), Class::Idempotent);
        assert_eq!(
            UpdateRow::new("entries", update()).condition(Condition::expect_exist()).class(),
            Class::Conditional
        );
    }

    #[test]
    fn changes_are_made_if_the_newest_versions_show_them() {
        let found = Row::new(update().primary_key).with_version("age", 37, 1_700_000_000_000);
        let done = |row: &Row| update().changes.iter().all(|change| is_made(change, row));
        assert!(!done(&found));
        let confirmed = found.with_version("state", "confirmed", 5);
        assert!(done(&confirmed));
        assert!(!done(&confirmed.clone().with_version("token", "t", 5)));
        assert!(!done(&confirmed.with_version("old", "t", 1_700_000_000_000)));
    }

    #[test]
    fn an_update_without_changes_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let error = UpdateRow::new("t", RowUpdate::new(update().primary_key)).request(&service).unwrap_err();
        assert_eq!(error.kind(), campaign_client::ErrorKind::Invalid);
    }
}
