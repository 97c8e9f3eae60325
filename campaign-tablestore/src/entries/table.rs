//! The table that holds entries.

use std::time::Duration;

use campaign_client::{Error, ErrorKind, Result};

use super::{EntryTable, row};
use crate::{
    Code, CreateTable, DescribeTable,
    schema::{KeyType, MIN_TIME_TO_LIVE, TableMeta, TableOptions},
};

impl EntryTable {
    /// Makes the table, if there is none: one text column as primary key, one version of each value, kept for `retention`
    /// (at least a day). That it is there already is fine if it is such a table.
    ///
    /// It can be used some seconds later; the client waits for it.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] if `retention` is too short, [`ErrorKind::Conflict`] if there is another kind of table under
    /// this name, and what the calls fail with.
    pub async fn create(&self, retention: Duration) -> Result<()> {
        if retention < MIN_TIME_TO_LIVE {
            return Err(Error::invalid("retention must be at least a day"));
        }
        let wanted = CreateTable::new(TableMeta::new(self.table_name()).key(row::KEY.as_str(), KeyType::String))
            .table_options(TableOptions::default().time_to_live(retention));
        match self.client.send(&wanted).await {
            Err(error) if Code::of(&error) == Some(Code::ObjectAlreadyExist) => {}
            other => return other,
        }
        let found = self.client.send(&DescribeTable::new(self.table_name())).await?;
        let (meta, options) = (&found.table_meta, &found.table_options);
        if meta.primary_key != wanted.table_meta.primary_key || options.max_versions != Some(1) {
            return Err(differs("its primary key is not one text column k, or it keeps several versions"));
        }
        if options.time_to_live != wanted.table_options.time_to_live {
            return Err(differs("it keeps its rows for another time"));
        }
        Ok(())
    }
}

fn differs(how: &str) -> Error {
    Error::new(ErrorKind::Conflict).with_message(format!("there is another table under this name: {how}"))
}
