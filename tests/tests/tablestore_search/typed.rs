//! Hits as values of a type: of a page, of a stream, of all parts of an index.

use std::error::Error as _;

use campaign_client::ErrorKind;
use campaign_tablestore::search::{ColumnsToGet, IndexScan, Query, ReturnType, Sorter};
use campaign_tablestore::{Entity, EntityError, Search};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};

use crate::bed::{Bed, INDEX, TABLE, search};

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Book {
    id: String,
    state: Option<State>,
    pages: Option<u32>,
    price: Option<f64>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum State {
    Open,
    Closed,
    Withdrawn,
}

impl Entity for Book {
    const KEY: &'static [&'static str] = &["id"];
}

fn all() -> Search {
    search(Query::all()).columns_to_get(ColumnsToGet::of(ReturnType::AllFromIndex))
}

fn expected() -> Vec<Book> {
    let book = |id: &str, state, pages, price| Book { id: id.to_owned(), state, pages, price };
    vec![
        book("a", Some(State::Open), Some(20), Some(1.5)),
        book("b", Some(State::Open), Some(35), Some(2.5)),
        book("c", Some(State::Closed), Some(50), None),
        book("d", Some(State::Closed), Some(18), Some(4.0)),
        book("e", Some(State::Withdrawn), Some(35), Some(2.5)),
        book("f", None, None, None),
    ]
}

#[tokio::test]
async fn a_page_a_stream_and_a_scan_give_values_of_the_type() {
    let bed = Bed::books().await;
    let page = bed.client.send(&all()).await.unwrap();
    assert_eq!(page.rows_as::<Book>().unwrap(), expected());
    let stream = all().limit(2).rows_as::<Book>(&bed.client);
    assert_eq!(stream.try_collect::<Vec<_>>().await.unwrap(), expected());
    let scan = IndexScan::new(TABLE, INDEX, Query::all()).limit(2).rows_as::<Book>(&bed.client).await.unwrap();
    let mut scanned: Vec<Book> = scan.try_collect().await.unwrap();
    scanned.sort_by(|a, b| a.id.cmp(&b.id));
    assert_eq!(scanned, expected());
}

#[tokio::test]
async fn a_value_of_a_page_may_borrow_from_it_and_stands_beside_its_hit() {
    #[derive(Deserialize)]
    struct Short<'a> {
        id: &'a str,
        title: &'a str,
    }
    let bed = Bed::books().await;
    let winter = search(Query::words("title", "winter")).columns_to_get(ColumnsToGet::named(["title"]));
    let page = bed.client.send(&winter.sort_by([Sorter::score()])).await.unwrap();
    let books = page.rows_as::<Short<'_>>().unwrap();
    assert_eq!(books.len(), page.hits.len());
    assert_eq!((books[0].id, books[0].title), ("c", "Winter sea"));
    assert!(page.hits[0].score.is_some_and(|score| score > 0.0));
}

#[tokio::test]
async fn a_row_that_does_not_fit_the_type_is_an_error_that_names_the_column_and_ends_the_stream() {
    #[derive(Debug, Deserialize)]
    struct Strict {
        #[expect(dead_code, reason = "only whether it can be read is looked at")]
        pages: u8,
        #[expect(dead_code, reason = "only whether it can be read is looked at")]
        price: f64,
    }
    let bed = Bed::books().await;
    let page = bed.client.send(&all()).await.unwrap();
    let check = |error: campaign_client::Error| {
        assert_eq!(error.kind(), ErrorKind::Unreadable);
        let source = error.source().unwrap().downcast_ref::<EntityError>().unwrap();
        assert!(source.to_string().contains("price"), "{source}");
    };
    check(page.rows_as::<Strict>().unwrap_err());
    let mut stream = all().limit(1).rows_as::<Strict>(&bed.client);
    assert!(stream.try_next().await.unwrap().is_some() && stream.try_next().await.unwrap().is_some());
    check(stream.try_next().await.unwrap_err());
    let sent = bed.sent("Search");
    assert!(stream.try_next().await.unwrap().is_none());
    assert_eq!(bed.sent("Search"), sent, "a stream that has ended asks for nothing");
    // Of a row without the columns nothing but its key can be read.
    let keys = bed.client.send(&search(Query::all())).await.unwrap();
    let books = keys.rows_as::<Book>().unwrap();
    assert!(books.iter().all(|book| book.pages.is_none()), "no columns were asked for");
}
