//! A page of keys in their order, grouped by a delimiter.
//!
//! Keys and common prefixes are one sequence in the order of their bytes; a page is cut after any of
//! them, and each counts as one (service document "ListObjectsV2").

use std::ops::ControlFlow;

use crate::store::{Order, StoreError, View, space};

/// What to list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Wanted {
    /// Keys that begin so.
    pub(super) prefix: String,
    /// What ends a common prefix; empty for none.
    pub(super) delimiter: String,
    /// Keys after this one. If it is a common prefix, what begins with it is behind the page too.
    pub(super) after: String,
    /// Entries of a page.
    pub(super) most: usize,
}

/// A page: keys with what is kept under them, common prefixes, and the last of both if there is more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Page<T> {
    pub(super) keys: Vec<(String, T)>,
    pub(super) prefixes: Vec<String>,
    pub(super) next: Option<String>,
}

/// The page of what is kept under `space` followed by the key; `read` reads what is kept.
pub(super) fn list<T>(
    view: &impl View,
    space: &[u8],
    wanted: &Wanted,
    read: impl Fn(&[u8]) -> Result<T, StoreError>,
) -> Result<Page<T>, StoreError> {
    let mut page = Page { keys: Vec::new(), prefixes: Vec::new(), next: None };
    let place = |key: &str| [space, key.as_bytes()].concat();
    let end = if wanted.prefix.is_empty() { space::end_of(space) } else { space::end_of(&place(&wanted.prefix)) };
    let mut start = match wanted.after.as_str() {
        "" => place(&wanted.prefix),
        after if group(wanted, after) == Some(after) => space::end_of(&place(after)),
        // The smallest key after it.
        after => [place(after).as_slice(), &[0]].concat(),
    };
    start = start.max(place(&wanted.prefix));
    let (mut last, mut failed) = (String::new(), None);
    loop {
        // Where to go on behind a group; its keys are not looked at one by one.
        let mut behind = None;
        view.scan(start.as_slice()..end.as_slice(), Order::Forward, &mut |place, kept| {
            let Ok(key) = std::str::from_utf8(&place[space.len()..]) else { return ControlFlow::Continue(()) };
            if page.keys.len() + page.prefixes.len() == wanted.most {
                page.next = Some(std::mem::take(&mut last));
                return ControlFlow::Break(());
            }
            if let Some(group) = group(wanted, key) {
                page.prefixes.push(group.to_owned());
                group.clone_into(&mut last);
                behind = Some(space::end_of(&[space, group.as_bytes()].concat()));
                return ControlFlow::Break(());
            }
            key.clone_into(&mut last);
            match read(kept) {
                Ok(kept) => page.keys.push((key.to_owned(), kept)),
                Err(error) => failed = Some(error),
            }
            if failed.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        if let Some(error) = failed {
            return Err(error);
        }
        match behind {
            Some(behind) => start = behind,
            None => return Ok(page),
        }
    }
}

/// The common prefix that `key` belongs to.
fn group<'a>(wanted: &Wanted, key: &'a str) -> Option<&'a str> {
    if wanted.delimiter.is_empty() {
        return None;
    }
    let rest = key.strip_prefix(wanted.prefix.as_str())?;
    let at = rest.find(wanted.delimiter.as_str())?;
    key.get(..wanted.prefix.len() + at + wanted.delimiter.len())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::store::Store;

    const SPACE: &[u8] = b"osite\0";

    fn runtime() -> tokio::runtime::Runtime {
        tokio::runtime::Builder::new_current_thread().build().unwrap()
    }

    async fn store(keys: &[&str]) -> Store {
        let store = Store::in_memory().unwrap();
        let keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        let put = store.write(move |write| {
            for key in &keys {
                write.put([SPACE, key.as_bytes()].concat(), key.len().to_string());
            }
            // Of another bucket, on either side.
            write.put("osit\0z", "0");
            write.put("osite-b\0a", "0");
            Ok::<_, StoreError>(())
        });
        put.await.unwrap();
        store
    }

    async fn page(store: &Store, wanted: Wanted) -> Page<usize> {
        let read = |kept: &[u8]| Ok(std::str::from_utf8(kept).unwrap().parse().unwrap());
        store.read(move |view| list(view, SPACE, &wanted, read)).await.unwrap()
    }

    fn names(page: &Page<usize>) -> Vec<String> {
        page.keys.iter().map(|(key, _)| key.clone()).chain(page.prefixes.clone()).collect()
    }

    #[test]
    fn keys_and_common_prefixes_are_one_sequence() {
        runtime().block_on(async {
            let store = store(&["a", "b/1", "b/2", "b0", "c/", "c/d/e", "ü"]).await;
            let wanted = Wanted { delimiter: "/".into(), most: 1000, ..Wanted::default() };
            let all = page(&store, wanted.clone()).await;
            assert_eq!(names(&all), ["a", "b0", "ü", "b/", "c/"]);
            assert_eq!(all.next, None);
            let of_c = page(&store, Wanted { prefix: "c/".into(), ..wanted.clone() }).await;
            assert_eq!(names(&of_c), ["c/", "c/d/"]);
            let after = page(&store, Wanted { after: "b/".into(), ..wanted.clone() }).await;
            assert_eq!(names(&after), ["b0", "ü", "c/"], "what is behind a common prefix");
            let within = page(&store, Wanted { after: "b/1".into(), ..wanted }).await;
            assert_eq!(names(&within), ["b0", "ü", "b/", "c/"], "b/2 is still to come");
        });
    }

    proptest! {
        #[test]
        fn pages_put_together_are_the_whole_once(
            keys in proptest::collection::btree_set("[ab/]{1,6}", 0..30),
            prefix in "[ab/]{0,2}",
            delimiter in prop_oneof!["", "/", "b/"],
            most in 1_usize..5,
        ) {
            let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
            runtime().block_on(async {
                let store = store(&keys).await;
                let wanted = Wanted { prefix, delimiter, after: String::new(), most };
                // Written down a second time, simply.
                let mut expected = BTreeSet::new();
                for key in keys.iter().filter(|key| key.starts_with(&wanted.prefix)) {
                    expected.insert(group(&wanted, key).unwrap_or(key).to_owned());
                }
                let (mut found, mut after) = (Vec::new(), String::new());
                loop {
                    let page = page(&store, Wanted { after, ..wanted.clone() }).await;
                    let mut names = names(&page);
                    names.sort();
                    assert!(names.len() <= most);
                    assert!(page.next.is_none() || names.len() == most);
                    assert_eq!(page.next.as_ref(), page.next.is_some().then(|| names.last()).flatten());
                    found.extend(names);
                    let Some(next) = page.next else { break };
                    after = next;
                }
                assert_eq!(found, expected.into_iter().collect::<Vec<_>>());
            });
        }
    }
}
