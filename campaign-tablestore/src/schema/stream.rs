//! The stream of a table's changes, and its encryption at rest.

use bytes::Bytes;

use super::proto;
use crate::{
    WireFault,
    wire::{enumeration, positive, required},
};

/// Whether a table keeps a stream of its changes, which [`StreamReader`](crate::StreamReader) reads (service document
/// "CreateTable", "StreamSpecification").
///
/// ```
/// use campaign_tablestore::UpdateTable;
/// use campaign_tablestore::schema::StreamSpecification;
///
/// let on = UpdateTable::new("orders").stream_spec(StreamSpecification::enabled(24));
/// let off = UpdateTable::new("orders").stream_spec(StreamSpecification::disabled());
/// # let _ = (on, off);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StreamSpecification {
    /// Whether it does.
    pub enable_stream: bool,
    /// How long changes are kept: 1 to 168 hours.
    pub expiration_hours: Option<u32>,
    /// Columns whose old values a change shows.
    pub columns_to_get: Vec<String>,
}

impl StreamSpecification {
    /// A stream whose changes are kept for so many hours, 1 to 168.
    #[must_use]
    pub fn enabled(expiration_hours: u32) -> Self {
        Self { enable_stream: true, expiration_hours: Some(expiration_hours), columns_to_get: Vec::new() }
    }

    /// No stream; the one that is there goes with its changes.
    #[must_use]
    pub fn disabled() -> Self {
        Self::default()
    }

    /// The same whose changes show what these columns held before.
    #[must_use]
    pub fn columns_to_get<I>(mut self, names: I) -> Self
    where
        I: IntoIterator<Item: Into<String>>,
    {
        self.columns_to_get = names.into_iter().map(Into::into).collect();
        self
    }

    pub(crate) fn to_wire(&self) -> proto::StreamSpecification {
        proto::StreamSpecification {
            enable_stream: Some(self.enable_stream),
            expiration_time: self.expiration_hours.map(|hours| i32::try_from(hours).unwrap_or(i32::MAX)),
            columns_to_get: self.columns_to_get.clone(),
        }
    }

    #[cfg(feature = "server")]
    pub(crate) fn from_wire(message: proto::StreamSpecification) -> Result<Self, WireFault> {
        Ok(Self {
            enable_stream: required(message.enable_stream, "enable_stream")?,
            expiration_hours: message.expiration_time.map(|hours| positive(hours, "expiration_time")).transpose()?,
            columns_to_get: message.columns_to_get,
        })
    }
}

/// The stream of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamDetails {
    /// Whether there is one.
    pub enable_stream: bool,
    /// Its id.
    pub stream_id: Option<String>,
    /// How long changes are kept, in hours.
    pub expiration_hours: Option<u32>,
    /// When it was switched on last, as the service's number.
    pub last_enable_time: Option<i64>,
    /// Columns whose old values a change shows.
    pub columns_to_get: Vec<String>,
}

impl StreamDetails {
    #[cfg(feature = "server")]
    pub(crate) fn to_wire(&self) -> proto::StreamDetails {
        proto::StreamDetails {
            enable_stream: Some(self.enable_stream),
            stream_id: self.stream_id.clone(),
            expiration_time: self.expiration_hours.map(|hours| i32::try_from(hours).unwrap_or(i32::MAX)),
            last_enable_time: self.last_enable_time,
            columns_to_get: self.columns_to_get.clone(),
        }
    }

    pub(crate) fn from_wire(message: proto::StreamDetails) -> Result<Self, WireFault> {
        Ok(Self {
            enable_stream: required(message.enable_stream, "enable_stream")?,
            stream_id: message.stream_id,
            expiration_hours: message.expiration_time.map(|hours| positive(hours, "expiration_time")).transpose()?,
            last_enable_time: message.last_enable_time,
            columns_to_get: message.columns_to_get,
        })
    }
}

enumeration! {
    /// Whose key encrypts a table.
    #[non_exhaustive]
    pub enum SseKeyType {
        /// The service's own key in the key management service.
        KmsService = 1,
        /// A key of the caller.
        Byok = 2,
    }
}

/// How a table is encrypted at rest; asked for in CreateTable ("SSESpecification") and told by DescribeTable ("SSEDetails").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SseDetails {
    /// Whether it is.
    pub enable: bool,
    /// Whose key it is.
    pub key_type: Option<SseKeyType>,
    /// The id of the caller's key.
    pub key_id: Option<Bytes>,
    /// The role that may use the caller's key.
    pub role_arn: Option<Bytes>,
}

impl SseDetails {
    pub(crate) fn to_wire(&self) -> proto::Sse {
        proto::Sse {
            enable: Some(self.enable),
            key_type: self.key_type.map(SseKeyType::number),
            key_id: self.key_id.clone(),
            role_arn: self.role_arn.clone(),
        }
    }

    pub(crate) fn from_wire(message: proto::Sse) -> Result<Self, WireFault> {
        Ok(Self {
            enable: required(message.enable, "sse.enable")?,
            key_type: message.key_type.map(|kind| SseKeyType::from_number(kind, "sse.key_type")).transpose()?,
            key_id: message.key_id,
            role_arn: message.role_arn,
        })
    }
}
