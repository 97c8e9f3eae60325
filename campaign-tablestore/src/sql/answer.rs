//! The rows of an answer.

use campaign_client::Result;
use serde::de::DeserializeOwned;

use crate::{Column, EntityError, Name, PrimaryKey, Row, Value, from_row};

/// The rows that a query answers, column by column as the service sends them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SqlRows {
    /// The columns in the order of the query; all have as many values.
    pub columns: Vec<SqlColumn>,
}

/// A column of [`SqlRows`].
#[derive(Debug, Clone, PartialEq)]
pub struct SqlColumn {
    /// The name.
    pub name: Name,
    /// The value in each row; `None` is NULL.
    pub values: Vec<Option<Value>>,
}

impl SqlRows {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.columns.first().map_or(0, |column| column.values.len())
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rows, each with its columns that are not NULL. They have no primary key: a query need not ask for it.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        (0..self.len()).map(|index| {
            let columns = self.columns.iter().filter_map(|column| {
                let value = column.values.get(index)?.clone()?;
                Some(Column { name: column.name.clone(), value, timestamp: None })
            });
            Row { primary_key: PrimaryKey::new(), columns: columns.collect() }
        })
    }

    /// The rows as values of a type; NULL is a `None`.
    ///
    /// # Errors
    /// [`ErrorKind::Unreadable`](campaign_client::ErrorKind::Unreadable) if one does not fit the type; the source names the
    /// column.
    pub fn rows_as<T: DeserializeOwned>(&self) -> Result<Vec<T>> {
        self.rows().map(|row| from_row(&row).map_err(EntityError::unreadable)).collect()
    }
}
