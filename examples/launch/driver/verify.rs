//! What is in the table, compared with what was sent and acknowledged.

use std::collections::{BTreeSet, HashMap, HashSet};

use campaign_core::store::Fields;

use super::plan::Line;

/// A stored entry.
#[derive(Debug)]
pub(crate) struct Row {
    /// The submission id it was stored under.
    pub(crate) submission: String,
    /// Whose it is, as in [`Reading::person`](super::plan::Reading::person).
    pub(crate) person: Option<String>,
    pub(crate) fields: Fields,
}

/// What the table shows.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Rows.
    pub(crate) stored: usize,
    /// Lines acknowledged, and not in the table.
    pub(crate) missing: usize,
    /// Rows too many for one person, or for one submission id of one person.
    pub(crate) twice: usize,
    /// Rows that hold something else than what was sent, or what nobody sent.
    pub(crate) mismatched: usize,
}

/// Compares `rows` with `lines`, of which `acknowledged` says by index which were; `hidden` names
/// the fields that two sendings of one payload may differ in.
pub(crate) fn verify(lines: &[Line], acknowledged: &[bool], rows: &[Row], hidden: &BTreeSet<String>) -> Found {
    let mut senders: HashMap<(&str, &str), Vec<usize>> = HashMap::new();
    let mut persons_of_key: HashMap<&str, HashSet<&str>> = HashMap::new();
    for (index, line) in lines.iter().enumerate() {
        if let (Some(person), Some(_)) = (&line.reading.person, &line.reading.fields) {
            senders.entry((&line.key, person)).or_default().push(index);
            persons_of_key.entry(&line.key).or_default().insert(person);
        }
    }

    let mut found = Found { stored: rows.len(), ..Found::default() };
    let mut here = HashSet::new();
    let mut persons = HashSet::new();
    let mut rows_of_key: HashMap<&str, usize> = HashMap::new();
    for row in rows {
        let key = (row.submission.as_str(), row.person.as_deref().unwrap_or_default());
        let of_key = rows_of_key.entry(key.0).or_default();
        *of_key += 1;
        // A submission id is one entry for each person it was sent for.
        let allowed = persons_of_key.get(key.0).map_or(1, HashSet::len);
        if !persons.insert(key.1) || *of_key > allowed {
            found.twice += 1;
        }
        let senders = senders.get(&key).map(Vec::as_slice).unwrap_or_default();
        if !is_what_was_sent(row, senders, lines, acknowledged, hidden) {
            found.mismatched += 1;
        }
        here.insert(key);
    }

    let lost =
        |line: &Line| !line.reading.person.as_deref().is_some_and(|person| here.contains(&(line.key.as_str(), person)));
    found.missing = lines.iter().zip(acknowledged).filter(|(line, acknowledged)| **acknowledged && lost(line)).count();
    found
}

/// Whether somebody sent exactly this row, and everybody who was told that it is kept sent the same
/// but for the hidden fields.
fn is_what_was_sent(
    row: &Row,
    senders: &[usize],
    lines: &[Line],
    acknowledged: &[bool],
    hidden: &BTreeSet<String>,
) -> bool {
    let sent = |index: &usize| lines[*index].reading.fields.as_ref();
    let exact = senders.iter().filter_map(sent).any(|fields| *fields == row.fields);
    let mut told = senders.iter().filter(|index| acknowledged[**index]).filter_map(sent);
    exact && told.all(|fields| visible(fields, hidden).eq(visible(&row.fields, hidden)))
}

fn visible<'a>(fields: &'a Fields, hidden: &'a BTreeSet<String>) -> impl Iterator<Item = (&'a str, &'a str)> {
    fields.iter().filter(|(name, _)| !hidden.contains(*name))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::driver::plan::Reading;

    fn fields(email: &str, name: &str, source: &str) -> Fields {
        [("email", email), ("name", name), ("utm_source", source)].into_iter().collect()
    }

    fn line(number: usize, key: &str, sent: Option<Fields>) -> Line {
        let person = sent.as_ref().and_then(|fields| fields.get("email")).map(str::to_lowercase);
        Line {
            number,
            key: key.to_owned(),
            payload: Bytes::new(),
            expect: None,
            reading: Reading { person, fields: sent },
        }
    }

    fn row(key: &str, fields: Fields) -> Row {
        Row { submission: key.to_owned(), person: fields.get("email").map(str::to_lowercase), fields }
    }

    /// Ada sends, repeats through another link, and reuses her key; Bob is a duplicate of Ada's
    /// second person under the same key; the fifth line is refused by the form.
    fn good() -> (Vec<Line>, Vec<bool>, Vec<Row>) {
        let lines = vec![
            line(1, "k1", Some(fields("Ada@x", "Ada", "tv"))),
            line(2, "k1", Some(fields("Ada@x", "Ada", "web"))),
            line(3, "k1", Some(fields("Ada@x", "Other", "tv"))),
            line(4, "k1", Some(fields("bob@x", "Bob", "tv"))),
            line(5, "k5", None),
            line(6, "k6", Some(fields("ADA@x", "Ada", "tv"))),
        ];
        let rows = vec![row("k1", fields("Ada@x", "Ada", "tv")), row("k1", fields("bob@x", "Bob", "tv"))];
        (lines, vec![true, true, false, true, false, false], rows)
    }

    fn check(change: impl FnOnce(&mut Vec<bool>, &mut Vec<Row>)) -> (usize, usize, usize) {
        let (lines, mut acknowledged, mut rows) = good();
        change(&mut acknowledged, &mut rows);
        let hidden = BTreeSet::from(["utm_source".to_owned()]);
        let found = verify(&lines, &acknowledged, &rows, &hidden);
        assert_eq!(found.stored, rows.len());
        (found.missing, found.twice, found.mismatched)
    }

    #[test]
    fn a_good_run_shows_zeros() {
        assert_eq!(check(|_, _| {}), (0, 0, 0));
    }

    #[test]
    fn a_lost_row_is_missing_for_every_line_that_was_acknowledged() {
        assert_eq!(check(|_, rows| drop(rows.remove(0))), (2, 0, 0));
    }

    #[test]
    fn an_acknowledged_line_that_cannot_be_stored_is_missing() {
        assert_eq!(check(|acknowledged, _| acknowledged[4] = true), (1, 0, 0));
    }

    #[test]
    fn a_second_row_of_a_person_is_twice() {
        assert_eq!(check(|_, rows| rows.push(row("k6", fields("ADA@x", "Ada", "tv")))), (0, 1, 0));
    }

    #[test]
    fn a_second_row_of_a_submission_is_twice_even_without_a_person() {
        assert_eq!(check(|_, rows| rows.push(row("k1", Fields::new()))), (0, 1, 1));
    }

    #[test]
    fn a_changed_field_is_mismatched() {
        assert_eq!(check(|_, rows| rows[1].fields.insert("name", "Eve")), (0, 0, 1));
    }

    #[test]
    fn a_hidden_field_that_nobody_sent_is_mismatched() {
        assert_eq!(check(|_, rows| rows[1].fields.insert("utm_source", "radio")), (0, 0, 1));
    }

    #[test]
    fn the_payload_of_the_reused_key_is_mismatched() {
        assert_eq!(check(|_, rows| rows[0].fields.insert("name", "Other")), (0, 0, 1));
    }

    #[test]
    fn a_row_that_nobody_sent_is_mismatched() {
        assert_eq!(check(|_, rows| rows.push(row("k9", fields("eve@x", "Eve", "tv")))), (0, 0, 1));
    }
}
