//! The law, paging, and pages that are refused.

use super::*;
use crate::{
    ETag, Owner, StorageClass,
    testing::{law, service},
};

fn page(token: Option<&str>) -> ListPage {
    let at = "2024-05-06T07:08:09Z".parse().unwrap();
    let bare = ListedObject::new("a b/活动 +.html", 11, ETag::new("5EB6"), at);
    let full = ListedObject {
        key: "a b/\u{1}\r\n&<>\"'".to_owned(),
        size: u64::MAX,
        object_type: Some("Normal".to_owned()),
        storage_class: Some(StorageClass::ColdArchive),
        owner: Some(Owner { id: "1".to_owned(), display_name: "n".to_owned() }),
        transition_time: Some(at),
        restore_info: Some("ongoing-request=\"true\"".to_owned()),
        ..bare.clone()
    };
    ListPage {
        contents: vec![bare, full],
        common_prefixes: vec!["a b/c%/".to_owned()],
        next_continuation_token: token.map(str::to_owned),
    }
}

fn list() -> ListObjectsV2 {
    ListObjectsV2::new("campaign-site").prefix("a b/").delimiter("/")
}

#[test]
fn the_law_holds() {
    let full = list().start_after("k+1").continuation_token("CgJiYw--==").max_keys(1000).fetch_owner();
    law(&ListObjectsV2::new("campaign-site"), &ListPage::default());
    law(&full, &page(Some("CgJiYw--==")));
}

#[test]
fn a_page_is_read_with_and_without_percent_encoding() {
    let page = page(None);
    for encoded in [true, false] {
        assert_eq!(list().read(page.document(&list(), encoded).as_bytes()).unwrap(), page);
    }
}

#[test]
fn pages_follow_the_token_until_there_is_none() {
    assert_eq!(list().next(&page(Some("t"))).unwrap(), Some(list().continuation_token("t")));
    assert_eq!((list().next(&page(None)).unwrap(), list().next(&page(Some(""))).unwrap()), (None, None));
}

#[test]
fn a_page_of_none_or_of_too_many_is_not_asked_for() {
    for count in [0, 1001] {
        assert!(list().max_keys(count).request(&service()).is_err());
    }
}

#[test]
fn a_page_that_cannot_be_the_answer_is_refused() {
    let document = page(None).document(&list(), true);
    let read = |list: ListObjectsV2, from: &str, to: &str| list.read(document.replace(from, to).as_bytes());
    assert!(matches!(read(list().max_keys(2), "", ""), Err(XmlFault::TooMany("Contents"))));
    assert!(matches!(read(list().prefix("b"), "", ""), Err(XmlFault::Contradiction(_))));
    assert!(matches!(read(list(), "<IsTruncated>false", "<IsTruncated>true"), Err(XmlFault::Missing(_))));
    assert!(matches!(read(list(), "<IsTruncated>false</IsTruncated>", ""), Err(XmlFault::Missing("IsTruncated"))));
    assert!(matches!(read(list(), "%2B", "%2"), Err(XmlFault::Value("Key"))));
    assert!(matches!(read(list(), "<Size>11", "<Size>-11"), Err(XmlFault::Value("Size"))));
    assert!(read(list(), "", "").is_ok());
}
