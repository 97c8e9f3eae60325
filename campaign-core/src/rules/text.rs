//! Normalisation: what is stored, digested and compared in place of what was typed.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use crate::words::{equal, odd};

/// Whether line feeds are part of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    /// One line: a line feed is a control like any other.
    One,
    /// Several lines: CR LF becomes LF, and LF stays.
    Many,
}

/// Normalises a text: controls and bidi controls removed, then NFC, then outer white space trimmed.
///
/// Removed are C0 and C1 controls (but see [`Lines`]) and the bidi embeddings, overrides and
/// isolates, which can make a stored name read as something else. The joiners ZWJ and ZWNJ and
/// the marks LRM and RLM carry meaning in Persian, Hindi or Hebrew and stay.
///
/// Removal comes first, because a control between a letter and its accent hides the pair from
/// NFC; so the result is its own normal form.
#[inline]
pub(crate) fn normalise(typed: &str, lines: Lines) -> Cow<'_, str> {
    if is_plain(typed, lines) { Cow::Borrowed(trim_printable(typed)) } else { Cow::Owned(normalise_any(typed, lines)) }
}

/// Normalises printable ASCII, line feeds apart.
#[inline]
pub(crate) fn trim_printable(text: &str) -> &str {
    // Mostly there is nothing to trim.
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim_ascii(),
    }
}

/// Whether there is nothing to remove and nothing to compose: most of what is typed, letters without accents.
#[inline]
fn is_plain(typed: &str, lines: Lines) -> bool {
    let bytes = typed.as_bytes();
    let all_plain = |word| {
        let odd = odd(word);
        odd == 0 || lines == Lines::Many && odd & !equal(word, b'\n') == 0
    };
    let (words, rest) = bytes.as_chunks();
    // What is left is looked at together with some of what was seen, or with blanks.
    let last = bytes.last_chunk().copied().unwrap_or_else(|| {
        let mut last = [b' '; 8];
        last[..rest.len()].copy_from_slice(rest);
        last
    });
    words.iter().chain([&last]).all(|word| all_plain(u64::from_le_bytes(*word)))
}

#[cold]
fn normalise_any(typed: &str, lines: Lines) -> String {
    let kept = typed.chars().filter(|&c| match c {
        '\n' => lines == Lines::Many,
        _ => !c.is_control() && !is_bidi_control(c),
    });
    let composed: String = kept.nfc().collect();
    match composed.trim() {
        trimmed if trimmed.len() == composed.len() => composed,
        trimmed => trimmed.to_owned(),
    }
}

/// Whether nothing can be seen in `text`: only white space or default-ignorable code points.
#[inline(always)]
pub(crate) fn is_blank(text: &str) -> bool {
    // Most texts begin with what can be seen.
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && is_blank_throughout(text)
}

#[cold]
fn is_blank_throughout(text: &str) -> bool {
    text.chars().all(|c| c.is_whitespace() || (!c.is_ascii() && is_default_ignorable(c)))
}

/// Length as JSON Schema counts it: Unicode code points.
pub(crate) fn length(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.chars().count() }
}

/// U+202A–202E embeddings and overrides, U+2066–2069 isolates (UAX #9).
fn is_bidi_control(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `Default_Ignorable_Code_Point` of the Unicode Character Database (DerivedCoreProperties.txt),
/// unassigned ranges included.
fn is_default_ignorable(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fff8}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_line_is_trimmed_composed_and_freed_of_controls() {
        for (typed, stored) in [
            (" \u{3000}Ada\u{a0}\u{2003}", "Ada"),
            ("Jose\u{301}", "Jos\u{e9}"),
            ("a\r\nb\tc", "abc"),
            ("a\u{0}\u{7f}\u{85}\u{9f}b", "ab"),
            ("\u{202e}Ada\u{202c}\u{2066}\u{2069}", "Ada"),
            ("e\u{0}\u{301}", "\u{e9}"),
            ("\u{0} Ada", "Ada"),
            ("\u{212b}", "\u{c5}"),
        ] {
            assert_eq!(normalise(typed, Lines::One), stored, "{typed:?}");
        }
    }

    #[test]
    fn joiners_and_direction_marks_stay() {
        for kept in ["\u{1f468}\u{200d}\u{1f469}", "\u{646}\u{627}\u{645}\u{200c}\u{647}", "a\u{200e}b\u{200f}c"] {
            assert_eq!(normalise(kept, Lines::One), kept);
        }
    }

    #[test]
    fn several_lines_keep_line_feeds_and_lose_carriage_returns() {
        assert_eq!(normalise("\r\n a\r\nb\n\n\tc\rd \n", Lines::Many), "a\nb\n\ncd");
    }

    #[test]
    fn invisible_text_is_blank_and_visible_text_is_not() {
        for blank in ["", " ", "\u{3000}\u{3000}", "\u{200b}\u{feff}", "\u{3164}", "\u{ad} \u{e0020}", "\u{fe0f}"] {
            assert!(is_blank(blank), "{blank:?}");
        }
        for seen in ["a", "\u{200b}a", ".", "\u{2800}", "\u{301}"] {
            assert!(!is_blank(seen), "{seen:?}");
        }
    }

    proptest! {
        #[test]
        fn plain_text_is_normalised_as_any_other(text in "[ -~\n\t]{0,40}") {
            for lines in [Lines::One, Lines::Many] {
                prop_assert_eq!(normalise(&text, lines), normalise_any(&text, lines));
            }
        }

        #[test]
        fn normalising_twice_changes_nothing(text in "(\\PC|[\u{0}-\u{20}\u{7f}-\u{a0}\u{300}-\u{345}\u{200b}-\u{200f}\u{2028}-\u{202f}\u{2060}-\u{2069}\u{1100}-\u{11ff}]){0,24}") {
            for lines in [Lines::One, Lines::Many] {
                let once = normalise(&text, lines);
                prop_assert_eq!(&normalise(&once, lines), &once);
            }
        }

        #[test]
        fn normalised_text_is_nfc_without_outer_space_or_controls(text in any::<String>()) {
            let stored = normalise(&text, Lines::One);
            prop_assert!(unicode_normalization::is_nfc(&stored));
            prop_assert_eq!(stored.trim(), &*stored);
            prop_assert!(!stored.chars().any(char::is_control));
        }
    }
}
