//! The message that every error answer is.

use prost::Message;

use crate::Code;

/// `Error` of the protocol. The detail of a refused permission is skipped; its text is in the message.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct ErrorMessage {
    #[prost(string, optional, tag = "1")]
    pub(crate) code: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) message: Option<String>,
}

impl ErrorMessage {
    /// Reads `body` if it is such a message with a code that could be one.
    pub(crate) fn read(body: &[u8]) -> Option<(String, String)> {
        let message = Self::decode(body).ok()?;
        let code = message.code.filter(|code| is_code(code))?;
        Some((code, message.message.unwrap_or_default()))
    }

    /// True if the body of a successful answer is an error all the same. No answer of the service begins with a code and has
    /// a second text, save one that is an error. (BulkImport's begins with the name of the table, and its rows may pass for
    /// text.)
    pub(crate) fn is_in(body: &[u8]) -> bool {
        let known = |code: String| Code::from_text(&code) != Code::Other;
        matches!(body, [0x0a, _, b'O', b'T', b'S', ..])
            && Self::decode(body).is_ok_and(|m| m.message.is_some() && m.code.is_some_and(known))
    }
}

fn is_code(text: &str) -> bool {
    (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(code: &str, message: Option<&str>) -> Vec<u8> {
        ErrorMessage { code: Some(code.to_owned()), message: message.map(str::to_owned) }.encode_to_vec()
    }

    #[test]
    fn an_error_is_read_and_unknown_fields_are_skipped() {
        let mut bytes = vec![0xf8, 0x07, 0x01];
        bytes.extend(written("OTSServerBusy", None));
        assert_eq!(ErrorMessage::read(&bytes), Some(("OTSServerBusy".to_owned(), String::new())));
    }

    #[test]
    fn a_page_of_a_proxy_is_no_error_message() {
        for bytes in [b"<html>502</html>".as_slice(), b"", b"{}", b"\x0a\x02\xff\xfe", &written("no code!", None)] {
            assert_eq!(ErrorMessage::read(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn an_error_in_a_successful_answer_is_told_from_a_list_of_tables() {
        assert!(ErrorMessage::is_in(&written("OTSInternalServerError", Some("Internal server error."))));
        assert!(!ErrorMessage::is_in(&written("OTSInternalServerError", None)), "a table may have that name");
        assert!(!ErrorMessage::is_in(&written("OTSdata", Some("\u{8}\u{1}"))), "BulkImport into a table of that name");
        assert!(!ErrorMessage::is_in(b""));
    }
}
