//! How a text is made words: lower-cased runs of letters and digits, and single Chinese, Japanese and Korean characters.
//!
//! That is the service's analyzer `single_word`. The others, which know dictionaries or delimiters, are emulated by the same
//! rule; `split` with a delimiter cuts there.

use campaign_tablestore::search::{Analyzer, FieldSchema};

/// A word and where it stands, in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) start: usize,
    pub(super) end: usize,
}

/// The words of a text in a field.
pub(super) fn words(field: &FieldSchema, text: &str) -> Vec<Word> {
    match field.analyzer_of().ok().flatten() {
        Some(Analyzer::Split { delimiter: Some(delimiter) }) if !delimiter.is_empty() => split(text, &delimiter),
        Some(Analyzer::SingleWord { case_sensitive, delimit_word }) => {
            single(text, case_sensitive != Some(true), delimit_word == Some(true))
        }
        _ => single(text, true, false),
    }
}

fn split(text: &str, delimiter: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = 0;
    for part in text.split(delimiter) {
        let end = start + part.len();
        if !part.is_empty() {
            words.push(Word { text: part.to_lowercase(), start, end });
        }
        start = end + delimiter.len();
    }
    words
}

/// Words in lower case or as they are, those of letters and digits in one piece or cut between the two.
fn single(text: &str, lower: bool, cut: bool) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let (mut open, mut of_digits) = (false, false);
    for (start, letter) in text.char_indices() {
        let end = start + letter.len_utf8();
        let alone = is_ideographic(letter);
        if !alone && !letter.is_alphanumeric() {
            open = false;
            continue;
        }
        let goes_on = open && !alone && !(cut && of_digits != letter.is_numeric());
        of_digits = letter.is_numeric();
        match words.last_mut() {
            Some(word) if goes_on => {
                word.text.push(letter);
                word.end = end;
            }
            _ => words.push(Word { text: letter.to_string(), start, end }),
        }
        open = !alone;
    }
    if lower {
        words.iter_mut().for_each(|word| word.text = word.text.to_lowercase());
    }
    words
}

/// Characters that are words by themselves: Han, kana and Hangul.
const fn is_ideographic(letter: char) -> bool {
    matches!(letter,
        '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}
