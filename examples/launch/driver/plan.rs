//! The entries file: what is sent, what must come of it, and which lines may not overtake each other.

use std::{
    collections::{BTreeSet, HashMap},
    io::{self, BufRead},
};

use bytes::Bytes;
use campaign_core::store::Fields;
use http::HeaderValue;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::outcome::Outcome;

/// Longest line of an entries file in bytes; a body of 64 KiB fits, also with every character escaped.
const MAX_LINE: usize = 1024 * 1024;

/// One line: a request to send, and what is known about it beforehand.
#[derive(Debug)]
pub(crate) struct Line {
    /// Its number in the file, from 1.
    pub(crate) number: usize,
    /// Sent as `Idempotency-Key`.
    pub(crate) key: String,
    /// Sent as the body.
    pub(crate) payload: Bytes,
    /// What the file says must come of it.
    pub(crate) expect: Option<Expect>,
    /// What the campaign makes of it.
    pub(crate) reading: Reading,
}

/// What must come of a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Expect {
    pub(crate) outcome: Outcome,
    /// `CODE /pointer` of every violation, if the file lists them.
    pub(crate) violations: Option<BTreeSet<String>>,
}

/// What the campaign makes of a body.
#[derive(Debug, Default)]
pub(crate) struct Reading {
    /// Whose entry it is: equal for two spellings of one unique value. None if it has no valid one.
    pub(crate) person: Option<String>,
    /// What would be stored; none if the form refuses it or the trap is filled in.
    pub(crate) fields: Option<Fields>,
}

/// Why an entries file cannot be used. It never holds a piece of a body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlanError {
    #[error("the entries file cannot be read")]
    Read(#[from] io::Error),
    #[error("line {number} of the entries file is longer than {MAX_LINE} bytes")]
    TooLong { number: usize },
    #[error("line {number} of the entries file is not an entry: {reason}")]
    NotAnEntry { number: usize, reason: String },
}

/// A line as written. Unknown members are skipped: the file may say more than the driver needs.
#[derive(Deserialize)]
struct Raw<'a> {
    idempotency_key: String,
    #[serde(borrow)]
    body: Option<&'a RawValue>,
    raw: Option<String>,
    expect: Option<Outcome>,
    violation: Option<OneOrMany>,
}

/// A file may name one violation or a list.
#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(RawViolation),
    Many(Vec<RawViolation>),
}

#[derive(Deserialize)]
struct RawViolation {
    pointer: String,
    code: String,
}

/// Reads a whole entries file; `read` says what the campaign makes of a body.
///
/// # Errors
/// The file cannot be read, or a line is not an entry; see [`PlanError`].
pub(crate) fn lines(mut file: impl BufRead, read: impl Fn(&[u8]) -> Reading) -> Result<Vec<Line>, PlanError> {
    let mut lines = Vec::new();
    let mut buffer = Vec::new();
    for number in 1.. {
        buffer.clear();
        let limit = u64::try_from(MAX_LINE).unwrap_or(u64::MAX) + 1;
        if io::Read::take(&mut file, limit).read_until(b'\n', &mut buffer)? == 0 {
            break;
        }
        if buffer.len() > MAX_LINE {
            return Err(PlanError::TooLong { number });
        }
        if !buffer.trim_ascii().is_empty() {
            lines.push(line(number, &buffer, &read).map_err(|reason| PlanError::NotAnEntry { number, reason })?);
        }
    }
    Ok(lines)
}

fn line(number: usize, text: &[u8], read: impl Fn(&[u8]) -> Reading) -> Result<Line, String> {
    let raw: Raw<'_> = serde_json::from_slice(text).map_err(|error| reason(&error))?;
    if HeaderValue::from_str(&raw.idempotency_key).is_err() {
        return Err("its idempotency_key cannot be sent as a header".to_owned());
    }
    let payload = match (raw.body, raw.raw) {
        (Some(body), None) => Bytes::copy_from_slice(body.get().as_bytes()),
        (None, Some(text)) => Bytes::from(text),
        _ => return Err("it has not exactly one of body and raw".to_owned()),
    };
    let violations = raw.violation.map(|violations| {
        let list = match violations {
            OneOrMany::One(violation) => vec![violation],
            OneOrMany::Many(list) => list,
        };
        list.iter().map(|violation| format!("{} {}", violation.code, violation.pointer)).collect()
    });
    let expect = raw.expect.map(|outcome| Expect { outcome, violations });
    Ok(Line { number, key: raw.idempotency_key, reading: read(&payload), payload, expect })
}

/// serde_json's message may quote what it found; its position may not, nor the name of a member of ours.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.split_once(" at line ") {
        Some((missing, _)) if missing.starts_with("missing field `") => missing.to_owned(),
        _ => format!("{:?} error in column {}", error.classify(), error.column()),
    }
}

/// Sorts lines into chains: lines that share a key or a person are in one chain, in file order.
/// Chains begin in file order, and may run side by side.
pub(crate) fn chains(lines: &[Line]) -> Vec<Vec<usize>> {
    let mut forest = Forest::new(lines.len());
    let mut of_key = HashMap::new();
    let mut of_person = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        forest.join(index, *of_key.entry(line.key.as_str()).or_insert(index));
        if let Some(person) = &line.reading.person {
            forest.join(index, *of_person.entry(person.as_str()).or_insert(index));
        }
    }
    let mut chains: Vec<Vec<usize>> = Vec::new();
    let mut chain_of_root = HashMap::new();
    for index in 0..lines.len() {
        let chain = *chain_of_root.entry(forest.root(index)).or_insert_with(|| {
            chains.push(Vec::new());
            chains.len() - 1
        });
        chains[chain].push(index);
    }
    chains
}

/// Disjoint sets with path halving. The smaller index is the root, so no ranks are needed for
/// chains to keep file order.
struct Forest(Vec<usize>);

impl Forest {
    fn new(size: usize) -> Self {
        Self((0..size).collect())
    }

    fn root(&mut self, mut index: usize) -> usize {
        while self.0[index] != index {
            self.0[index] = self.0[self.0[index]];
            index = self.0[index];
        }
        index
    }

    fn join(&mut self, left: usize, right: usize) {
        let (left, right) = (self.root(left), self.root(right));
        self.0[left.max(right)] = left.min(right);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The person is what stands before the first `;`.
    fn read(payload: &[u8]) -> Reading {
        let text = String::from_utf8_lossy(payload);
        let person = text.trim_matches('"').split_once(';').map(|(person, _)| person.to_owned());
        Reading { person, fields: None }
    }

    fn entries(pairs: &[(&str, &str)]) -> Vec<Line> {
        let text: String =
            pairs.iter().map(|(key, raw)| format!("{{\"idempotency_key\":\"{key}\",\"raw\":\"{raw}\"}}\n")).collect();
        lines(text.as_bytes(), read).unwrap()
    }

    #[test]
    fn a_body_is_sent_as_it_stands_and_raw_text_as_that_text() {
        let file = concat!(
            "{\"line\":9,\"idempotency_key\":\"k\",\"body\":{\"b\": 1,\"a\":\"\\u00e9\"},\"expect\":\"created\"}\n",
            "\n",
            "{\"idempotency_key\":\"l\",\"raw\":\"\\ufeff{}\"}",
        );
        let lines = lines(file.as_bytes(), |_| Reading::default()).unwrap();
        assert_eq!(lines.iter().map(|line| line.number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(lines[0].payload, "{\"b\": 1,\"a\":\"\\u00e9\"}");
        assert_eq!(lines[0].expect, Some(Expect { outcome: Outcome::Created, violations: None }));
        assert_eq!(lines[1].payload, "\u{feff}{}");
        assert_eq!(lines[1].expect, None);
    }

    #[test]
    fn one_violation_or_a_list_may_be_expected() {
        let one = r#""violation":{"pointer":"/a","code":"required"}"#;
        let list = r#""violation":[{"pointer":"/b","code":"type"},{"pointer":"/a","code":"required"}]"#;
        for (violation, expected) in [(one, vec!["required /a"]), (list, vec!["required /a", "type /b"])] {
            let text = format!("{{\"idempotency_key\":\"k\",\"body\":{{}},\"expect\":\"invalid\",{violation}}}");
            let lines = lines(text.as_bytes(), |_| Reading::default()).unwrap();
            let found = lines[0].expect.as_ref().and_then(|expect| expect.violations.as_ref()).unwrap();
            assert_eq!(found.iter().map(String::as_str).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn a_line_that_is_not_an_entry_is_named_and_not_quoted() {
        for text in [
            "canary",
            "{\"idempotency_key\":\"canary\"}",
            "{\"idempotency_key\":\"k\",\"raw\":\"canary\",\"body\":{}}",
            "{\"idempotency_key\":\"k\",\"body\":{},\"expect\":\"canary\"}",
        ] {
            let file = format!("{{\"idempotency_key\":\"k\",\"body\":{{}}}}\n{text}\n");
            let error = lines(file.as_bytes(), |_| Reading::default()).unwrap_err().to_string();
            assert!(error.starts_with("line 2 of the entries file is not an entry: "), "{error}");
            assert!(!error.contains("canary"), "{error}");
        }
    }

    #[test]
    fn a_line_without_a_key_or_with_one_that_is_no_header_is_told_so() {
        let reason = |text: &str| lines(text.as_bytes(), |_| Reading::default()).unwrap_err().to_string();
        assert!(reason("{\"body\":{}}").ends_with("missing field `idempotency_key`"));
        let illegal = reason("{\"idempotency_key\":\"canary\\n\",\"body\":{}}");
        assert!(illegal.ends_with("its idempotency_key cannot be sent as a header") && !illegal.contains("canary"));
    }

    #[test]
    fn an_endless_line_is_refused_before_it_is_read() {
        let endless = io::BufReader::new(io::repeat(b' '));
        assert!(matches!(lines(endless, |_| Reading::default()), Err(PlanError::TooLong { number: 1 })));
    }

    #[test]
    fn lines_with_one_key_or_one_person_form_a_chain_in_file_order() {
        let lines =
            entries(&[("k1", "ada;"), ("k2", "bob;"), ("k1", "x"), ("k3", "ada;"), ("k4", "eve;"), ("k2", "eve;")]);
        assert_eq!(chains(&lines), [vec![0, 2, 3], vec![1, 4, 5]]);
    }

    #[test]
    fn a_late_line_may_join_two_chains() {
        let lines = entries(&[("k1", "ada;"), ("k2", "bob;"), ("k3", "eve;"), ("k1", "bob;"), ("k4", "x")]);
        assert_eq!(chains(&lines), [vec![0, 1, 3], vec![2], vec![4]]);
    }

    #[test]
    fn lines_without_a_person_share_nothing_but_their_key() {
        let lines = entries(&[("k1", "x"), ("k2", "x"), ("k1", "y")]);
        assert_eq!(chains(&lines), [vec![0, 2], vec![1]]);
    }
}
