//! What is found, and why it matters.

use std::fmt;

/// Why a column's values all come to one end of their order, or are too few.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Growth {
    /// The service counts its numbers up (AUTO_INCREMENT).
    AutoIncrement,
    /// Its name is that of a time or a day.
    Time,
    /// Its name is that of ids that begin with their time: ULID, UUID version 7, snowflakes.
    TimeOrderedId,
    /// It is an integer with the name of a number that is counted up.
    Sequence,
    /// Its name is that of something with few values: a state, a country, a campaign.
    FewValues,
}

impl Growth {
    const fn what(self) -> &'static str {
        match self {
            Self::AutoIncrement => "is counted up by the service",
            Self::Time => "has the name of a time",
            Self::TimeOrderedId => "has the name of an id that begins with its time",
            Self::Sequence => "is an integer with the name of a number that is counted up",
            Self::FewValues => "has the name of something with few values",
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::FewValues => {
                "all rows of one value stay in one partition, which cannot be divided and takes some thousands of writes \
                 a second and 10 GB"
            }
            _ => {
                "every new row goes behind all others, so that one partition takes all writes however often the table divides"
            }
        }
    }
}

/// Something in a table's schema that will make it slow or that the service refuses. `Display` says what, why, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Finding {
    /// The first column of the primary key puts the load on one partition.
    HotKey {
        /// The column.
        column: String,
        /// How its values come.
        growth: Growth,
    },
    /// The first column of a global index puts the load of the index on one partition, whatever the key of the table is.
    HotIndex {
        /// The index.
        index: String,
        /// Its first column.
        column: String,
        /// How its values come.
        growth: Growth,
    },
    /// Rows end by their time to live, an index follows them, and single columns can be updated.
    TimeToLiveBesideIndex {
        /// The first index.
        index: String,
    },
}

impl Finding {
    /// Whether it follows from a name only, and so may be wrong. What is no guess follows from the schema.
    #[must_use]
    pub const fn is_guess(&self) -> bool {
        match self {
            Self::HotKey { growth, .. } | Self::HotIndex { growth, .. } => !matches!(growth, Growth::AutoIncrement),
            Self::TimeToLiveBesideIndex { .. } => false,
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::HotKey { column, growth } => write!(
                f,
                "the first key column `{column}` {}: {}; begin the key with a hash of what names the row, and keep this \
                 column behind it",
                growth.what(),
                growth.why()
            ),
            Self::HotIndex { index, column, growth } => write!(
                f,
                "the index `{index}` begins with `{column}`, which {}: in the index, {}; begin it with a column of 16 or \
                 more buckets, and read them side by side",
                growth.what(),
                growth.why()
            ),
            Self::TimeToLiveBesideIndex { index } => write!(
                f,
                "the table has a time to live and the index `{index}`, and allows updates: columns of one row would end at \
                 different times in table and index, which the service refuses; forbid updates \
                 (`allow_update(false)`), or keep rows for ever"
            ),
        }
    }
}
