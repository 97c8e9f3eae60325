//! The law, what is left, and answers that are refused.

use super::*;
use crate::testing::{law, service};

fn call() -> DeleteMultipleObjects {
    let mut call = DeleteMultipleObjects::new("campaign-site", ["a&<b>.txt", "中", "\u{1}\r "]);
    call.objects[1].version_id = Some("v1".to_owned());
    call
}

fn deleted(call: &DeleteMultipleObjects) -> Vec<DeletedObject> {
    let gone = |o: &ObjectIdentifier| DeletedObject { version_id: o.version_id.clone(), ..DeletedObject::new(&o.key) };
    call.objects.iter().map(gone).collect()
}

#[test]
fn the_law_holds() {
    let mut marked = deleted(&call());
    (marked[0].delete_marker, marked[0].delete_marker_version_id) = (true, Some("v2".to_owned()));
    law(&call(), &deleted(&call()));
    law(&call(), &marked);
    law(&call(), &Vec::new());
    law(&call().quiet(), &Vec::new());
}

#[test]
fn what_the_answer_does_not_name_is_left() {
    let mut some = deleted(&call());
    assert_eq!(call().remainder(&some), None);
    let left = some.remove(1);
    let rest = call().remainder(&some).unwrap();
    assert_eq!(rest.objects, [ObjectIdentifier { key: left.key, version_id: left.version_id }]);
    assert_eq!(call().quiet().remainder(&[]), None);
}

#[test]
fn an_answer_that_names_something_else_is_refused() {
    let read = |text: &str| call().read(text.as_bytes());
    let other = "<DeleteResult><Deleted><Key>other</Key></Deleted></DeleteResult>";
    assert!(matches!(read(other), Err(XmlFault::Contradiction(_))));
    let many = DeleteMultipleObjects::document(&[deleted(&call()), deleted(&call())].concat(), true);
    assert!(matches!(read(&many), Err(XmlFault::TooMany("Deleted"))));
    assert!(read("").is_err(), "only a quiet answer is empty");
}

#[test]
fn none_and_too_many_and_bad_keys_are_not_sent() {
    let of = |keys: Vec<String>| DeleteMultipleObjects::new("campaign-site", keys).request(&service());
    assert!(of(vec![]).is_err() && of(vec!["k".to_owned(); 1001]).is_err() && of(vec!["/k".to_owned()]).is_err());
    assert!(of(vec!["k".to_owned(); 1000]).is_ok());
}
