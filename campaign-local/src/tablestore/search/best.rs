//! The first of many in an order, without holding the others.

use std::collections::HashSet;

use super::order::{Ranked, Ranking};

/// Keeps the first `most` in the order, and while adding at most as many again. Of those that are in one group only the
/// first is kept.
#[derive(Clone, Debug)]
pub(super) struct Best<'a, T> {
    ranking: Ranking<'a>,
    most: usize,
    kept: Vec<(Ranked<T>, Option<String>)>,
    /// How many at the beginning are sorted, as many as there may be, and each of a group of its own.
    settled: usize,
}

impl<'a, T: Ord> Best<'a, T> {
    pub(super) const fn new(ranking: Ranking<'a>, most: usize) -> Self {
        Self { ranking, most, kept: Vec::new(), settled: 0 }
    }

    pub(super) fn add(&mut self, ranked: Ranked<T>, group: Option<String>) {
        // When enough are settled, what stands behind the last of them never counts.
        if self.most == 0
            || (self.settled == self.most
                && self.kept.get(self.most - 1).is_some_and(|(last, _)| self.ranking.compare(&ranked, last).is_gt()))
        {
            return;
        }
        self.kept.push((ranked, group));
        if self.kept.len() >= self.most.saturating_mul(2) {
            self.settle();
        }
    }

    fn settle(&mut self) {
        self.kept.sort_by(|(a, _), (b, _)| self.ranking.compare(a, b));
        let mut groups = HashSet::new();
        self.kept.retain(|(_, group)| group.as_ref().is_none_or(|group| groups.insert(group.clone())));
        self.kept.truncate(self.most);
        self.settled = self.kept.len();
    }

    /// Those that were kept, in their order.
    pub(super) fn sorted(mut self) -> Vec<Ranked<T>> {
        self.settle();
        self.kept.into_iter().map(|(ranked, _)| ranked).collect()
    }
}
