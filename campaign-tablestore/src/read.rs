//! What GetRow, GetRange and BatchGetRow have in common: which columns and versions they return.

use prost::Message;

use crate::Filter;
#[cfg(feature = "server")]
use crate::{Name, WireFault};

/// Which versions of a column are returned, by their timestamps in milliseconds since 1970-01-01 UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeRange {
    /// Versions from `start` up to, not including, `end`.
    Between {
        /// The first timestamp.
        start: i64,
        /// The timestamp after the last.
        end: i64,
    },
    /// The one version of this timestamp.
    At(i64),
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct WireTimeRange {
    #[prost(int64, optional, tag = "1")]
    start_time: Option<i64>,
    #[prost(int64, optional, tag = "2")]
    end_time: Option<i64>,
    #[prost(int64, optional, tag = "3")]
    specific_time: Option<i64>,
}

impl TimeRange {
    pub(crate) const fn to_wire(self) -> WireTimeRange {
        match self {
            Self::Between { start, end } => {
                WireTimeRange { start_time: Some(start), end_time: Some(end), specific_time: None }
            }
            Self::At(time) => WireTimeRange { start_time: None, end_time: None, specific_time: Some(time) },
        }
    }

    #[cfg(feature = "server")]
    pub(crate) const fn from_wire(message: &WireTimeRange) -> Result<Self, WireFault> {
        match (message.specific_time, message.start_time, message.end_time) {
            (Some(time), None, None) => Ok(Self::At(time)),
            (None, Some(start), Some(end)) => Ok(Self::Between { start, end }),
            _ => Err(WireFault::Contradiction("a time range is a start and an end, or one time")),
        }
    }
}

/// The names in a request.
#[cfg(feature = "server")]
pub(crate) fn names(names: Vec<String>) -> Vec<Name> {
    names.into_iter().map(Name::from).collect()
}

/// The bytes of a filter in a request.
pub(crate) fn filter_bytes(filter: Option<&Filter>) -> campaign_client::Result<Option<Vec<u8>>> {
    filter
        .map(Filter::encode)
        .transpose()
        .map_err(|e| campaign_client::Error::invalid("the filter cannot be sent").with_source(e))
}

/// The setters that GetRow, GetRange and BatchGetRow share.
macro_rules! wanted_setters {
    () => {
        /// The same returning this column; without any, all are returned. Naming a column that a row lacks is fine.
        #[must_use]
        pub fn column(mut self, name: impl Into<$crate::Name>) -> Self {
            self.columns_to_get.push(name.into());
            self
        }

        /// The same returning these columns as well.
        #[must_use]
        pub fn columns<N: Into<$crate::Name>>(mut self, names: impl IntoIterator<Item = N>) -> Self {
            self.columns_to_get.extend(names.into_iter().map(Into::into));
            self
        }

        /// The same returning up to this many versions of each column, newest first.
        #[must_use]
        pub fn max_versions(mut self, versions: u32) -> Self {
            self.max_versions = Some(versions);
            self
        }

        /// The same returning the versions of this time only. [`TimeRange::At`](crate::TimeRange::At) clears
        /// `max_versions`: the service does not take a number beside one time.
        #[must_use]
        pub fn time_range(mut self, range: $crate::TimeRange) -> Self {
            if matches!(range, $crate::TimeRange::At(_)) {
                self.max_versions = None;
            }
            self.time_range = Some(range);
            self
        }

        /// The same returning only what passes the filter.
        #[must_use]
        pub fn filter(mut self, filter: impl Into<$crate::Filter>) -> Self {
            self.filter = Some(filter.into());
            self
        }

        /// The same returning columns from this name on, inclusive.
        #[must_use]
        pub fn start_column(mut self, name: impl Into<$crate::Name>) -> Self {
            self.start_column = Some(name.into());
            self
        }

        /// The same returning columns up to this name, exclusive.
        #[must_use]
        pub fn end_column(mut self, name: impl Into<$crate::Name>) -> Self {
            self.end_column = Some(name.into());
            self
        }

        /// Refuses a read that says nothing of versions, as the service does.
        fn check_versions(&self) -> campaign_client::Result<()> {
            if self.max_versions.is_none() && self.time_range.is_none() {
                return Err(campaign_client::Error::invalid("a read must say max_versions or time_range"));
            }
            if self.max_versions.is_some_and(|versions| versions == 0 || i32::try_from(versions).is_err()) {
                return Err(campaign_client::Error::invalid("max_versions must be 1 to 2147483647"));
            }
            Ok(())
        }
    };
}

pub(crate) use wanted_setters;

/// The setters that GetRow and GetRange share.
macro_rules! read_setters {
    () => {
        $crate::read::wanted_setters!();

        /// The same going on in a wide row where an answer's `next_token` says.
        #[must_use]
        pub fn token(mut self, token: impl Into<$crate::Token>) -> Self {
            self.token = Some(token.into());
            self
        }

        /// The same inside a transaction.
        #[must_use]
        pub fn transaction_id(mut self, id: impl Into<String>) -> Self {
            self.transaction_id = Some(id.into());
            self
        }
    };
}

pub(crate) use read_setters;
