//! [`Head`]: the headers that a signature goes by, found in one pass.

use http::{HeaderMap, HeaderName, HeaderValue};

/// The headers that signing and verifying look at by name.
#[derive(Debug, Default)]
pub(crate) struct Head<'a> {
    pub(crate) key: Option<&'a HeaderValue>,
    pub(crate) signature: Option<&'a HeaderValue>,
    pub(crate) list: Option<&'a HeaderValue>,
    pub(crate) method: Option<&'a HeaderValue>,
    pub(crate) timestamp: Option<&'a HeaderValue>,
    pub(crate) nonce: Option<&'a HeaderValue>,
    /// `Accept`, `Content-MD5`, `Content-Type`, `Date`: signed without being listed, in this order.
    pub(crate) fixed: [Option<&'a HeaderValue>; 4],
    /// The gateway's headers are not only those above.
    pub(crate) others: bool,
    /// One of these that is there more than once.
    pub(crate) repeated: Option<&'a HeaderName>,
}

impl<'a> Head<'a> {
    pub(crate) fn read(headers: &'a HeaderMap) -> Self {
        let mut head = Self::default();
        // A header that is there twice comes twice.
        for (name, value) in headers {
            let text = name.as_str();
            // The length tells nearly all apart.
            let slot = match text.len() {
                4 if text == "date" => &mut head.fixed[3],
                6 if text == "accept" => &mut head.fixed[0],
                8 if text == "x-ca-key" => &mut head.key,
                10 if text == "x-ca-nonce" => &mut head.nonce,
                11 if text == "content-md5" => &mut head.fixed[1],
                12 if text == "content-type" => &mut head.fixed[2],
                14 if text == "x-ca-signature" => &mut head.signature,
                14 if text == "x-ca-timestamp" => &mut head.timestamp,
                21 if text == "x-ca-signature-method" => &mut head.method,
                22 if text == "x-ca-signature-headers" => &mut head.list,
                _ => {
                    head.others |= text.starts_with("x-ca-");
                    continue;
                }
            };
            if slot.is_some() {
                head.repeated = Some(name);
            } else {
                *slot = Some(value);
            }
        }
        head
    }

    pub(crate) fn content_md5(&self) -> Option<&'a HeaderValue> {
        self.fixed[1]
    }

    /// True for a body whose parameters are signed: `application/x-www-form-urlencoded`, whatever follows.
    pub(crate) fn is_form(&self) -> bool {
        const FORM: &[u8] = b"application/x-www-form-urlencoded";
        let kind = self.fixed[2].map(|value| value.as_bytes().trim_ascii_start()).unwrap_or_default();
        kind.get(..FORM.len()).is_some_and(|start| start.eq_ignore_ascii_case(FORM))
    }
}
