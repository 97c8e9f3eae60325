//! The document of an error answer (service document "Error responses").

#[cfg(feature = "server")]
use crate::xml::Writer;
use crate::xml::{Reader, XmlFault};
use chrono::{DateTime, Utc};

/// An error answer is read up to this many bytes.
pub(crate) const MAX_BYTES: usize = 64 << 10;

/// What an error answer says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ErrorBody {
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) request_id: Option<String>,
    /// Where the bucket really is.
    pub(crate) endpoint: Option<String>,
    /// The service's time.
    pub(crate) server_time: Option<DateTime<Utc>>,
}

impl ErrorBody {
    /// True if `body` is the document of an error. What does not begin like one is not looked through.
    pub(crate) fn is_in(body: &[u8]) -> bool {
        let begin = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body).trim_ascii_start();
        (begin.starts_with(b"<?xml") || begin.starts_with(b"<Error")) && Self::read(body).is_ok()
    }

    pub(crate) fn read(document: &[u8]) -> Result<Self, XmlFault> {
        if document.len() > MAX_BYTES {
            return Err(XmlFault::TooLong);
        }
        let mut body = Self::default();
        let mut xml = Reader::open(document, "Error")?;
        while let Some(name) = xml.child()? {
            match name {
                "Code" => body.code = xml.text("Code")?,
                "Message" => body.message = xml.text("Message")?,
                "RequestId" => body.request_id = xml.filled("RequestId")?,
                "Endpoint" => body.endpoint = xml.filled("Endpoint")?,
                // A time that cannot be read corrects no clock, and is no reason to lose the error.
                "ServerTime" => {
                    let time = xml.text("ServerTime")?;
                    body.server_time = DateTime::parse_from_rfc3339(&time).ok().map(|time| time.to_utc());
                }
                _ => xml.skip()?,
            }
        }
        xml.close()?;
        if body.code.is_empty() {
            return Err(XmlFault::Missing("Code"));
        }
        Ok(body)
    }
}

/// The document of an error; `details` are the elements of its code.
#[cfg(feature = "server")]
pub(crate) fn write(code: &str, message: &str, request_id: &str, host: &str, details: &[(&str, String)]) -> String {
    let mut xml = Writer::declared("Error");
    xml.text("Code", code);
    xml.text("Message", message);
    xml.text("RequestId", request_id);
    xml.text("HostId", host);
    for (name, value) in details {
        xml.text(name, value);
    }
    xml.finish()
}
