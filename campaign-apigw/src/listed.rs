//! The headers that a request lists as signed.

use http::{HeaderMap, HeaderValue};

use crate::refusal::Doubt;
use crate::string_to_sign::{Line, is_never_listed};

/// Names in `X-Ca-Signature-Headers`.
const MOST_HEADERS: usize = 100;

/// The value's text, if it is visible ASCII.
pub(crate) fn visible(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    std::str::from_utf8(bytes).ok().filter(|_| bytes.iter().all(u8::is_ascii_graphic))
}

/// The signed headers, sorted by their names as they are listed.
pub(crate) fn lines<'a>(headers: &'a HeaderMap, list: Option<&'a HeaderValue>) -> Result<Vec<Line<'a>>, Doubt> {
    let names = match list {
        // Older documents: without the list X-Ca-Key alone is signed.
        None => "x-ca-key",
        Some(value) => std::str::from_utf8(value.as_bytes()).map_err(|_| Doubt::List)?,
    };
    if let Some(lines) = usual(headers, names) {
        return Ok(lines);
    }
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(8);
    // Names of headers are in lower case here; most clients list them so.
    let mixed = names.bytes().any(|byte| byte.is_ascii_uppercase());
    for name in names.split(',').map(str::trim_ascii).filter(|name| !name.is_empty()) {
        if lines.len() == MOST_HEADERS {
            return Err(Doubt::List);
        }
        lines.push((name, None));
    }
    // One pass: a header that is there twice comes twice, and of a name that is listed twice one stays empty.
    for (name, value) in headers {
        let text = name.as_str();
        let same = |listed: &str| listed == text || mixed && listed.eq_ignore_ascii_case(text);
        match lines.iter_mut().find(|(listed, _)| same(listed)).map(|(_, slot)| slot.replace(value)) {
            Some(None) => {}
            Some(Some(_)) => return Err(Doubt::Repeated(name.clone())),
            // What anybody could add on the way, the gateway must not go by.
            None if text.starts_with("x-ca-") && !is_never_listed(text) => return Err(Doubt::NotSigned(name.clone())),
            None => {}
        }
    }
    if lines.iter().any(|(_, value)| value.is_none()) {
        return Err(Doubt::List);
    }
    lines.sort_unstable_by_key(|(name, _)| *name);
    Ok(lines)
}

/// The same for a list as most clients write it: the gateway's headers that are there, each once, in lower case and
/// sorted, and no other.
fn usual<'a>(headers: &'a HeaderMap, names: &str) -> Option<Vec<Line<'a>>> {
    let mut lines: Vec<Line<'_>> = Vec::with_capacity(8);
    let gateways = headers.iter().map(|(name, value)| (name.as_str(), Some(value)));
    let own = |name: &str| matches!(name, "x-ca-signature" | "x-ca-signature-headers");
    lines.extend(gateways.filter(|(name, _)| name.starts_with("x-ca-") && !own(name)));
    lines.sort_unstable_by_key(|(name, _)| *name);
    let mut rest = names;
    for (place, (name, _)) in lines.iter().enumerate() {
        let repeated = place > 0 && lines[place - 1].0 == *name;
        rest = rest.strip_prefix(name).filter(|_| !repeated)?;
        if place + 1 < lines.len() {
            rest = rest.strip_prefix(',')?;
        }
    }
    rest.is_empty().then_some(lines)
}
