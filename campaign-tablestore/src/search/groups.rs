//! The results of group-bys.

use super::{AggregationResult, GeoGrid, Text};
use crate::wire::{Fields, Slot, Wire, enumeration, list};
use crate::{Value, WireFault};

enumeration! {
    /// The kind of a group-by.
    #[non_exhaustive]
    pub enum GroupByKind {
        /// By the values of a field.
        Field = 1,
        /// By ranges of a number.
        Range = 2,
        /// By queries.
        Filter = 3,
        /// By the distance from a place.
        GeoDistance = 4,
        /// By steps of a number.
        Histogram = 5,
        /// By steps of a time.
        DateHistogram = 6,
        /// By squares of a grid.
        GeoGrid = 7,
        /// By several group-bys together.
        Composite = 8,
    }
}

/// The result of a group-by.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupByResult {
    /// The name of the group-by.
    pub name: String,
    /// Its kind; `None` for one that this version does not know, which has no groups here.
    pub kind: Option<GroupByKind>,
    /// The groups, in their order.
    pub groups: Vec<Group>,
    /// Of a composite: the names of its group-bys.
    pub source_names: Vec<String>,
    /// Of a composite: where to go on.
    pub next_token: Option<Text>,
}

/// Rows that have something in common.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// What.
    pub key: GroupKey,
    /// How many they are.
    pub row_count: i64,
    /// Numbers about them.
    pub aggregations: Vec<AggregationResult>,
    /// Groups of them.
    pub group_bys: Vec<GroupByResult>,
}

/// What the rows of a group have in common.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum GroupKey {
    /// A value as text.
    Field(Text),
    /// A range of a number or a distance in metres. An end that is not there is sent as infinity (official Go client).
    Range {
        /// The first.
        from: Option<f64>,
        /// What it ends before.
        to: Option<f64>,
    },
    /// The query at this group's place.
    Filter,
    /// Where a step begins.
    Histogram(Value),
    /// Where a step begins: milliseconds since 1970-01-01 UTC.
    DateHistogram(i64),
    /// A geohash and its square.
    GeoGrid(String, Option<GeoGrid>),
    /// A value of each source; `None` where rows have none.
    Composite(Vec<Option<Text>>),
}

impl GroupByKind {
    /// The number of `row_count`; those of what is inside follow it.
    const fn count_tag(self) -> u32 {
        match self {
            Self::Filter => 1,
            Self::Field | Self::Histogram | Self::DateHistogram | Self::Composite => 2,
            Self::Range | Self::GeoDistance | Self::GeoGrid => 3,
        }
    }
}

/// A group with its kind, which decides the numbers of its fields.
struct Item<'a>(GroupByKind, &'a Group);

impl Item<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let Self(kind, group) = self;
        match &group.key {
            GroupKey::Field(key) => key.put_slot(1, out),
            GroupKey::Range { from, to } => {
                from.unwrap_or(f64::NEG_INFINITY).put_slot(1, out);
                to.unwrap_or(f64::INFINITY).put_slot(2, out);
            }
            GroupKey::Filter => {}
            GroupKey::Histogram(key) => key.put_slot(1, out),
            GroupKey::DateHistogram(key) => key.put_slot(1, out),
            GroupKey::GeoGrid(key, grid) => {
                key.put_slot(1, out);
                grid.put_slot(2, out);
            }
            GroupKey::Composite(keys) => {
                for key in keys {
                    key.clone().unwrap_or_default().put_slot(1, out);
                }
            }
        }
        let tag = kind.count_tag();
        group.row_count.put_slot(tag, out);
        list::put(&group.aggregations, tag + 1, out);
        list::put(&group.group_bys, tag + 2, out);
        if let GroupKey::Composite(keys) = &group.key {
            for key in keys {
                key.is_none().put_slot(5, out);
            }
        }
    }

    fn read(kind: GroupByKind, fields: &Fields) -> Result<Group, WireFault> {
        let key = match kind {
            GroupByKind::Field => GroupKey::Field(Slot::take_slot(fields, 1, "group.key")?),
            GroupByKind::Range | GroupByKind::GeoDistance => GroupKey::Range {
                from: Option::take_slot(fields, 1, "group.from")?.filter(|from| *from != f64::NEG_INFINITY),
                to: Option::take_slot(fields, 2, "group.to")?.filter(|to| *to != f64::INFINITY),
            },
            GroupByKind::Filter => GroupKey::Filter,
            GroupByKind::Histogram => GroupKey::Histogram(Slot::take_slot(fields, 1, "group.key")?),
            GroupByKind::DateHistogram => GroupKey::DateHistogram(Slot::take_slot(fields, 1, "group.timestamp")?),
            GroupByKind::GeoGrid => GroupKey::GeoGrid(
                Slot::take_slot(fields, 1, "group.key")?,
                Slot::take_slot(fields, 2, "group.geo_grid")?,
            ),
            GroupByKind::Composite => {
                let keys: Vec<Text> = Slot::take_slot(fields, 1, "group.keys")?;
                let null: Vec<bool> = Slot::take_slot(fields, 5, "group.is_null_keys")?;
                let is_null = |at: usize| null.get(at).copied().unwrap_or(false);
                GroupKey::Composite(
                    keys.into_iter().enumerate().map(|(at, key)| (!is_null(at)).then_some(key)).collect(),
                )
            }
        };
        let tag = kind.count_tag();
        Ok(Group {
            key,
            row_count: Slot::take_slot(fields, tag, "group.row_count")?,
            aggregations: list::take(fields, tag + 1, "group.sub_aggs_result")?,
            group_bys: list::take(fields, tag + 2, "group.sub_group_bys_result")?,
        })
    }
}

/// The message that holds the groups.
struct Body<'a>(GroupByKind, &'a GroupByResult);

impl Wire for GroupByResult {
    fn write(&self, out: &mut Vec<u8>) {
        self.name.put_slot(1, out);
        let Some(kind) = self.kind else { return };
        kind.number().put_slot(2, out);
        crate::wire::put_sized(3, out, |out| Body(kind, self).write(out));
    }

    fn read(fields: &Fields) -> Result<Self, WireFault> {
        let number: i32 = Slot::take_slot(fields, 2, "group_by.type")?;
        let name = Slot::take_slot(fields, 1, "group_by.name")?;
        let Ok(kind) = GroupByKind::from_number(number, "group_by.type") else {
            return Ok(Self { name, kind: None, groups: Vec::new(), source_names: Vec::new(), next_token: None });
        };
        let body = fields.message(3, "group_by.result")?;
        let items = body.messages(1, "group_by.items")?;
        let groups = items.iter().map(|item| Item::read(kind, item)).collect::<Result<_, _>>()?;
        let (mut source_names, mut next_token) = (Vec::new(), None);
        if kind == GroupByKind::Composite {
            source_names = Slot::take_slot(&body, 2, "group_by.source_group_by_names")?;
            next_token = Slot::take_slot(&body, 3, "group_by.next_token")?;
        }
        Ok(Self { name, kind: Some(kind), groups, source_names, next_token })
    }
}

impl Body<'_> {
    fn write(&self, out: &mut Vec<u8>) {
        let Self(kind, result) = self;
        for group in &result.groups {
            crate::wire::put_sized(1, out, |out| Item(*kind, group).write(out));
        }
        result.source_names.put_slot(2, out);
        result.next_token.put_slot(3, out);
    }
}
