//! [`explain`]: why a signature was refused, told from the string that the gateway sent back.

use std::fmt;

use http::{HeaderMap, Method, Uri};

use crate::string_to_sign::string_to_sign;
use crate::{ParameterFault, header};

/// Characters of a line that are shown.
const SHOWN: usize = 120;

/// Why a signature was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Explanation {
    /// Both sides signed the same text: the AppSecret is wrong (or the signature method is).
    WrongSecret,
    /// The texts differ.
    Different {
        /// The first line that differs, from 1.
        line: usize,
        /// What stands in that line, for example `Content-MD5`.
        part: String,
        /// The line as it was signed here; of parameters and headers of your own only the length.
        ours: String,
        /// The line as the gateway computed it; of parameters and headers of your own only the length.
        theirs: String,
    },
    /// The message holds no string to sign.
    NotTold,
}

/// Says why a signature was refused. `ours` is the [`string_to_sign`] (of a request that was signed:
/// [`signed_string`]), `message` the `X-Ca-Error-Message` of the answer.
///
/// The gateway writes every line feed as `#`, so a `#` in a value may count as one. Values of
/// parameters, and of headers other than the gateway's, are not shown, only how long they are: they may
/// be secrets or somebody's data.
///
/// ```
/// use campaign_apigw::{Explanation, explain};
///
/// let message = "Invalid Signature, Server StringToSign:`GET#*/*####/v1/me?a=1`";
/// assert_eq!(explain(b"GET\n*/*\n\n\n\n/v1/me?a=1", message), Explanation::WrongSecret);
/// let explained = explain(b"GET\n\n\n\n\n/v1/me?a=1", message);
/// assert_eq!(explained.to_string(), "line 2, Accept: signed ``, the gateway computed `*/*`");
/// ```
#[must_use]
pub fn explain(ours: &[u8], message: &str) -> Explanation {
    let Some(theirs) = server_string(message) else { return Explanation::NotTold };
    let ours = String::from_utf8_lossy(ours).replace('\n', "#");
    if ours == theirs {
        return Explanation::WrongSecret;
    }
    let mut lines = ours.split('#').zip(theirs.split('#')).enumerate();
    let found = lines.find(|(_, (ours, theirs))| ours != theirs);
    let (index, (our_line, their_line)) = found.unwrap_or_else(|| {
        // One is the other's beginning.
        let count = ours.split('#').count().min(theirs.split('#').count());
        (count, (ours.split('#').nth(count).unwrap_or(""), theirs.split('#').nth(count).unwrap_or("")))
    });
    let (part, ours, theirs) = part(index, our_line, their_line);
    Explanation::Different { line: index + 1, part, ours, theirs }
}

/// The text that was signed for a request that carries its signature: with the headers that it lists.
///
/// # Errors
/// [`ParameterFault::TooMany`].
pub fn signed_string(method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<Vec<u8>, ParameterFault> {
    let list = headers.get(header::SIGNATURE_HEADERS).and_then(|list| list.to_str().ok()).unwrap_or_default();
    let names: Vec<&str> = list.split(',').map(str::trim).filter(|name| !name.is_empty()).collect();
    string_to_sign(method, uri, headers, &names, body)
}

/// The string to sign in a message, with `#` for line feeds.
pub(crate) fn server_string(message: &str) -> Option<&str> {
    let (_, rest) = message.split_once("StringToSign:")?;
    let rest = rest.trim();
    let rest = rest.strip_prefix('`').unwrap_or(rest);
    Some(rest.strip_suffix('`').unwrap_or(rest))
}

/// What stands in a line, and both sides of it as they may be shown.
fn part(index: usize, ours: &str, theirs: &str) -> (String, String, String) {
    let fixed = ["method", "Accept", "Content-MD5", "Content-Type", "Date"];
    if let Some(name) = fixed.get(index) {
        return ((*name).to_owned(), shown(ours), shown(theirs));
    }
    let name = |line: &str| {
        let (name, _) = line.split_once(':').filter(|(name, _)| !name.contains(['/', '?']))?;
        Some(name.to_owned())
    };
    let (our_name, their_name) = (name(ours), name(theirs));
    let Some(header) = our_name.clone().or(their_name.clone()) else { return parameters(ours, theirs) };
    let gateways = |name: &Option<String>| {
        name.as_deref().is_none_or(|name| name.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("x-ca-")))
    };
    let known = gateways(&our_name) && gateways(&their_name);
    // The other side may be at its parameters already.
    let show = |line: &str| if known { shown(path(line)) } else { format!("{} bytes", line.len()) };
    (shown(&format!("header {header}")), show(ours), show(theirs))
}

/// The last line: the path, or else the first parameter that differs.
fn parameters(ours: &str, theirs: &str) -> (String, String, String) {
    if path(ours) != path(theirs) {
        return ("path".to_owned(), shown(path(ours)), shown(path(theirs)));
    }
    let list = |line: &str| -> Vec<String> {
        let query = line.split_once('?').map_or("", |(_, query)| query);
        query.split('&').map(str::to_owned).collect()
    };
    let (ours, theirs) = (list(ours), list(theirs));
    let pairs = (0..ours.len().max(theirs.len())).map(|at| (ours.get(at), theirs.get(at)));
    let (ours, theirs) = pairs.into_iter().find(|(ours, theirs)| ours != theirs).unwrap_or_default();
    let show = |parameter: Option<&String>| match parameter.map(|text| text.split_once('=').unwrap_or((text, ""))) {
        None | Some(("", "")) => "nothing".to_owned(),
        Some((name, value)) => format!("{} of {} bytes", shown(name), value.len()),
    };
    ("parameters".to_owned(), show(ours), show(theirs))
}

fn path(line: &str) -> &str {
    line.split_once('?').map_or(line, |(path, _)| path)
}

/// One line without power over a terminal, cut short.
fn shown(line: &str) -> String {
    let cut: String = line.chars().take(SHOWN).flat_map(char::escape_debug).collect();
    if line.chars().nth(SHOWN).is_some() { format!("{cut}…") } else { cut }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::WrongSecret => f.write_str(
                "the gateway signed the same text with another result: the AppSecret is wrong, or not this AppKey's",
            ),
            Self::Different { line, part, ours, theirs } => {
                write!(f, "line {line}, {part}: signed `{ours}`, the gateway computed `{theirs}`")
            }
            Self::NotTold => f.write_str("the gateway did not say what it signed"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: &str = "POST\n*/*\nmd5\njson\n\ntoken:canary\nx-ca-key:1\nx-ca-nonce:n\n/v1/a?b=c";

    fn told(theirs: &str) -> String {
        explain(OURS.as_bytes(), &format!("Invalid Signature, Server StringToSign:`{}`", theirs.replace('\n', "#")))
            .to_string()
    }

    #[test]
    fn equal_texts_mean_that_the_secret_is_wrong() {
        assert!(told(OURS).contains("AppSecret is wrong"));
        // A number sign in a value looks like a line feed on both sides.
        let ours = b"GET\n\n\n\n\n/a?b=#";
        assert_eq!(explain(ours, "Server StringToSign:`GET#####/a?b=#`"), Explanation::WrongSecret);
    }

    #[test]
    fn the_first_difference_is_named() {
        for (from, to, expected) in [
            ("POST", "PUT", "line 1, method: signed `POST`, the gateway computed `PUT`"),
            ("md5", "", "line 3, Content-MD5: signed `md5`, the gateway computed ``"),
            ("key:1", "key:2", "line 7, header x-ca-key: signed `x-ca-key:1`, the gateway computed `x-ca-key:2`"),
            ("x-ca-nonce:n\n", "", "line 8, header x-ca-nonce: signed `x-ca-nonce:n`, the gateway computed `/v1/a`"),
            ("/v1/a", "/v1/b", "line 9, path: signed `/v1/a`, the gateway computed `/v1/b`"),
            ("b=c", "b=de", "line 9, parameters: signed `b of 1 bytes`, the gateway computed `b of 2 bytes`"),
            ("?b=c", "", "line 9, parameters: signed `b of 1 bytes`, the gateway computed `nothing`"),
            ("b=c", "b=c&d", "line 9, parameters: signed `nothing`, the gateway computed `d of 0 bytes`"),
        ] {
            assert_eq!(told(&OURS.replacen(from, to, 1)), expected);
        }
        let shorter = told(OURS.strip_suffix("\n/v1/a?b=c").unwrap());
        assert_eq!(shorter, "line 9, path: signed `/v1/a`, the gateway computed ``");
    }

    #[test]
    fn a_value_that_may_be_a_secret_is_not_shown() {
        let explained = told(&OURS.replace("canary", "c"));
        assert_eq!(explained, "line 6, header token: signed `12 bytes`, the gateway computed `7 bytes`");
        assert!(!format!("{explained:?}").contains("canary"));
    }

    #[test]
    fn a_message_without_a_string_and_one_of_a_hostile_server_do_no_harm() {
        assert_eq!(explain(OURS.as_bytes(), "Invalid Signature"), Explanation::NotTold);
        assert_eq!(explain(b"", ""), Explanation::NotTold);
        let hostile = told(&format!("POST\n\u{1b}[2J{}", "x".repeat(10_000)));
        assert!(!hostile.contains('\u{1b}') && hostile.len() < 1000, "{hostile}");
    }
}
