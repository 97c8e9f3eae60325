//! What is refused before it is sent.

use campaign_client::{Error, Result};

use crate::PrimaryKey;

/// The longest name of a table in bytes (service document "Limits").
pub(crate) const MAX_TABLE_NAME_BYTES: usize = 255;

/// A table's name is not empty and not too long. Which characters it may have is the service's to say.
pub(crate) fn check_table_name(name: &str) -> Result<()> {
    if (1..=MAX_TABLE_NAME_BYTES).contains(&name.len()) {
        return Ok(());
    }
    Err(Error::invalid("the name of the table must be 1 to 255 bytes"))
}

/// A key has at least one column.
pub(crate) fn check_key(key: &PrimaryKey) -> Result<()> {
    if key.is_empty() { Err(Error::invalid("the primary key has no column")) } else { Ok(()) }
}
