//! What the shelf keeps, and for how long.

use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;

use super::*;
use crate::cdn::domain::Domain;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_794_355_200 + second, 0).unwrap()
}

fn key(path: &str) -> Key {
    Key::new(&Domain::new("*", "site"), path, None)
}

fn object(bytes: usize) -> Arc<Object> {
    Arc::new(Object::new(HeaderMap::new(), Bytes::from(vec![0; bytes]), at(0), Duration::from_secs(60)))
}

fn fetch(shelf: &Shelf, path: &str, now: i64) -> Ticket {
    match shelf.find(&key(path), at(now)) {
        Found::Fetch(ticket) => ticket,
        other => panic!("{path}: {other:?}"),
    }
}

fn has(shelf: &Shelf, path: &str, now: i64) -> bool {
    shelf.peek(&key(path), at(now)).is_some()
}

fn put(shelf: &Shelf, path: &str, bytes: usize) {
    fetch(shelf, path, 0).keep(object(bytes), at(0));
}

#[test]
fn the_first_fetches_and_the_others_wait() {
    let shelf = Shelf::new(10_000, 10);
    let ticket = fetch(&shelf, "/a", 0);
    let Found::Wait(told) = shelf.find(&key("/a"), at(0)) else { panic!("it is being fetched") };
    ticket.keep(object(10), at(0));
    assert!(matches!(&*told.borrow(), Some(Fetched::Object(_))));
    assert!(has(&shelf, "/a", 59));
    assert!(!has(&shelf, "/a", 60), "its time is over");
}

#[test]
fn a_fetch_that_gives_up_lets_the_next_one_try() {
    let shelf = Shelf::new(10_000, 10);
    let ticket = fetch(&shelf, "/a", 0);
    let Found::Wait(told) = shelf.find(&key("/a"), at(0)) else { panic!("it is being fetched") };
    drop(ticket);
    assert!(matches!(&*told.borrow(), Some(Fetched::Nothing)));
    drop(fetch(&shelf, "/a", 0));
}

#[test]
fn only_so_much_is_fetched_at_once_also_of_what_was_refreshed_meanwhile() {
    let shelf = Shelf::new(10_000, 2);
    let tickets = [fetch(&shelf, "/a", 0), fetch(&shelf, "/b", 0)];
    shelf.refresh(vec![Target::Directory(key("/"))], at(0), at(0));
    assert!(matches!(shelf.find(&key("/a"), at(0)), Found::Pass));
    drop(tickets);
    drop(fetch(&shelf, "/a", 0));
}

#[test]
fn what_was_used_longest_ago_goes_first_and_the_bytes_stay_below_the_limit() {
    let shelf = Shelf::new(4 * 1500, 10);
    for path in ["/a", "/b", "/c", "/d"] {
        put(&shelf, path, 1000);
    }
    assert!(has(&shelf, "/a", 0), "and so it is used");
    put(&shelf, "/e", 1000);
    let kept: Vec<_> = ["/a", "/b", "/c", "/d", "/e"].into_iter().filter(|path| has(&shelf, path, 0)).collect();
    assert_eq!(kept, ["/a", "/c", "/d", "/e"]);
    put(&shelf, "/f", 9000);
    assert!(!has(&shelf, "/f", 0), "larger than the shelf");
    assert!(has(&shelf, "/e", 0), "and pushes nothing out");
    let state = shelf.lock(at(0));
    assert!(state.bytes <= state.most_bytes);
    assert_eq!(state.bytes, state.slots.values().map(|slot| slot.weight).sum::<usize>());
    assert_eq!(state.uses.len(), state.slots.len());
}

#[test]
fn a_refresh_takes_out_what_is_kept_and_gives_up_what_is_being_fetched() {
    for target in [Target::File(key("/x/a")), Target::Directory(key("/x/"))] {
        let shelf = Shelf::new(100_000, 10);
        put(&shelf, "/x/a", 10);
        put(&shelf, "/y", 10);
        shelf.refresh(vec![target.clone()], at(0), at(0));
        assert!(!has(&shelf, "/x/a", 0) && has(&shelf, "/y", 0), "{target:?}");

        let early = fetch(&shelf, "/x/a", 0);
        shelf.refresh(vec![target.clone()], at(0), at(0));
        let late = fetch(&shelf, "/x/a", 0);
        early.keep(object(10), at(0));
        assert!(!has(&shelf, "/x/a", 0), "{target:?}: it was fetched before the refresh");
        late.keep(object(11), at(0));
        assert!(has(&shelf, "/x/a", 0));
    }
}

#[test]
fn a_refresh_to_come_is_done_when_its_time_has_come_whoever_looks_first() {
    let shelf = Shelf::new(100_000, 10);
    put(&shelf, "/a", 10);
    shelf.refresh(vec![Target::File(key("/a"))], at(5), at(0));
    assert!(has(&shelf, "/a", 4));
    let early = fetch(&shelf, "/b", 4);
    shelf.refresh(vec![Target::File(key("/b"))], at(5), at(4));
    assert!(!has(&shelf, "/a", 5));
    early.keep(object(10), at(5));
    assert!(!has(&shelf, "/b", 5));
}
