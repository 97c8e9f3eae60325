//! PutRow: writes a whole row.

use bytes::Bytes;
use campaign_client::{Body, Class, Error, Operation, Result, Settle, Settled};
use http::response;

use super::get_row::GetRow;
use crate::{
    Condition, ReturnContent, Row, TableStore, Written, wire,
    write::{class_of, nobody_knows, write_setters},
};
#[cfg(feature = "server")]
use crate::{plain_buffer::decode_put, write::WriteRequest};

/// Writes a whole row in place of the one that was there (service document "PutRow").
///
/// | what is put | class |
/// |---|---|
/// | a key with [`KeyValue::AutoIncrement`](crate::KeyValue::AutoIncrement) | [`Class::Once`] |
/// | under a condition | [`Class::Conditional`] |
/// | anything else | [`Class::Idempotent`] |
///
/// A conditional put whose answer was lost is sent again; if the condition then fails, the row is read back. If it is the
/// one that was put, the call succeeded. If it is another, nobody knows: it may be somebody else's, or the one that was put
/// and changed since. Put something of your own into the row (an id of the call), which nobody changes, if others may put
/// the same values; it also tells you whose row it is.
///
/// Without timestamps a repeated put makes newer versions of the same values; set them
/// ([`Row::with_version`]) in a table that keeps several.
///
/// ```
/// use campaign_tablestore::{Client, Condition, PrimaryKey, PutRow, Row};
///
/// # async fn example(client: &Client) -> campaign_client::Result<()> {
/// let row = Row::new(PrimaryKey::new().with("id", "e-1")).with("name", "Li").with("size", "M");
/// client.send(&PutRow::new("entries", row).condition(Condition::expect_not_exist())).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct PutRow {
    /// The table.
    pub table_name: String,
    /// The row: at most 1,024 attribute columns, and 4 MB of data.
    pub row: Row,
    /// What must hold for the row to be written.
    pub condition: Condition,
    /// What is returned.
    pub return_content: Option<ReturnContent>,
    /// The transaction it is part of.
    pub transaction_id: Option<String>,
}

impl PutRow {
    /// Puts `row`, whatever was there.
    pub fn new(table_name: impl Into<String>, row: Row) -> Self {
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

impl Operation for PutRow {
    type Service = TableStore;
    type Output = Written;
    const NAME: &'static str = "PutRow";

    fn class(&self) -> Class {
        class_of(&self.row.primary_key, &[], &self.condition)
    }

    fn request(&self, service: &TableStore) -> Result<http::Request<Body>> {
        wire::check_put(&self.row)?;
        wire::post::<Self>(service, self.parts().body(&self.row.primary_key, &self.row)?)
    }

    fn response(&self, _: &response::Parts, body: Bytes) -> Result<Written> {
        Written::read(body)
    }

    fn settle(&self, conflict: &Error) -> Option<Settle<Self>> {
        if !self.parts().settles(conflict) {
            return None;
        }
        let put = self.clone();
        Some(Settle::by(self.read_back(), move |found| match found?.row {
            Some(row) if put.is_in(&row) => {
                let returned = put.return_content.as_ref().map(|_| Row::new(row.primary_key));
                Ok(Settled::Ours(Written { row: returned, ..Written::default() }))
            }
            // The row that was in the way is gone, or was changed since.
            _ => Err(nobody_knows()),
        }))
    }
}

impl PutRow {
    /// Reads the row with as many versions as are put; in the transaction, for only there is it seen before the commit.
    pub(crate) fn read_back(&self) -> GetRow {
        let versions = self.row.columns.iter().map(|c| self.row.versions(&c.name).count()).max().unwrap_or(1);
        let mut get = GetRow::new(self.table_name.clone(), self.row.primary_key.clone())
            .max_versions(u32::try_from(versions).unwrap_or(u32::MAX));
        get.transaction_id.clone_from(&self.transaction_id);
        get
    }

    /// True if `found` is what this put leaves: its columns and no other. A table may keep fewer versions than were put.
    pub(crate) fn is_in(&self, found: &Row) -> bool {
        let put = &self.row;
        let was_put = |name: &str, value: &crate::Value, timestamp: Option<i64>| {
            put.versions(name).any(|c| c.value == *value && (c.timestamp.is_none() || c.timestamp == timestamp))
        };
        found.columns.iter().all(|c| was_put(&c.name, &c.value, c.timestamp))
            && put.columns.iter().all(|c| found.get(&c.name).is_some())
    }
}

#[cfg(feature = "server")]
impl campaign_client::Serve for PutRow {
    fn read_request(_: &TableStore, request: &http::request::Parts, body: Bytes) -> Result<Self> {
        wire::understood(request, body, |message: WriteRequest| {
            let read = message.read("row")?;
            Ok(Self {
                table_name: read.table_name,
                row: decode_put(&read.row)?,
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
    use crate::{ColumnFilter, KeyValue, PrimaryKey, schema::CapacityUnit, testing::law};

    fn row() -> Row {
        Row::new(PrimaryKey::new().with("id", "e-1").with("n", 7))
            .with("name", "李")
            .with_version("age", 37, 1_700_000_000_000)
            .with("photo", [1, 2, 3])
    }

    #[test]
    fn the_law_holds() {
        let pending = ColumnFilter::equal("state", "pending");
        let full = PutRow::new("entries", row())
            .condition(Condition::expect_exist().column(pending))
            .return_content(ReturnContent::after_modify(["visits"]))
            .transaction_id("txn");
        law(&PutRow::new("entries", row()), &Written { consumed: CapacityUnit::new(0, 1), row: None });
        law(&full, &Written { consumed: CapacityUnit::default(), row: Some(row()) });
    }

    #[test]
    fn the_class_follows_from_what_is_put() {
        let numbered = Row::new(PrimaryKey::new().with("id", "e-1").with("n", KeyValue::AutoIncrement));
        assert_eq!(PutRow::new("entries", row()).class(), Class::Idempotent);
        assert_eq!(PutRow::new("entries", row()).condition(Condition::expect_not_exist()).class(), Class::Conditional);
        assert_eq!(PutRow::new("entries", numbered).class(), Class::Once);
    }

    #[test]
    fn a_row_is_the_one_that_was_put_if_it_has_its_columns_and_no_other() {
        let found = |extra: Option<&str>, age: i64| {
            let row = Row::new(row().primary_key)
                .with_version("age", age, 1_700_000_000_000)
                .with_version("name", "李", 1)
                .with_version("photo", [1, 2, 3], 1);
            extra.into_iter().fold(row, |row, name| row.with_version(name, true, 1))
        };
        let put = PutRow::new("entries", row());
        assert!(put.is_in(&found(None, 37)));
        assert!(!put.is_in(&found(None, 38)));
        assert!(!put.is_in(&found(Some("other"), 37)));
        assert!(!put.is_in(&Row::new(row().primary_key).with_version("name", "李", 1)));
        assert!(!put.is_in(&found(None, 37).with_version("age", 36, 1)));
    }

    #[test]
    fn what_cannot_be_a_row_is_not_sent() {
        let service = TableStore::new("http://127.0.0.1:1", "campaign").unwrap();
        let big = vec![0_u8; 6 << 20];
        for bad in [
            PutRow::new("", row()),
            PutRow::new("t".repeat(256), row()),
            PutRow::new("t", Row::default()),
            PutRow::new("t", Row::new(PrimaryKey::new().with("id", KeyValue::InfMin))),
            PutRow::new("t", row().with("big", big)),
        ] {
            assert_eq!(bad.request(&service).unwrap_err().kind(), campaign_client::ErrorKind::Invalid);
        }
    }
}
