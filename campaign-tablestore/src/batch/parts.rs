//! Which rows go into one call.

use std::{
    collections::{HashMap, VecDeque},
    hash::Hash,
};

/// Encoded bytes of the rows of one call. The service counts names and values only, up to 4 MB in all (service document
/// "Limits"); encoded they are more.
pub(crate) const MAX_BYTES: usize = 4 << 20;

/// How often each row was there before, in the order of the rows: rows of one number are all different. A row without a key
/// is never another.
pub(super) fn occurrences<K: Copy + Ord + Hash>(keys: impl ExactSizeIterator<Item = Option<K>> + Clone) -> Vec<usize> {
    let mut sorted: Vec<K> = keys.clone().flatten().collect();
    sorted.sort_unstable();
    if sorted.windows(2).all(|pair| pair.first() != pair.last()) {
        return vec![0; keys.len()];
    }
    let mut seen: HashMap<K, usize> = HashMap::with_capacity(keys.len());
    let occurrence = |key: Option<K>| {
        let Some(key) = key else { return 0 };
        let count = seen.entry(key).or_default();
        *count += 1;
        *count - 1
    };
    keys.map(occurrence).collect()
}

/// Takes the rows of the next call from the front of `rows`: at least one, `most` at most, and no more bytes than may be.
fn next<T>(rows: &mut VecDeque<T>, most: usize, bytes: &impl Fn(&T) -> usize) -> Vec<T> {
    let mut total = 0;
    let mut fits = |row: &T| {
        total += bytes(row);
        total <= MAX_BYTES
    };
    let count = rows.iter().take(most).take_while(|row| fits(row)).count();
    rows.drain(..count.max(1).min(rows.len())).collect()
}

/// The rows of each call.
pub(super) fn parts<T>(mut rows: VecDeque<T>, most: usize, bytes: impl Fn(&T) -> usize) -> VecDeque<Vec<T>> {
    let mut parts = VecDeque::new();
    while !rows.is_empty() {
        parts.push_back(next(&mut rows, most, &bytes));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_takes_what_fits_by_number_and_bytes_and_one_row_whatever_its_size() {
        let of = |sizes: &[usize]| parts(sizes.iter().copied().collect(), 3, |size| *size);
        assert_eq!(of(&[1; 5]), [vec![1; 3], vec![1; 2]]);
        assert_eq!(of(&[MAX_BYTES - 1, 1, 1]), [vec![MAX_BYTES - 1, 1], vec![1]]);
        assert_eq!(of(&[1, MAX_BYTES + 1, 1]), [vec![1], vec![MAX_BYTES + 1], vec![1]]);
        assert!(of(&[]).is_empty());
    }

    #[test]
    fn repeated_rows_are_numbered_in_their_order() {
        let number = |keys: &[Option<u64>]| occurrences(keys.iter().copied());
        assert_eq!(number(&[Some(2), Some(1)]), [0, 0]);
        assert_eq!(number(&[Some(2), Some(1), Some(2), Some(2)]), [0, 0, 1, 2]);
        assert_eq!(number(&[None, Some(1), None, Some(1)]), [0, 0, 0, 1]);
    }
}
