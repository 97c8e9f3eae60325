//! The e-mail rule: the grammar of HTML's `type=email`, with Unicode domains converted by UTS 46.

use std::borrow::Cow;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};

use super::text::length;

/// Most characters of an address, as typed and as converted (RFC 5321, less the angle brackets).
pub(crate) const MAX: usize = 254;
/// Most characters before the `@` (RFC 5321 §4.5.3.1.1).
const MAX_LOCAL: usize = 64;
/// Most characters of a label of the domain (RFC 1034 §3.5).
const MAX_LABEL: usize = 63;

/// The form under which two spellings of an address are one: lower case, the domain in ASCII.
/// `None` if the text is not an address.
pub(crate) fn key(typed: &str) -> Option<String> {
    let (local, domain) = parts(typed)?;
    Some(format!("{local}@{domain}").to_ascii_lowercase())
}

/// Whether the text is an address.
pub(crate) fn is_address(typed: &str) -> bool {
    parts(typed).is_some()
}

/// What stands before and after the `@` of an address, the domain in ASCII.
fn parts(typed: &str) -> Option<(&str, Cow<'_, str>)> {
    if typed.len() > MAX && length(typed) > MAX {
        return None;
    }
    let at = typed.bytes().position(|b| !IS_LOCAL[usize::from(b)])?;
    let domain = typed[at..].strip_prefix('@')?;
    let domain = ascii(domain)?;
    let valid = (1..=MAX_LOCAL).contains(&at) && at + 1 + domain.len() <= MAX;
    valid.then_some((&typed[..at], domain))
}

/// An ASCII domain is taken as it is, as browsers do; any other goes through UTS 46.
fn ascii(domain: &str) -> Option<Cow<'_, str>> {
    if is_domain(domain.as_bytes()) {
        return Some(Cow::Borrowed(domain));
    }
    if domain.is_ascii() {
        return None;
    }
    let converted = Uts46::new().to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::Allow, DnsLength::Verify);
    converted.ok().filter(|domain| is_domain(domain.as_bytes()))
}

/// Which bytes are `atext / "."` of the HTML standard, section "Email state".
const IS_LOCAL: [bool; 256] =
    table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.!#$%&'*+/=?^_`{|}~-");

/// Marks the bytes of `set`.
const fn table(set: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    let mut at = 0;
    while at < set.len() {
        table[set[at] as usize] = true;
        at += 1;
    }
    table
}

/// What a byte is in a domain: nothing, a letter or digit, a hyphen, a dot.
const CLASS: [u8; 256] = {
    let (mut class, letters) = ([0; 256], table(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"));
    let mut at = 0;
    while at < class.len() {
        class[at] = letters[at] as u8;
        at += 1;
    }
    class[b'-' as usize] = HYPHEN;
    class[b'.' as usize] = DOT;
    class
};
const LETTER: u8 = 1;
const HYPHEN: u8 = 2;
const DOT: u8 = 3;

/// Which class may follow which, a bit for each pair.
const FOLLOWS: u16 = {
    const fn pair(first: u8, second: u8) -> u16 {
        1 << (first * 4 + second)
    }
    pair(LETTER, LETTER)
        | pair(LETTER, HYPHEN)
        | pair(LETTER, DOT)
        | pair(HYPHEN, LETTER)
        | pair(HYPHEN, HYPHEN)
        | pair(DOT, LETTER)
};

/// Labels between dots: `let-dig [ [ ldh-str ] let-dig ]`, at most 63 characters (HTML standard, RFC 1034 §3.5).
fn is_domain(domain: &[u8]) -> bool {
    let mut last = DOT;
    for &b in domain {
        let class = CLASS[usize::from(b)];
        if FOLLOWS >> (last * 4 + class) & 1 == 0 {
            return false;
        }
        last = class;
    }
    let fits = domain.len() <= MAX_LABEL || domain.split(|b| *b == b'.').all(|label| label.len() <= MAX_LABEL);
    last == LETTER && fits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_the_html_grammar_are_accepted() {
        let longest = format!("{}@{}.{}.{}.bb", "a".repeat(64), "d".repeat(63), "d".repeat(63), "d".repeat(58));
        assert_eq!(longest.len(), 254);
        for address in [
            "a@b",
            "a+tag@b.cn",
            ".a..b.@example.com",
            "!#$%&'*+/=?^_`{|}~-@x-y.example",
            "a@1.2",
            "a@xn--fsq.example",
            &longest,
        ] {
            assert!(key(address).is_some(), "{address}");
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = |local, label| format!("{}@{}.cn", "a".repeat(local), "d".repeat(label));
        for text in [
            "",
            "@",
            "plain",
            "a@",
            "@b.cn",
            "a@@b.cn",
            "a b@c.d",
            "a@b c.d",
            "a@b.cn.",
            "a@.b",
            "a@b..c",
            "a@-b.c",
            "a@b-.c",
            "a@b.cn,b@b.cn",
            "a@[fe80::1%25eth0]",
            "a@b_c.d",
            "\"a\"@b.c",
            "m\u{fc}ller@b.c",
            "a@b\u{3002}",
            "a@\u{2028}b",
            "a@xn--\u{fc}",
            &long(65, 3),
            &long(1, 64),
            &format!("{}@{}.{}.{}.bb", "a".repeat(64), "d".repeat(63), "d".repeat(63), "d".repeat(59)),
        ] {
            assert_eq!(key(text), None, "{text}");
        }
    }

    #[test]
    fn spellings_of_one_address_share_a_key() {
        for (typed, stored) in [
            ("Ada.L@Example.COM", "ada.l@example.com"),
            ("ada@B\u{dc}CHER.example", "ada@xn--bcher-kva.example"),
            ("ada@bu\u{308}cher.example", "ada@xn--bcher-kva.example"),
            ("ada@\u{4f8b}.example", "ada@xn--fsq.example"),
            ("ada@XN--FSQ.example", "ada@xn--fsq.example"),
            ("ada@\u{ff45}xample\u{3002}com", "ada@example.com"),
        ] {
            assert_eq!(key(typed).as_deref(), Some(stored), "{typed}");
        }
    }

    #[test]
    fn a_long_unicode_domain_is_bounded_before_conversion() {
        assert_eq!(key(&format!("a@{}example.com", "\u{ad}".repeat(300))), None);
        assert_eq!(key(&"a.".repeat(25_000)), None);
    }
}
