//! What filters and conditions do to rows.

use super::{CastType, ColumnFilter, Filter};
use crate::{BadPattern, Condition, PrimaryKey, Row, Value};

fn row() -> Row {
    Row::new(PrimaryKey::new().with("id", "a"))
        .with_version("b", true, 1)
        .with_version("n", 5, 30)
        .with_version("n", 50, 20)
        .with_version("s", "m", 1)
        .with_version("x", [0x80], 1)
}

fn passes(filter: impl Into<Filter>) -> bool {
    filter.into().matches(&row()).unwrap()
}

#[test]
fn each_comparison_means_what_it_says() {
    let values: [(&str, Value, Value, Value); 3] = [
        ("n", 4.into(), 5.into(), 6.into()),
        ("s", "a".into(), "m".into(), "z".into()),
        ("x", [0x7f].into(), [0x80].into(), [0x80, 0x00].into()),
    ];
    for (name, less, same, more) in values {
        for (value, expected) in [
            (less, [false, true, true, true, false, false]),
            (same, [true, false, false, true, false, true]),
            (more, [false, true, false, false, true, true]),
        ] {
            let found = [
                ColumnFilter::equal(name, value.clone()),
                ColumnFilter::not_equal(name, value.clone()),
                ColumnFilter::greater_than(name, value.clone()),
                ColumnFilter::greater_equal(name, value.clone()),
                ColumnFilter::less_than(name, value.clone()),
                ColumnFilter::less_equal(name, value.clone()),
            ]
            .map(passes);
            assert_eq!(found, expected, "{name}");
        }
    }
    assert!(passes(ColumnFilter::greater_than("b", false)));
}

#[test]
fn a_row_without_the_column_passes_unless_told_otherwise() {
    assert!(passes(ColumnFilter::equal("gone", 1)));
    assert!(!passes(ColumnFilter::equal("gone", 1).filter_if_missing(true)));
    assert!(passes(ColumnFilter::exist("n")) && !passes(ColumnFilter::exist("gone")));
    assert!(passes(ColumnFilter::not_exist("gone").filter_if_missing(true)) && !passes(ColumnFilter::not_exist("n")));
}

#[test]
fn older_versions_count_only_when_asked() {
    assert!(!passes(ColumnFilter::equal("n", 50)));
    assert!(passes(ColumnFilter::equal("n", 50).latest_version_only(false)));
    assert!(!passes(ColumnFilter::equal("n", 51).latest_version_only(false)));
}

#[test]
fn a_value_of_another_type_is_neither_equal_nor_in_order() {
    assert!(!passes(ColumnFilter::equal("n", 5.0)));
    assert!(passes(ColumnFilter::not_equal("n", 5.0)));
    assert!(!passes(ColumnFilter::less_equal("n", "9")) && !passes(ColumnFilter::greater_equal("n", "9")));
}

#[test]
fn filters_are_joined_by_their_operator() {
    let (yes, no) = (|| Filter::from(ColumnFilter::exist("n")), || Filter::from(ColumnFilter::exist("gone")));
    assert!(passes(Filter::all([yes(), yes(), yes()])) && !passes(Filter::all([yes(), yes(), no()])));
    assert!(passes(Filter::any([no(), no(), yes()])) && !passes(Filter::any([no(), no(), no()])));
    assert!(passes(Filter::not(no())) && !passes(Filter::not(yes())));
}

#[test]
fn a_value_transfer_rule_compares_a_part_of_a_text() {
    let row = Row::new(PrimaryKey::new().with("id", "a"))
        .with("state", "{cluster_name:name 1,lastupdatetime:12345}")
        .with("number", 12_345)
        .with("half", "x=0.5;x=7");
    let passes = |filter: ColumnFilter| Filter::from(filter).matches(&row).unwrap();
    let time = |filter: ColumnFilter| filter.value_transfer("lastupdatetime:([0-9]+)}", CastType::Integer);
    assert!(passes(time(ColumnFilter::equal("state", 12_345))) && passes(time(ColumnFilter::greater_than("state", 9))));
    assert!(!passes(time(ColumnFilter::greater_than("state", 12_345))));
    let text = |filter: ColumnFilter| filter.value_transfer("name:([a-z]+)", CastType::String);
    assert!(passes(text(ColumnFilter::equal("state", "name"))) && !passes(text(ColumnFilter::equal("state", "names"))));
    assert!(
        passes(ColumnFilter::equal("half", 0.5).value_transfer("x=([0-9.]+)", CastType::Double)),
        "the first match"
    );
    assert!(passes(ColumnFilter::equal("half", b"x=0".to_vec()).value_transfer("x=0", CastType::Binary)), "no group");
    assert!(passes(ColumnFilter::exist("number").value_transfer("(.)", CastType::String)));
    assert!(passes(time(ColumnFilter::equal("gone", 1))), "filter_if_missing is false");
    for nothing in [
        ColumnFilter::not_equal("number", 1).value_transfer("(.)", CastType::Integer),
        ColumnFilter::not_equal("state", 1).value_transfer("(nowhere)", CastType::Integer),
        ColumnFilter::not_equal("state", 1).value_transfer("(name)", CastType::Integer),
        ColumnFilter::not_equal("state", 1).value_transfer("(z)?cluster", CastType::Integer),
        ColumnFilter::not_equal("state", 1).value_transfer("(name)", CastType::Null),
    ] {
        assert!(!passes(nothing.clone()), "{nothing:?}");
    }
}

#[test]
fn an_expression_that_is_none_is_refused_even_where_it_would_not_decide() {
    for expression in ["(", "((a{1,1000}){1,1000})"] {
        let rule = ColumnFilter::equal("s", 1).value_transfer(expression, CastType::Integer);
        assert_eq!(Filter::from(rule.clone()).matches(&row()), Err(BadPattern));
        let decided = Filter::any([ColumnFilter::exist("n"), rule]);
        assert_eq!(decided.matches(&row()), Err(BadPattern));
        assert_eq!(Condition::ignore().column(decided).holds(None), Err(BadPattern));
    }
}

#[test]
fn many_expressions_are_compiled_one_after_the_other() {
    let row = Row::new(PrimaryKey::new().with("id", "a")).with("s", "n17");
    let equal =
        |n: usize| ColumnFilter::equal("s", "17").value_transfer(format!("n{{1,{n}}}([0-9]+)"), CastType::String);
    for n in (1..60).chain(1..60) {
        assert_eq!(Filter::from(equal(n)).matches(&row), Ok(true), "{n}");
    }
}

#[test]
fn a_page_takes_columns_with_all_their_versions() {
    let names = |offset, limit| {
        let mut row = row();
        assert_eq!(Filter::columns_page(offset, limit).apply(&mut row), Ok(true));
        row.columns.iter().map(|column| column.name.to_string()).collect::<Vec<_>>().join("")
    };
    assert_eq!(names(0, 10), "bnnsx");
    assert_eq!(names(1, 2), "nns");
    assert_eq!(names(3, 9), "x");
    assert_eq!(names(4, 9), "");
    assert_eq!(names(0, 0), "");
    assert_eq!(names(u32::MAX, u32::MAX), "");
}

#[test]
fn a_condition_looks_at_existence_and_columns() {
    let five = || ColumnFilter::equal("n", 5).filter_if_missing(true);
    let row = row();
    let cases = [
        (Condition::ignore(), true, true),
        (Condition::expect_exist(), true, false),
        (Condition::expect_not_exist(), false, true),
        (Condition::expect_exist().column(five()), true, false),
        (Condition::ignore().column(five()), true, false),
        (Condition::ignore().column(ColumnFilter::equal("n", 6)), false, true),
    ];
    for (condition, there, absent) in cases {
        assert_eq!(condition.holds(Some(&row)), Ok(there), "{condition:?}");
        assert_eq!(condition.holds(None), Ok(absent), "{condition:?}");
    }
}
