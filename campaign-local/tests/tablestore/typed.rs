//! Rows as Rust types.

use campaign_tablestore::{
    CreateTable, Entity, GetRange, GetRow, PutRow, RangeCursor, ReturnContent, Row, Table, TableScan, UpdateRow, binary,
};
use chrono::{DateTime, NaiveDate, Utc};
use futures_util::{StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};

use crate::bed;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum State {
    New,
    CheckedIn,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Email(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Visit {
    pub(crate) page: String,
    pub(crate) seq: i64,
    pub(crate) email: Email,
    pub(crate) state: State,
    pub(crate) note: Option<String>,
    pub(crate) born: NaiveDate,
    #[serde(with = "chrono::serde::ts_milliseconds")]
    pub(crate) at: DateTime<Utc>,
    pub(crate) score: f64,
    pub(crate) visitors: u64,
    #[serde(default, with = "binary::option")]
    pub(crate) photo: Option<Vec<u8>>,
}

impl Entity for Visit {
    const KEY: &'static [&'static str] = &["page", "seq"];
}

pub(crate) fn visit(page: &str, seq: i64) -> Visit {
    Visit {
        page: page.into(),
        seq,
        email: Email("li@example.com".into()),
        state: State::CheckedIn,
        note: Some("hello".into()),
        born: NaiveDate::from_ymd_opt(2001, 2, 3).unwrap(),
        at: DateTime::from_timestamp_millis(1_790_000_000_123).unwrap(),
        score: 0.5,
        visitors: 7,
        photo: Some(vec![0, 255]),
    }
}

#[tokio::test]
async fn a_value_is_put_read_changed_and_deleted_as_its_type() {
    let bed = bed().await;
    let meta = Visit::table_meta("visits", &["email", "at"]).unwrap();
    bed.client.send(&CreateTable::new(meta.clone())).await.unwrap();
    let table = Table::<Visit>::new(&bed.client, "visits");
    let one = visit("home", i64::MIN);

    assert_eq!(table.get(("home", i64::MIN)).await.unwrap(), None);
    table.insert(&one).await.unwrap();
    assert_eq!(table.get(("home", i64::MIN)).await.unwrap().as_ref(), Some(&one));
    assert!(table.insert(&one).await.unwrap_err().is_conflict());

    // A column of another program survives an update and not a put.
    let other = one.to_row().unwrap();
    bed.client.send(&PutRow::new("visits", other.with("other", 1))).await.unwrap();
    let bare = Visit { note: None, photo: None, visitors: 8, ..one.clone() };
    table.update(&bare).await.unwrap();
    assert_eq!(table.get(("home", i64::MIN)).await.unwrap().as_ref(), Some(&bare));
    let untyped =
        async || bed.client.send(&GetRow::new("visits", Visit::key(("home", i64::MIN)).unwrap())).await.unwrap();
    let row = untyped().await.row.unwrap();
    assert!(row.get("other").is_some() && row.get("note").is_none());
    table.put(&one).await.unwrap();
    assert!(untyped().await.row.unwrap().get("other").is_none());

    table.delete(("home", i64::MIN)).await.unwrap();
    assert_eq!(table.get(("home", i64::MIN)).await.unwrap(), None);
    table.update(&one).await.unwrap();
    assert_eq!(table.get(("home", i64::MIN)).await.unwrap(), Some(one));
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_column_and_not_sent() {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(Visit::table_meta("visits", &[]).unwrap())).await.unwrap();
    let table = Table::<Visit>::new(&bed.client, "visits");
    let error = table.put(&Visit { visitors: u64::MAX, ..visit("a", 1) }).await.unwrap_err();
    assert_eq!(error.kind(), campaign_client::ErrorKind::Invalid);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.starts_with("column `visitors`: the number is out of range"), "{source}");
    assert_eq!(table.get("a").await.unwrap_err().kind(), campaign_client::ErrorKind::Invalid, "half a key");

    let row = Row::new(Visit::key(("a", 1)).unwrap()).with("email", 5);
    bed.client.send(&PutRow::new("visits", row)).await.unwrap();
    let error = table.get(("a", 1)).await.unwrap_err();
    assert_eq!(error.kind(), campaign_client::ErrorKind::Unreadable);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "column `email`: found an integer, expected a string");
}

#[tokio::test]
async fn a_number_that_the_service_chooses_comes_back() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Order {
        shop: String,
        number: Option<i64>,
        total: f64,
    }
    impl Entity for Order {
        const KEY: &'static [&'static str] = &["shop", "number"];
        const AUTO_INCREMENT: Option<&'static str> = Some("number");
    }
    let bed = bed().await;
    bed.client.send(&CreateTable::new(Order::table_meta("orders", &[]).unwrap())).await.unwrap();
    let order = Order { shop: "a".into(), number: None, total: 1.5 };
    let put = PutRow::new("orders", order.to_row().unwrap()).return_content(ReturnContent::PrimaryKey);
    let number = bed.client.send(&put).await.unwrap().row.unwrap().key("number").unwrap().as_i64().unwrap();
    let found = Table::<Order>::new(&bed.client, "orders").get(("a", number)).await.unwrap().unwrap();
    assert_eq!((found.number, found.total), (Some(number), 1.5));
    // Counters are changed without the type.
    let update = campaign_tablestore::RowUpdate::new(Order::key(("a", number)).unwrap()).increment("sold", 2);
    let sold = UpdateRow::new("orders", update).return_content(ReturnContent::after_modify(["sold"]));
    assert_eq!(bed.client.send(&sold).await.unwrap().row.unwrap().get("sold").unwrap().as_i64(), Some(2));
}

#[tokio::test]
async fn rows_of_a_type_are_read_in_order_and_gone_on_with() {
    let bed = bed().await;
    bed.client.send(&CreateTable::new(Visit::table_meta("visits", &[]).unwrap())).await.unwrap();
    let table = Table::<Visit>::new(&bed.client, "visits");
    for page in ["away", "home"] {
        for seq in -5..20 {
            table.put(&visit(page, seq)).await.unwrap();
        }
    }
    let home: Vec<Visit> = table.rows("home").unwrap().try_collect().await.unwrap();
    assert_eq!(home, (-5..20).map(|seq| visit("home", seq)).collect::<Vec<_>>());

    let range = || table.range(()).unwrap().limit(7);
    let mut rows = range().rows_as::<Visit>(&bed.client);
    let mut all: Vec<Visit> = rows.by_ref().take(11).try_collect().await.unwrap();
    let cursor: RangeCursor = rows.cursor().unwrap().to_string().parse().unwrap();
    drop(rows);
    all.extend(range().resume(&cursor).unwrap().rows_as::<Visit>(&bed.client).try_collect::<Vec<_>>().await.unwrap());
    assert_eq!(all.len(), 50);
    assert!(all.is_sorted_by_key(|visit| (visit.page.clone(), visit.seq)));

    let cut = |page: &str, seq: i64| Visit::key((page, seq)).unwrap();
    let GetRange { inclusive_start_primary_key: low, exclusive_end_primary_key: high, .. } = range();
    let bounds = [low, cut("away", 3), cut("home", -5), cut("home", 8), high];
    let parts = bounds.windows(2).map(|pair| GetRange::new("visits", pair[0].clone(), pair[1].clone()).limit(3));
    let mut scan = TableScan::new(parts).at_once(2).rows_as::<Visit>(&bed.client);
    let mut found: Vec<Visit> = scan.by_ref().take(20).try_collect().await.unwrap();
    let rest = TableScan::resume(&range(), &scan.checkpoint()).unwrap();
    found.extend(rest.rows_as::<Visit>(&bed.client).try_collect::<Vec<_>>().await.unwrap());
    found.sort_by_key(|visit| (visit.page.clone(), visit.seq));
    assert_eq!(found, all);
}
