//! Filters against the golden vectors, the limits, and what they do to rows.

#[cfg(feature = "server")]
mod rows;

use super::{CastType, ColumnFilter, Combinator, Comparator, Filter, FilterError, ValueTransfer};
use crate::plain_buffer::tests::vectors::{self, hex, list, text};
use crate::{Condition, RowExistence};

fn comparator(json: &serde_json::Value) -> Comparator {
    match text(json, "comparator") {
        "EQUAL" => Comparator::Equal,
        "NOT_EQUAL" => Comparator::NotEqual,
        "GREATER_THAN" => Comparator::GreaterThan,
        "GREATER_EQUAL" => Comparator::GreaterEqual,
        "LESS_THAN" => Comparator::LessThan,
        "LESS_EQUAL" => Comparator::LessEqual,
        other => panic!("comparator {other}"),
    }
}

fn filter(json: &serde_json::Value) -> Filter {
    let number = |name: &str| u32::try_from(json[name].as_u64().unwrap()).unwrap();
    match text(json, "type") {
        "single" | "single_regex" => Filter::Column(ColumnFilter {
            column: text(json, "column").into(),
            comparator: comparator(json),
            value: vectors::value(&json["value"]),
            filter_if_missing: !json["pass_if_missing"].as_bool().unwrap(),
            latest_version_only: json["latest_version_only"].as_bool().unwrap(),
            value_transfer: json["regex"].as_str().map(|regex| {
                assert_eq!(text(json, "cast_type"), "VT_INTEGER");
                ValueTransfer { regex: regex.to_owned(), cast: Some(CastType::Integer) }
            }),
        }),
        "composite" => Filter::Composite {
            combinator: match text(json, "combinator") {
                "NOT" => Combinator::Not,
                "AND" => Combinator::And,
                "OR" => Combinator::Or,
                other => panic!("combinator {other}"),
            },
            filters: list(json, "sub_filters").iter().map(filter).collect(),
        },
        "column_pagination" => Filter::columns_page(number("offset"), number("limit")),
        other => panic!("filter {other}"),
    }
}

#[test]
fn filters_are_written_and_read_as_the_official_client_does() {
    let file = vectors::file("tablestore-rows.json");
    let filters = list(&file, "filters");
    assert_eq!(filters.len(), 7);
    for vector in filters {
        let (filter, bytes) = (filter(&vector["filter"]), hex(vector, "hex"));
        assert_eq!(filter.encode().as_deref(), Ok(bytes.as_slice()));
        assert_eq!(Filter::decode(&bytes), Ok(filter));
    }
}

#[test]
fn the_builders_make_the_filters_of_the_official_client() {
    let file = vectors::file("tablestore-rows.json");
    let built: [Filter; 7] = [
        ColumnFilter::equal("c", 1).into(),
        ColumnFilter::greater_than("c", "z").filter_if_missing(true).latest_version_only(false).into(),
        Filter::all([ColumnFilter::equal("a", true), ColumnFilter::less_than("b", 0.5)]),
        Filter::not(ColumnFilter::equal("a", [1])),
        ColumnFilter::greater_equal("p", 10)
            .filter_if_missing(true)
            .value_transfer(r"v(\d+)", CastType::Integer)
            .into(),
        Filter::columns_page(0, 10),
        Filter::columns_page(5, 1),
    ];
    for (built, vector) in built.iter().zip(list(&file, "filters")) {
        // Golden bytes of `pass_if_missing: true` have field 4 as 0: `filter_if_missing` is its opposite.
        assert_eq!(built.encode().as_deref(), Ok(hex(vector, "hex").as_slice()), "{built:?}");
    }
}

#[test]
fn conditions_are_written_and_read_as_the_official_client_does() {
    // The condition of `put_row_condition_single_filter` in tablestore-requests.json.
    let bytes = vectors::bytes("0801121f0801121b0801120573746174651a0c030700000070656e64696e6720012801");
    let condition = Condition::expect_exist().column(ColumnFilter::equal("state", "pending").filter_if_missing(true));
    assert_eq!(condition.encode().as_deref(), Ok(bytes.as_slice()));
    assert_eq!(Condition::decode(&bytes), Ok(condition));
    for (condition, bytes) in
        [(Condition::ignore(), [8, 0]), (Condition::expect_exist(), [8, 1]), (Condition::expect_not_exist(), [8, 2])]
    {
        assert_eq!(condition.encode().as_deref(), Ok(bytes.as_slice()));
        assert_eq!(Condition::decode(&bytes), Ok(condition));
    }
}

#[test]
fn many_filters_are_joined_in_pairs_and_sdk_lists_are_read() {
    let one = |name: &str| Filter::from(ColumnFilter::exist(name));
    let joined = Filter::any([one("a"), one("b"), one("c")]);
    let Filter::Composite { combinator: Combinator::Or, filters } = &joined else { panic!("{joined:?}") };
    assert_eq!(filters.len(), 2);
    assert_eq!(Filter::decode(&joined.encode().unwrap()), Ok(joined));

    let list = Filter::Composite { combinator: Combinator::Or, filters: vec![one("a"), one("b"), one("c")] };
    assert_eq!(Filter::decode(&list.encode().unwrap()), Ok(list));
    assert_eq!(Filter::all([one("a")]), one("a"));
}

#[test]
fn a_server_reads_ten_comparisons_and_the_client_sends_more() {
    let many = |count: usize| Filter::all((0..count).map(|n| ColumnFilter::exist(format!("c{n}"))));
    let ten = many(10);
    assert_eq!(Filter::decode(&ten.encode().unwrap()), Ok(ten));
    // The number of eleven is the service's to refuse. They are one list, which counts least there, and which is not too deep
    // for the stack however long it is.
    for count in [11, 31, 32, 200_000] {
        let Filter::Composite { combinator: Combinator::And, filters } = &many(count) else { panic!("{count}") };
        assert_eq!(filters.len(), count);
        assert_eq!(Filter::decode(&many(count).encode().unwrap()), Err(FilterError::TooManyConditions(count)));
    }
    let condition = Condition::ignore().column(many(11)).encode().unwrap();
    assert_eq!(Condition::decode(&condition), Err(FilterError::TooManyConditions(11)));
}

#[test]
fn what_the_service_does_not_take_is_refused_before_it_is_sent() {
    let one = || Filter::from(ColumnFilter::exist("a"));
    assert_eq!(
        Filter::all::<Filter>([]).encode(),
        Err(FilterError::SubFilters { combinator: Combinator::And, count: 0 })
    );
    let not = Filter::Composite { combinator: Combinator::Not, filters: vec![one(), one()] };
    assert_eq!(not.encode(), Err(FilterError::SubFilters { combinator: Combinator::Not, count: 2 }));
    let page = Filter::columns_page(0, 1);
    assert_eq!(Filter::all([one(), page.clone()]).encode(), Err(FilterError::MisplacedPagination));
    assert_eq!(Condition::ignore().column(page).encode(), Err(FilterError::MisplacedPagination));
    assert_eq!(Filter::columns_page(u32::MAX, 1).encode(), Err(FilterError::PageOutOfRange));
    let deep = (0..40).fold(one(), |filter, _| Filter::not(filter));
    assert_eq!(deep.encode(), Err(FilterError::TooDeep));
}

#[test]
fn damaged_filters_are_refused() {
    fn bad<T>(message: &'static str, field: &'static str) -> Result<T, FilterError> {
        Err(FilterError::BadField { message, field })
    }
    assert_eq!(Filter::decode(&[]), bad("Filter", "filter"));
    assert_eq!(Filter::decode(&vectors::bytes("08091200")), bad("Filter", "type"));
    assert_eq!(Filter::decode(&vectors::bytes("08011200")), bad("SingleColumnValueFilter", "column_value"));
    assert_eq!(Filter::decode(&vectors::bytes("08021200")), bad("CompositeColumnValueFilter", "combinator"));
    assert_eq!(Filter::decode(&vectors::bytes("08031200")), bad("ColumnPaginationFilter", "offset"));
    assert_eq!(Filter::decode(&[0xff]), Err(FilterError::NotAMessage("Filter")));
    assert_eq!(Condition::decode(&[]), bad("Condition", "row_existence"));
    assert_eq!(Condition::decode(&[8, 9]), bad("Condition", "row_existence"));
    let single = "080112140801120163 1a09 ff00000000000000002000 2801".replace(' ', "");
    assert!(matches!(Filter::decode(&vectors::bytes(&single)), Err(FilterError::BadValue(_))));

    // A thousand negations, each a message inside the last.
    let mut deep = Filter::from(ColumnFilter::exist("a")).encode().unwrap();
    for _ in 0..1000 {
        let inner = [&[8, 1, 18], varint(deep.len()).as_slice(), &deep].concat();
        deep = [&[8, 2, 18], varint(inner.len()).as_slice(), &inner].concat();
    }
    assert_eq!(Filter::decode(&deep), Err(FilterError::TooDeep));
}

fn varint(mut value: usize) -> Vec<u8> {
    let mut out = Vec::new();
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap() | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap());
    out
}

#[test]
fn every_prefix_and_flipped_bit_of_a_filter_is_refused_or_read_consistently() {
    let file = vectors::file("tablestore-rows.json");
    for vector in list(&file, "filters") {
        let bytes = hex(vector, "hex");
        let mut changed: Vec<Vec<u8>> = (0..bytes.len()).map(|length| bytes[..length].to_vec()).collect();
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            changed.push(flipped);
        }
        for bytes in changed {
            if let Ok(filter) = Filter::decode(&bytes) {
                let again = filter.encode().unwrap();
                assert_eq!(Filter::decode(&again).unwrap().encode(), Ok(again));
            }
        }
    }
}

#[test]
fn a_condition_demands_nothing_unless_told() {
    assert_eq!(Condition::default(), Condition::ignore());
    assert_eq!(Condition::default().row_existence, RowExistence::Ignore);
}
