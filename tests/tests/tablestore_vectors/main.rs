//! Table Store against golden vectors captured from the official Python client (`tablestore` 6.4.8): the bytes and the
//! signature of requests, and which answers are believed.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

mod input;
mod requests;
mod responses;
mod search;

use campaign_client::Credentials;
use campaign_tablestore::TableStore;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The time of all vectors.
fn clock() -> DateTime<Utc> {
    "2026-01-15T08:30:45.000Z".parse().unwrap()
}

/// The vectors of a file.
fn vectors(file: &str) -> Vec<Value> {
    let file: Value = serde_json::from_str(file).unwrap();
    file["vectors"].as_array().unwrap().clone()
}

/// The service that a vector's `signing` speaks of.
fn service(signing: &Value) -> TableStore {
    let instance = signing["instance"].as_str().unwrap_or("campaign-test");
    let service = TableStore::new("https://campaign-test.cn-hangzhou.ots.aliyuncs.com", instance).unwrap();
    match signing["region"].as_str() {
        Some(region) => service.v4(region).unwrap(),
        None => service,
    }
}

/// The credentials that a vector's `signing` speaks of.
fn credentials(signing: &Value) -> Credentials {
    let text = |name: &str| signing[name].as_str().unwrap().to_owned();
    match signing["sts_token"].as_str() {
        Some(token) => Credentials::temporary(text("access_key_id"), text("access_key_secret"), token.to_owned(), None),
        None => Credentials::new(text("access_key_id"), text("access_key_secret")),
    }
}

fn bytes(hex: &str) -> Vec<u8> {
    assert!(hex.len().is_multiple_of(2), "{hex}");
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}
