//! Capacity units: what is reserved for a table and what a call consumed.

use chrono::{DateTime, Utc};

use super::proto;
use crate::{
    WireFault,
    wire::{positive, required},
};

/// Capacity units: reads and writes are counted in units of 4 KB, rounded up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CapacityUnit {
    /// For reading.
    pub read: u32,
    /// For writing.
    pub write: u32,
}

impl CapacityUnit {
    /// So many units for reading and for writing.
    #[must_use]
    pub const fn new(read: u32, write: u32) -> Self {
        Self { read, write }
    }

    /// The message that holds nothing but these units.
    pub(crate) fn to_capacity(self) -> proto::Capacity {
        proto::Capacity { capacity_unit: Some(self.to_wire()) }
    }

    /// Reads a required message that holds these units.
    pub(crate) fn from_capacity(message: Option<proto::Capacity>, field: &'static str) -> Result<Self, WireFault> {
        Self::from_wire(required(message, field)?.capacity_unit)
    }

    pub(crate) fn to_wire(self) -> proto::CapacityUnit {
        proto::CapacityUnit { read: Some(number(self.read)), write: Some(number(self.write)) }
    }

    fn from_wire(message: Option<proto::CapacityUnit>) -> Result<Self, WireFault> {
        let message = required(message, "capacity_unit")?;
        Ok(Self {
            read: positive(message.read.unwrap_or(0), "capacity_unit.read")?,
            write: positive(message.write.unwrap_or(0), "capacity_unit.write")?,
        })
    }
}

/// Units as the wire has them. A reservation is at most 100,000.
pub(crate) fn number(units: u32) -> i32 {
    i32::try_from(units).unwrap_or(i32::MAX)
}

/// What is reserved for a table and when that was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReservedThroughputDetails {
    /// What is reserved.
    pub capacity_unit: CapacityUnit,
    /// When it was raised last, or the table was made; to the second.
    pub last_increase_time: DateTime<Utc>,
    /// When it was lowered last, if it was; to the second.
    pub last_decrease_time: Option<DateTime<Utc>>,
}

impl ReservedThroughputDetails {
    #[cfg(feature = "server")]
    pub(crate) fn to_wire(self) -> proto::ReservedThroughputDetails {
        proto::ReservedThroughputDetails {
            capacity_unit: Some(self.capacity_unit.to_wire()),
            last_increase_time: Some(self.last_increase_time.timestamp()),
            last_decrease_time: self.last_decrease_time.map(|time| time.timestamp()),
        }
    }

    pub(crate) fn from_wire(message: proto::ReservedThroughputDetails) -> Result<Self, WireFault> {
        let time = |seconds: i64, field| {
            DateTime::from_timestamp(seconds, 0).ok_or(WireFault::OutOfRange { field, value: seconds })
        };
        let increased = required(message.last_increase_time, "last_increase_time")?;
        Ok(Self {
            capacity_unit: CapacityUnit::from_wire(message.capacity_unit)?,
            last_increase_time: time(increased, "last_increase_time")?,
            last_decrease_time: message.last_decrease_time.map(|s| time(s, "last_decrease_time")).transpose()?,
        })
    }
}
