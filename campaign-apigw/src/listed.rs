//! The headers that a request lists as signed.

use std::ops::Deref;

use http::{HeaderMap, HeaderValue};

use crate::head::Head;
use crate::refusal::Doubt;
use crate::string_to_sign::{Line, is_never_listed};

/// Names in `X-Ca-Signature-Headers`.
const MOST_HEADERS: usize = 100;

/// The value's text, if it is visible ASCII.
pub(crate) fn visible(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    // Not left early, so that many bytes are looked at in one step.
    let graphic = bytes.iter().fold(true, |all, byte| all & byte.is_ascii_graphic());
    std::str::from_utf8(bytes).ok().filter(|_| graphic)
}

/// Signed headers, sorted.
pub(crate) enum Lines<'a> {
    /// So many of these: those of [`usual`], without an allocation.
    Usual([Line<'a>; 4], usize),
    /// As they were listed.
    Listed(Vec<Line<'a>>),
}

impl<'a> Deref for Lines<'a> {
    type Target = [Line<'a>];

    fn deref(&self) -> &[Line<'a>] {
        match self {
            Self::Usual(lines, count) => &lines[..*count],
            Self::Listed(lines) => lines,
        }
    }
}

/// The signed headers, sorted by their names as they are listed. None of those in the head is there twice.
pub(crate) fn lines<'a>(headers: &'a HeaderMap, head: &Head<'a>) -> Result<Lines<'a>, Doubt> {
    if let Some(lines) = usual(head) {
        return Ok(lines);
    }
    let names = match head.list {
        // Older documents: without the list X-Ca-Key alone is signed.
        None => "x-ca-key",
        Some(value) => std::str::from_utf8(value.as_bytes()).map_err(|_| Doubt::List)?,
    };
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
    Ok(Lines::Listed(lines))
}

/// The same for a list as most clients write it: the gateway's headers that every signed request has, each once, in
/// lower case and sorted, if no other header of the gateway is there.
fn usual<'a>(head: &Head<'a>) -> Option<Lines<'a>> {
    let sorted = [
        ("x-ca-key", head.key),
        ("x-ca-nonce", head.nonce),
        ("x-ca-signature-method", head.method),
        ("x-ca-timestamp", head.timestamp),
    ];
    let mut rest = head.list.filter(|_| !head.others)?.as_bytes();
    let (mut lines, mut count): ([Line<'_>; 4], _) = ([("", None); 4], 0);
    for (name, value) in sorted.into_iter().filter(|(_, value)| value.is_some()) {
        if count > 0 {
            rest = rest.strip_prefix(b",")?;
        }
        rest = rest.strip_prefix(name.as_bytes())?;
        lines[count] = (name, value);
        count += 1;
    }
    rest.is_empty().then_some(Lines::Usual(lines, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    const USUAL: &str = "x-ca-key,x-ca-nonce,x-ca-timestamp";

    fn listed(list: &str, headers: &[&'static str]) -> Result<Vec<String>, Doubt> {
        let mut map = HeaderMap::new();
        for name in headers {
            map.append(*name, HeaderValue::from_static("v"));
        }
        map.insert("x-ca-signature-headers", HeaderValue::from_str(list).unwrap());
        let lines = lines(&map, &Head::read(&map))?;
        Ok(lines.iter().map(|(name, value)| format!("{name}:{}", value.is_some())).collect())
    }

    #[test]
    fn however_the_same_headers_are_listed_the_lines_are_sorted_and_whole() {
        let usual = listed(USUAL, &["x-ca-timestamp", "x-ca-nonce", "x-ca-key", "x-ca-signature"]).unwrap();
        assert_eq!(usual, ["x-ca-key:true", "x-ca-nonce:true", "x-ca-timestamp:true"]);
        for list in ["x-ca-nonce,x-ca-timestamp,x-ca-key", " x-ca-key , x-ca-nonce,,x-ca-timestamp,"] {
            assert_eq!(listed(list, &["x-ca-timestamp", "x-ca-nonce", "x-ca-key"]).unwrap(), usual, "{list}");
        }
        assert_eq!(listed("X-Ca-Key", &["x-ca-key"]).unwrap(), ["X-Ca-Key:true"]);
    }

    #[test]
    fn a_header_of_the_gateway_that_is_not_listed_and_a_list_that_does_not_fit_are_refused() {
        let three = ["x-ca-key", "x-ca-nonce", "x-ca-timestamp"];
        for more in ["x-ca-stage", "x-ca-signature-method"] {
            let refused = listed(USUAL, &[&three[..], &[more]].concat()).unwrap_err();
            assert_eq!(refused, Doubt::NotSigned(http::HeaderName::from_static(more)));
        }
        assert!(matches!(listed("x-ca-key,x-ca-nonce", &three), Err(Doubt::NotSigned(_))));
        for list in ["x-ca-key,x-ca-nonce,x-ca-timestamp,x-ca-stage", "x-ca-key,x-ca-nonce,x-ca-timestamp,x-ca-key"] {
            assert_eq!(listed(list, &three), Err(Doubt::List), "{list}");
        }
        assert_eq!(listed(USUAL, &three[..2]), Err(Doubt::List));
    }
}
