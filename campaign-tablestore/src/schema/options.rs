//! How long and how often a table keeps values.

use std::time::Duration;

use super::proto;
use crate::WireFault;

/// The shortest life of a version, unless it is kept for ever (service document "General limits").
pub const MIN_TIME_TO_LIVE: Duration = Duration::from_secs(86_400);

/// `time_to_live` of a table that keeps its versions for ever.
const FOREVER: i32 = -1;

/// How a table keeps the versions of its columns (service document "CreateTable", "TableOptions"). What is `None` is left to the service or, in a change, as it is.
///
/// ```
/// use std::time::Duration;
/// use campaign_tablestore::schema::TableOptions;
///
/// let options = TableOptions::default().time_to_live(Duration::from_secs(400 * 86_400));
/// assert_eq!(options.time_to_live, Some(34_560_000));
/// assert_eq!(options.max_versions, Some(1));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableOptions {
    /// Seconds that a version is kept, at least [`MIN_TIME_TO_LIVE`]; -1 keeps it for ever.
    pub time_to_live: Option<i32>,
    /// How many versions of a column are kept, at least 1.
    pub max_versions: Option<i32>,
    /// Seconds that the version of a written cell may differ from the service's clock. The service's default is a day.
    pub deviation_cell_version_in_sec: Option<i64>,
    /// Whether UpdateRow is allowed.
    pub allow_update: Option<bool>,
    /// Whether an update writes the whole row again.
    pub update_full_row: Option<bool>,
}

impl Default for TableOptions {
    /// One version, for ever.
    fn default() -> Self {
        Self { time_to_live: Some(FOREVER), max_versions: Some(1), ..Self::unset() }
    }
}

impl TableOptions {
    /// Nothing said.
    #[must_use]
    pub const fn unset() -> Self {
        Self {
            time_to_live: None,
            max_versions: None,
            deviation_cell_version_in_sec: None,
            allow_update: None,
            update_full_row: None,
        }
    }

    /// The same keeping versions for `life`, in whole seconds, at most 68 years.
    #[must_use]
    pub fn time_to_live(mut self, life: Duration) -> Self {
        self.time_to_live = Some(i32::try_from(life.as_secs()).unwrap_or(i32::MAX));
        self
    }

    /// The same keeping this many versions of a column.
    #[must_use]
    pub const fn max_versions(mut self, versions: i32) -> Self {
        self.max_versions = Some(versions);
        self
    }

    /// The same with another allowed deviation of written versions, in seconds.
    #[must_use]
    pub const fn deviation_cell_version_in_sec(mut self, seconds: i64) -> Self {
        self.deviation_cell_version_in_sec = Some(seconds);
        self
    }

    /// The same allowing UpdateRow or not.
    #[must_use]
    pub const fn allow_update(mut self, allow: bool) -> Self {
        self.allow_update = Some(allow);
        self
    }

    pub(crate) const fn to_wire(&self) -> proto::TableOptions {
        proto::TableOptions {
            time_to_live: self.time_to_live,
            max_versions: self.max_versions,
            deviation_cell_version_in_sec: self.deviation_cell_version_in_sec,
            allow_update: self.allow_update,
            update_full_row: self.update_full_row,
        }
    }

    pub(crate) fn from_wire(message: &proto::TableOptions) -> Result<Self, WireFault> {
        let range = |field, value: Option<i64>, least: i64| match value {
            Some(value) if value < least => Err(WireFault::OutOfRange { field, value }),
            _ => Ok(()),
        };
        range("time_to_live", message.time_to_live.map(i64::from), FOREVER.into())?;
        range("max_versions", message.max_versions.map(i64::from), 0)?;
        range("deviation_cell_version_in_sec", message.deviation_cell_version_in_sec, 0)?;
        Ok(Self {
            time_to_live: message.time_to_live,
            max_versions: message.max_versions,
            deviation_cell_version_in_sec: message.deviation_cell_version_in_sec,
            allow_update: message.allow_update,
            update_full_row: message.update_full_row,
        })
    }
}
