//! Groups of the rows that fit, made while the rows go by.
//!
//! What is held: for each group its key and the state of what is inside it; the groups of one search are 100,000 at most.
//! Of a composite only those of its page are held.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campaign_tablestore::Row;
use campaign_tablestore::search::{
    AggregationResult, By, ByComposite, Group, GroupBy, GroupByKind, GroupByResult, GroupKey, GroupSorter, SortOrder,
};
use campaign_tablestore::server::Refusal;

use super::aggregate::Aggregations;
use super::evaluate::Scope;
use super::source::Source;
use crate::tablestore::check::invalid;

/// Group-bys of one level, groups unless one says otherwise and at most (service document "Search index limits").
const GROUP_BYS: usize = 5;
const SIZE: i32 = 10;
pub(super) const MOST: i32 = 2000;

/// Groups of all group-bys of one search; a bound of the emulator's.
pub(super) const ALL_GROUPS: usize = 100_000;

pub(super) fn too_many() -> Refusal {
    invalid(format!("campaign-local makes {ALL_GROUPS} groups in one search at most"))
}

/// How many more groups a search can have.
pub(super) type Budget = Rc<Cell<usize>>;

pub(super) fn budget() -> Budget {
    Rc::new(Cell::new(ALL_GROUPS))
}

/// Group-bys that are being made.
#[derive(Clone, Debug)]
pub(super) struct GroupBys<'a>(Vec<Running<'a>>);

#[derive(Clone, Debug)]
struct Running<'a> {
    group_by: &'a GroupBy,
    source: Source<'a>,
    /// What a new group has inside.
    inside: (Aggregations<'a>, GroupBys<'a>),
    /// By bytes that compare as the keys do.
    made: BTreeMap<Vec<u8>, Made<'a>>,
    /// Of a composite: how many groups a page has, and after which they begin.
    page: Option<(usize, Vec<u8>)>,
    budget: Budget,
}

#[derive(Clone, Debug)]
struct Made<'a> {
    key: GroupKey,
    rows: i64,
    aggregations: Aggregations<'a>,
    group_bys: GroupBys<'a>,
}

impl<'a> GroupBys<'a> {
    pub(super) fn new(group_bys: &'a [GroupBy], scope: Scope<'a>, budget: &Budget) -> Result<Self, Refusal> {
        if group_bys.len() > GROUP_BYS {
            return Err(invalid(format!("the number of group bys must not exceed {GROUP_BYS}")));
        }
        group_bys.iter().map(|group_by| Running::new(group_by, scope, budget)).collect::<Result<_, _>>().map(Self)
    }

    pub(super) fn add(&mut self, row: &Row, score: f64) -> Result<(), Refusal> {
        self.0.iter_mut().try_for_each(|running| running.add(row, score))
    }

    pub(super) fn done(self) -> Result<Vec<GroupByResult>, Refusal> {
        self.0.into_iter().map(Running::done).collect()
    }

    /// How many groups there are, all levels together.
    fn groups(&self) -> usize {
        self.0.iter().flat_map(|running| running.made.values()).map(|made| 1 + made.group_bys.groups()).sum()
    }
}

impl<'a> Running<'a> {
    fn new(group_by: &'a GroupBy, scope: Scope<'a>, budget: &Budget) -> Result<Self, Refusal> {
        let (aggregations, group_bys) = group_by.by.inside();
        let inside = (Aggregations::new(aggregations, scope)?, GroupBys::new(group_bys, scope, budget)?);
        check(&group_by.by)?;
        let page = if let By::Composite(by) = &group_by.by { Some(page(by)?) } else { None };
        let source = Source::new(group_by, scope)?;
        Ok(Self { group_by, source, inside, made: BTreeMap::new(), page, budget: Rc::clone(budget) })
    }

    fn add(&mut self, row: &Row, score: f64) -> Result<(), Refusal> {
        for (bytes, key) in self.source.keys(row)? {
            if self.page.as_ref().is_some_and(|(_, after)| bytes <= *after) {
                continue;
            }
            let made = self.group(bytes, key)?;
            made.rows += 1;
            made.aggregations.add(row, score);
            made.group_bys.add(row, score)?;
            // One more than a page has tells whether there is another page.
            if let Some((size, _)) = self.page
                && self.made.len() > size + 1
                && let Some((_, gone)) = self.made.pop_last()
            {
                self.budget.set(self.budget.get() + 1 + gone.group_bys.groups());
            }
        }
        Ok(())
    }

    fn group(&mut self, bytes: Vec<u8>, key: GroupKey) -> Result<&mut Made<'a>, Refusal> {
        if !self.made.contains_key(&bytes) {
            let left = self.budget.get().checked_sub(1);
            self.budget.set(left.ok_or_else(too_many)?);
        }
        let (aggregations, group_bys) = &self.inside;
        Ok(self.made.entry(bytes).or_insert_with(|| Made {
            key,
            rows: 0,
            aggregations: aggregations.clone(),
            group_bys: group_bys.clone(),
        }))
    }

    fn done(mut self) -> Result<GroupByResult, Refusal> {
        // Groups that are there without a row.
        let empty = match &self.group_by.by {
            By::Range(_) | By::Filter(_) | By::GeoDistance(_) => true,
            By::Histogram(by) => by.min_doc_count == Some(0),
            By::DateHistogram(by) => by.min_doc_count == Some(0),
            _ => false,
        };
        if empty {
            for (bytes, key) in self.source.all() {
                self.group(bytes, key)?;
            }
        }
        let mut next_token = None;
        if let Some((size, _)) = self.page
            && self.made.len() > size
        {
            self.made.pop_last();
            next_token = self.made.last_key_value().map(|(bytes, _)| URL_SAFE_NO_PAD.encode(bytes).into());
        }
        let group = |made: Made<'_>| {
            Ok(Group {
                key: made.key,
                row_count: made.rows,
                aggregations: made.aggregations.done(),
                group_bys: made.group_bys.done()?,
            })
        };
        let groups = self.made.into_values().map(group).collect::<Result<_, Refusal>>()?;
        let source_names = match &self.group_by.by {
            By::Composite(by) => by.sources.iter().map(|source| source.name.clone()).collect(),
            _ => Vec::new(),
        };
        Ok(GroupByResult {
            name: self.group_by.name.clone(),
            kind: Some(kind(&self.group_by.by)),
            groups: arranged(&self.group_by.by, groups),
            source_names,
            next_token,
        })
    }
}

const fn kind(by: &By) -> GroupByKind {
    match by {
        By::Field(_) => GroupByKind::Field,
        By::Range(_) => GroupByKind::Range,
        By::Filter(_) => GroupByKind::Filter,
        By::GeoDistance(_) => GroupByKind::GeoDistance,
        By::Histogram(_) => GroupByKind::Histogram,
        By::DateHistogram(_) => GroupByKind::DateHistogram,
        By::GeoGrid(_) => GroupByKind::GeoGrid,
        By::Composite(_) => GroupByKind::Composite,
    }
}

/// How many groups are asked for.
fn size(by: &By) -> Option<i32> {
    match by {
        By::Field(by) => Some(by.size.unwrap_or(SIZE)),
        By::GeoGrid(by) => Some(by.size.unwrap_or(SIZE)),
        By::Composite(by) => Some(by.size.or(by.suggested_size.map(|size| size.min(MOST))).unwrap_or(SIZE)),
        _ => None,
    }
}

const fn sorters(by: &By) -> &[GroupSorter] {
    match by {
        By::Field(by) => by.sort.as_slice(),
        By::Histogram(by) => by.sort.as_slice(),
        By::DateHistogram(by) => by.sort.as_slice(),
        _ => &[],
    }
}

fn check(by: &By) -> Result<(), Refusal> {
    if size(by).is_some_and(|size| !(1..=MOST).contains(&size)) {
        return Err(invalid(format!("[group_by.size] must be in [1, {MOST}]")));
    }
    let (aggregations, _) = by.inside();
    for sorter in sorters(by) {
        match (&sorter.key, &sorter.row_count, &sorter.aggregation) {
            (None, None, None) => return Err(invalid("a group sorter must be given")),
            (None, None, Some(by)) if !aggregations.iter().any(|aggregation| aggregation.name == by.name) => {
                let name = crate::log::printable(&by.name);
                return Err(invalid(format!("the aggregation [{name}] of a group sorter does not exist")));
            }
            _ => {}
        }
    }
    Ok(())
}

/// How many groups a page of a composite has, and after which they begin.
fn page(by: &ByComposite) -> Result<(usize, Vec<u8>), Refusal> {
    let size = by.size.or(by.suggested_size.map(|size| size.min(MOST))).unwrap_or(SIZE);
    let token = by.next_token.as_deref().unwrap_or_default();
    let after = URL_SAFE_NO_PAD.decode(token).map_err(|_| invalid("[next_token] of a group by is invalid"))?;
    Ok((usize::try_from(size).unwrap_or(0), after))
}

/// The groups as they are asked for, from those in the order of their keys.
fn arranged(by: &By, groups: Vec<Group>) -> Vec<Group> {
    let least = match by {
        By::Field(by) => by.min_doc_count.unwrap_or(1),
        By::Histogram(by) => by.min_doc_count.unwrap_or(1),
        By::DateHistogram(by) => by.min_doc_count.unwrap_or(1),
        _ => 0,
    };
    let mut groups: Vec<(usize, Group)> = groups.into_iter().enumerate().collect();
    groups.retain(|(_, group)| group.row_count >= least);
    let sorters = sorters(by);
    if sorters.is_empty() && matches!(by, By::Field(_) | By::GeoGrid(_)) {
        // The largest first; groups of one size stay in the order of their keys.
        groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.row_count));
    }
    for sorter in sorters.iter().rev() {
        sort_by(&mut groups, sorter);
    }
    let most = size(by).and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
    groups.into_iter().take(most).map(|(_, group)| group).collect()
}

/// By the first that is there of number of rows, aggregation and key; the place beside a group is that of its key.
fn sort_by(groups: &mut [(usize, Group)], sorter: &GroupSorter) {
    let turned = |order: std::cmp::Ordering, by: Option<SortOrder>| {
        if by == Some(SortOrder::Desc) { order.reverse() } else { order }
    };
    if let Some(by) = &sorter.row_count {
        groups.sort_by(|(_, a), (_, b)| turned(a.row_count.cmp(&b.row_count), by.order));
    } else if let Some(by) = &sorter.aggregation {
        let value = |group: &Group| {
            let found = group.aggregations.iter().find(|result: &&AggregationResult| result.name == by.name);
            found.and_then(|result| result.value.as_f64()).unwrap_or(f64::NEG_INFINITY)
        };
        groups.sort_by(|(_, a), (_, b)| turned(value(a).total_cmp(&value(b)), by.order));
    } else if let Some(by) = &sorter.key {
        groups.sort_by(|(a, _), (b, _)| turned(a.cmp(b), by.order));
    }
}
