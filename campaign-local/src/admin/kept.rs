//! What was set, in the store: key = space, kind, `/`, name; value = the JSON.

use std::ops::ControlFlow;

use serde_json::Value;

use crate::store::{Order, Store, StoreError, View, space};

/// A kind's entries.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    store: Store,
}

impl Kept {
    pub(super) fn new(store: Store) -> Self {
        Self { store }
    }

    pub(super) async fn get(&self, kind: &str, name: &str) -> Result<Option<Value>, StoreError> {
        let key = key(kind, name);
        self.store.read(move |read| Ok(read.get(&key)?.and_then(|value| parse(&value)))).await
    }

    pub(super) async fn all(&self, kind: &str) -> Result<Vec<(String, Value)>, StoreError> {
        let start = key(kind, "");
        let end = space::end_of(&start);
        let read = self.store.read(move |read| {
            let mut all = Vec::new();
            read.scan(&start..&end, Order::Forward, &mut |key, value| {
                let name = String::from_utf8_lossy(&key[start.len()..]).into_owned();
                all.extend(parse(value).map(|value| (name, value)));
                ControlFlow::Continue(())
            })?;
            Ok::<_, StoreError>(all)
        });
        read.await
    }

    pub(super) async fn put(&self, kind: &str, name: &str, value: &Value) -> Result<(), StoreError> {
        let (key, value) = (key(kind, name), value.to_string());
        self.store
            .write(move |write| {
                write.put(key, value);
                Ok(())
            })
            .await
    }

    /// Says whether there was one.
    pub(super) async fn delete(&self, kind: &str, name: &str) -> Result<bool, StoreError> {
        let key = key(kind, name);
        self.store
            .write(move |write| {
                let was_there = write.get(&key)?.is_some();
                write.delete(key);
                Ok(was_there)
            })
            .await
    }
}

fn key(kind: &str, name: &str) -> Vec<u8> {
    let mut key = vec![space::ADMIN];
    key.extend_from_slice(kind.as_bytes());
    key.push(b'/');
    key.extend_from_slice(name.as_bytes());
    key
}

/// Only JSON is ever put here.
fn parse(value: &[u8]) -> Option<Value> {
    serde_json::from_slice(value).ok()
}
