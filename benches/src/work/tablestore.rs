//! PutRow: this project's client, the floor under it, and a peer. What the other pieces of work on Table Store share with it.

use std::{net::SocketAddr, rc::Rc, sync::LazyLock};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use bytes::Bytes;
use campaign_client::{Body, Client, Credentials, Operation, Service, Signing};
use campaign_tablestore::{
    ListTable, PrimaryKey, PutRow, Row, TableStore,
    sign::{SigningKey, answer_string_to_sign},
};
use chrono::{DateTime, Utc};
use http::{HeaderMap, HeaderValue, Response};
use md5::{Digest as _, Md5};

use super::{Run, repeat, repeat_async};

const KEY_ID: &str = "LTAI5tExampleExample0001";
const SECRET: &str = "anExampleSecretOfThirtyCharacters";
const INSTANCE: &str = "campaign";
const REGION: &str = "cn-hangzhou";
pub(super) const TABLE: &str = "campaign_entries";

pub(super) fn find(name: &str, server: Option<SocketAddr>) -> Option<Run> {
    let at = server.map(|at| format!("http://{at}"));
    Some(match name {
        "put" => put(&at?, 1, false),
        "put-v4" => put(&at?, 1, true),
        "put-16" => put(&at?, 16, false),
        "floor" => floor(&at?, 1),
        "floor-16" => floor(&at?, 16),
        // The body is made together with its HTTP request and URI, which the peer makes elsewhere.
        "request" => {
            let (call, service) = (call(), service("http://127.0.0.1:1", false));
            repeat(move || call.request(&service).expect("the row can be sent"))
        }
        // A call without fields: the HTTP request, the URI, and a body of no bytes.
        "request-empty" => {
            let service = service("http://127.0.0.1:1", false);
            repeat(move || ListTable.request(&service).expect("it can be sent"))
        }
        #[cfg(feature = "peers")]
        name => return peer::find(name, at.as_deref()),
        #[cfg(not(feature = "peers"))]
        _ => return None,
    })
}

fn call() -> PutRow {
    PutRow::new(TABLE, row(CAMPAIGN, ID))
}

/// An entry as a campaign writes it, with the request data that one keeps: 3 columns of a key, 8 texts, 2 whole numbers,
/// a yes and a fraction.
pub(super) fn row(campaign: &str, id: &str) -> Row {
    let key = PrimaryKey::new().with("campaign_id", campaign).with("day_bucket", "2026-11-11#07").with("entry_id", id);
    let row = TEXTS.iter().fold(Row::new(key), |row, (name, value)| row.with(*name, *value));
    row.with("created_ms", 1_794_355_200_123_i64)
        .with("terms_version", 7_i64)
        .with("consent", true)
        .with("score", 0.8125)
}

pub(super) const CAMPAIGN: &str = "double11-2026";
const ID: &str = "01K9RQ7V5ZC4T8N2M6P3X1Y0AB";
const TEXTS: [(&str, &str); 8] = [
    ("name", "Example Person"),
    ("email", "person.one@example.com"),
    ("phone", "+8613800000000"),
    ("city", "Hangzhou"),
    ("locale", "zh-CN"),
    ("source", "poster-station-0003"),
    ("user_agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0)"),
    ("referrer", "https://campaign.example.com/double11"),
];

pub(super) fn service(endpoint: &str, v4: bool) -> TableStore {
    let service = TableStore::new(endpoint, INSTANCE).expect("the endpoint is one");
    if v4 { service.v4(REGION).expect("the region is one") } else { service }
}

/// A client as a program has it by default.
pub(super) fn client(endpoint: &str, v4: bool) -> Client<TableStore> {
    Client::builder(service(endpoint, v4)).credentials(credentials()).build().expect("the client can be built")
}

/// The whole client as a program has it by default: encoding, signing, sending, checking the answer, reading it.
fn put(endpoint: &str, at_once: usize, v4: bool) -> Run {
    let (client, call) = (client(endpoint, v4), Rc::new(call()));
    repeat_async(at_once, move || {
        let (client, call) = (client.clone(), Rc::clone(&call));
        async move {
            client.send(&*call).await.expect("the row is put");
        }
    })
}

/// The floor: a plain reqwest POST of the same bytes with the same headers, as commonly written.
fn floor(endpoint: &str, at_once: usize) -> Run {
    let service = service(endpoint, false);
    let mut request = call().request(&service).expect("the row can be sent");
    let credentials = credentials();
    let place = campaign_client::Place::Header;
    let signing = Signing { credentials: &credentials, now: Utc::now(), nonce: "", place };
    service.sign(&mut request, &signing).expect("the request can be signed");
    let (parts, body) = request.into_parts();
    let headers: Vec<(String, String)> = parts
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().expect("it is text").to_owned()))
        .collect();
    let (Body::Bytes(body), client, url) = (body, reqwest::Client::new(), parts.uri.to_string()) else {
        unreachable!("a row is in memory");
    };
    repeat_async(at_once, move || {
        let mut request = client.post(&url);
        for (name, value) in &headers {
            request = request.header(name, value);
        }
        let sent = request.body(body.clone()).send();
        async move {
            let response = sent.await.and_then(reqwest::Response::error_for_status).expect("the answer comes");
            response.bytes().await.expect("the answer is whole");
        }
    })
}

/// Whose requests are sent.
pub(super) fn credentials() -> Credentials {
    Credentials::new(KEY_ID, SECRET)
}

/// An answer to PutRow that verifies for a client that signs with V4.
pub(super) fn answer_v4() -> Response<Bytes> {
    let now = Utc::now();
    signed(PATH, ANSWER, &SigningKey::v4(SECRET, &now.format("%Y%m%d").to_string(), REGION), now)
}

/// The answer of the server to a request.
pub(crate) fn answer(request: &http::request::Parts) -> Option<Response<Bytes>> {
    static V2: LazyLock<Response<Bytes>> = LazyLock::new(|| signed_v2(PATH, ANSWER));
    static V4: LazyLock<Response<Bytes>> = LazyLock::new(answer_v4);
    if request.uri.path() != PATH {
        return None;
    }
    Some(if request.headers.contains_key("x-ots-signaturev4") { V4.clone() } else { V2.clone() })
}

const PATH: &str = "/PutRow";
/// `PutRowResponse { consumed: { capacity_unit: { read: 0, write: 1 } } }`.
const ANSWER: Bytes = Bytes::from_static(&[0x0a, 0x06, 0x0a, 0x04, 0x08, 0, 0x10, 1]);

/// An answer that verifies for a client that signs with V2.
pub(super) fn signed_v2(path: &str, body: Bytes) -> Response<Bytes> {
    signed(path, body, &SigningKey::v2(SECRET), Utc::now())
}

/// An answer that verifies for the next 15 minutes.
fn signed(path: &str, body: Bytes, key: &SigningKey, now: DateTime<Utc>) -> Response<Bytes> {
    let mut headers = HeaderMap::new();
    let md5 = BASE64_STANDARD.encode(Md5::digest(&body));
    let date = now.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string();
    for (name, value) in [
        ("x-ots-contentmd5", md5.as_str()),
        ("x-ots-requestid", "0005f4c1-8d2f-5f6e-0ac1-720b0bbbbb00"),
        ("x-ots-date", &date),
        ("x-ots-contenttype", "protocol buffer"),
    ] {
        headers.insert(name, HeaderValue::from_str(value).expect("it is text"));
    }
    let signature = key.sign_answer(&answer_string_to_sign(path, &headers));
    let authorization = format!("OTS {KEY_ID}:{signature}");
    headers.insert("authorization", HeaderValue::from_str(&authorization).expect("it is text"));
    let mut response = Response::new(body);
    *response.headers_mut() = headers;
    response
}

#[cfg(feature = "peers")]
pub(super) mod peer {
    //! aliyun-tablestore-rs.

    use aliyun_tablestore_rs::{OtsClient, data::PutRowRequest, model::Row, protos};
    use prost::Message;

    use super::{CAMPAIGN, ID, KEY_ID, Run, SECRET, TABLE, TEXTS, repeat, repeat_async};

    pub(super) fn find(name: &str, endpoint: Option<&str>) -> Option<Run> {
        let call = call();
        Some(match name {
            "peer-clone" => repeat(move || call.clone()),
            // Its request is used up by being encoded, so that it has to be cloned first.
            "peer-clone-encode" => repeat(move || protos::PutRowRequest::from(call.clone()).encode_to_vec()),
            "peer-put" => {
                let client = client(endpoint?);
                repeat_async(1, move || {
                    let (client, call) = (client.clone(), call.clone());
                    async move {
                        client.put_row(call).send().await.expect("the row is put");
                    }
                })
            }
            _ => return None,
        })
    }

    fn call() -> PutRowRequest {
        PutRowRequest::new(TABLE).row(row(CAMPAIGN, ID))
    }

    pub(in crate::work) fn row(campaign: &str, id: &str) -> Row {
        let row = Row::new()
            .primary_key_column_string("campaign_id", campaign)
            .primary_key_column_string("day_bucket", "2026-11-11#07")
            .primary_key_column_string("entry_id", id);
        let row = TEXTS.iter().fold(row, |row, (name, value)| row.column_string(name, *value));
        row.column_integer("created_ms", 1_794_355_200_123)
            .column_integer("terms_version", 7)
            .column_bool("consent", true)
            .column_double("score", 0.8125)
    }

    pub(in crate::work) fn client(endpoint: &str) -> OtsClient {
        OtsClient::new(KEY_ID, SECRET, endpoint)
    }

    /// The bytes are the same, or it would be another work.
    #[cfg(test)]
    #[test]
    fn the_peer_writes_the_same_bytes() {
        use campaign_client::Operation;
        let ours = super::call().request(&super::service("http://127.0.0.1:1", false)).unwrap();
        assert_eq!(ours.body().len(), 636);
        assert_eq!(ours.body().bytes().unwrap(), &protos::PutRowRequest::from(call()).encode_to_vec());
    }
}
