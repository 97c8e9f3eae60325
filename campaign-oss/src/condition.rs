//! What must hold for an object to be read (service document "GetObject", conditional headers).

use campaign_client::Result;
use chrono::{DateTime, Utc};
use http::{HeaderMap, header};

use crate::{ETag, wire};

/// Conditions of a read. One that does not hold is an error: [`Code::NotModified`](crate::Code::NotModified) or
/// [`Code::PreconditionFailed`](crate::Code::PreconditionFailed).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Conditions {
    /// The object has this tag; else `PreconditionFailed`.
    pub if_match: Option<ETag>,
    /// The object has another tag; else `NotModified`.
    pub if_none_match: Option<ETag>,
    /// The object was written after this second; else `NotModified`.
    pub if_modified_since: Option<DateTime<Utc>>,
    /// The object was not written after this second; else `PreconditionFailed`.
    pub if_unmodified_since: Option<DateTime<Utc>>,
}

impl Conditions {
    pub(crate) fn write(&self, headers: &mut HeaderMap) -> Result<()> {
        for (name, tag) in [(header::IF_MATCH, &self.if_match), (header::IF_NONE_MATCH, &self.if_none_match)] {
            wire::maybe(headers, name, tag.as_ref().map(ETag::to_string).as_deref())?;
        }
        for (name, at) in [
            (header::IF_MODIFIED_SINCE, self.if_modified_since),
            (header::IF_UNMODIFIED_SINCE, self.if_unmodified_since),
        ] {
            if let Some(at) = at {
                wire::set_date(headers, name, at);
            }
        }
        Ok(())
    }

    /// A date that is none counts as not there (RFC 9110 §13.1.3).
    #[cfg(feature = "server")]
    pub(crate) fn read(headers: &HeaderMap) -> Self {
        let tag = |name| wire::get(headers, &name).map(ETag::new);
        Self {
            if_match: tag(header::IF_MATCH),
            if_none_match: tag(header::IF_NONE_MATCH),
            if_modified_since: wire::get_date(headers, &header::IF_MODIFIED_SINCE),
            if_unmodified_since: wire::get_date(headers, &header::IF_UNMODIFIED_SINCE),
        }
    }
}

/// The setters of a call with the fields `conditions` and `version_id`.
macro_rules! read_setters {
    () => {
        /// Reads only the object with this tag; another fails with [`Code::PreconditionFailed`](crate::Code).
        #[must_use]
        pub fn if_match(mut self, tag: crate::ETag) -> Self {
            self.conditions.if_match = Some(tag);
            self
        }

        /// Reads only an object with another tag; this one fails with [`Code::NotModified`](crate::Code).
        #[must_use]
        pub fn if_none_match(mut self, tag: crate::ETag) -> Self {
            self.conditions.if_none_match = Some(tag);
            self
        }

        /// Reads only an object that was written after this second; another fails with
        /// [`Code::NotModified`](crate::Code).
        #[must_use]
        pub fn if_modified_since(mut self, at: chrono::DateTime<chrono::Utc>) -> Self {
            self.conditions.if_modified_since = Some(at);
            self
        }

        /// Reads only an object that was not written after this second; another fails with
        /// [`Code::PreconditionFailed`](crate::Code).
        #[must_use]
        pub fn if_unmodified_since(mut self, at: chrono::DateTime<chrono::Utc>) -> Self {
            self.conditions.if_unmodified_since = Some(at);
            self
        }

        /// Reads this version, in a bucket that keeps versions.
        #[must_use]
        pub fn version_id(mut self, id: impl Into<String>) -> Self {
            self.version_id = Some(id.into());
            self
        }
    };
}
pub(crate) use read_setters;
