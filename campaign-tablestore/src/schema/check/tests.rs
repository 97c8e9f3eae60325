//! Schemas good and bad, each verdict beside what the hottest of 16 partitions would get.

use std::time::Duration;

use super::{Finding, Growth, check};
use crate::{
    CreateTable, KeyValue,
    schema::{ColumnType, IndexMeta, IndexType, KeyType, TableMeta, TableOptions},
};

/// A column, how it should be judged, and its `n`th value.
type Case = (&'static str, KeyType, Option<Growth>, fn(u64) -> KeyValue);

/// A number that looks like no other.
fn mixed(n: u64) -> u64 {
    // The finaliser of splitmix64.
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

const CASES: &[Case] = &[
    ("id", KeyType::Integer, Some(Growth::Sequence), |n| KeyValue::Integer(n.cast_signed())),
    ("order_no", KeyType::Integer, Some(Growth::Sequence), |n| KeyValue::Integer(n.cast_signed())),
    ("userSeq", KeyType::Integer, Some(Growth::Sequence), |n| KeyValue::Integer(n.cast_signed())),
    ("created_at", KeyType::Integer, Some(Growth::Time), |n| KeyValue::Integer(1_790_000_000_000 + n.cast_signed())),
    ("ts", KeyType::String, Some(Growth::Time), |n| {
        format!("2026-11-11T{:02}:{:02}:{:02}Z", n / 3600, n / 60 % 60, n % 60).into()
    }),
    ("dayTime", KeyType::Binary, Some(Growth::Time), |n| n.to_be_bytes().into()),
    ("ulid", KeyType::String, Some(Growth::TimeOrderedId), |n| format!("01K9RQ{n:010X}{:010X}", mixed(n) >> 24).into()),
    ("entry-uuidv7", KeyType::Binary, Some(Growth::TimeOrderedId), |n| {
        (u128::from(n) << 64 | u128::from(mixed(n))).to_be_bytes().into()
    }),
    ("status", KeyType::String, Some(Growth::FewValues), |n| if n.is_multiple_of(10) { "sent" } else { "new" }.into()),
    ("campaign_id", KeyType::String, Some(Growth::FewValues), |_| "double11".into()),
    ("k", KeyType::String, None, |n| format!("{:016x}", mixed(n)).into()),
    ("email_hash", KeyType::Binary, None, |n| mixed(n).to_be_bytes().into()),
    ("day_bucket", KeyType::Integer, None, |n| KeyValue::Integer((n % 256).cast_signed())),
    ("user_id", KeyType::String, None, |n| format!("u{:x}", mixed(n)).into()),
    ("token", KeyType::String, None, |n| format!("{:x}", mixed(n)).into()),
    ("candidate", KeyType::String, None, |n| format!("{:x}", mixed(n)).into()),
];

/// What the hottest of 16 partitions gets of the second 10,000 rows, if the table is divided by the first 10,000.
fn hottest(value: fn(u64) -> KeyValue) -> f64 {
    let mut seen: Vec<_> = (0..10_000).map(value).collect();
    seen.sort();
    let mut cuts: Vec<_> = (1..16).map(|n| seen[n * 625].clone()).collect();
    cuts.dedup();
    let mut rows = [0_u32; 16];
    for n in 10_000..20_000 {
        rows[cuts.partition_point(|cut| *cut <= value(n))] += 1;
    }
    f64::from(rows.into_iter().max().unwrap()) / 10_000.0
}

#[test]
fn what_is_found_is_hot_and_what_is_not_is_spread() {
    for (name, kind, growth, value) in CASES {
        let meta = TableMeta::new("t").key(*name, *kind);
        let found = check(&meta, &TableOptions::default(), &[]);
        let expected = growth.map(|growth| Finding::HotKey { column: (*name).to_owned(), growth });
        assert_eq!(found, Vec::from_iter(expected), "{name}");
        assert!(found.iter().all(Finding::is_guess));
        let share = hottest(*value);
        assert!(if growth.is_some() { share > 0.85 } else { share < 0.1 }, "{name}: {share}");
    }
}

#[test]
fn a_number_that_the_service_counts_up_is_no_guess() {
    let meta = TableMeta::new("t").auto_increment("k");
    let found = check(&meta, &TableOptions::default(), &[]);
    assert_eq!(found, [Finding::HotKey { column: "k".into(), growth: Growth::AutoIncrement }]);
    assert!(!found[0].is_guess());
    let behind = TableMeta::new("t").key("k", KeyType::String).auto_increment("id");
    assert_eq!(check(&behind, &TableOptions::default(), &[]), []);
}

fn table() -> TableMeta {
    TableMeta::new("t")
        .key("k", KeyType::String)
        .defined_column("at", ColumnType::Integer)
        .defined_column("email", ColumnType::String)
}

#[test]
fn a_global_index_that_begins_with_a_time_is_hot_and_a_local_one_is_not() {
    let create = CreateTable::new(table())
        .index(IndexMeta::new("by_time", IndexType::Global, ["at", "k"]))
        .index(IndexMeta::new("by_email", IndexType::Global, ["email", "at"]))
        .index(IndexMeta::new("local", IndexType::Local, ["k", "at"]));
    let hot = Finding::HotIndex { index: "by_time".into(), column: "at".into(), growth: Growth::Time };
    assert_eq!(create.check(), [hot]);
    let error = create.checked().unwrap_err();
    assert!(
        error.to_string().contains("the index `by_time` begins with `at`, which has the name of a time"),
        "{error}"
    );
}

#[test]
fn a_time_to_live_beside_an_index_needs_updates_to_be_off() {
    let options = TableOptions::default().time_to_live(Duration::from_secs(86_400));
    let create = |options: TableOptions| {
        CreateTable::new(table()).index(IndexMeta::new("i", IndexType::Local, ["k", "at"])).table_options(options)
    };
    let found = Finding::TimeToLiveBesideIndex { index: "i".into() };
    assert_eq!(create(options.clone()).check(), std::slice::from_ref(&found));
    assert!(!found.is_guess());
    assert_eq!(create(options.clone().allow_update(false)).check(), []);
    assert_eq!(create(TableOptions { update_full_row: Some(true), ..options.clone() }).check(), []);
    assert_eq!(create(TableOptions::default()).check(), [], "kept for ever");
    assert_eq!(CreateTable::new(table()).table_options(options).check(), [], "no index");
}
