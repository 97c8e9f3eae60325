//! Requests: exact bytes, text to sign, headers; and the server half reads and admits them.

use std::collections::BTreeMap;

use campaign_client::{Body, Place, Serve, Service, Signing};
use campaign_tablestore::{
    AbortTransaction, CommitTransaction, DeleteTable, DescribeTable, ListTable, SqlQuery, StartLocalTransaction,
    TableStore,
    server::{Known, admit},
    sign::{derived_key, string_to_sign},
};
use http::Method;
use serde_json::Value;

use crate::{bytes, clock, credentials, input, search, service, vectors};

const FILE: &str = include_str!("../../vectors/tablestore-requests.json");

#[test]
fn every_request_is_that_of_the_official_client() {
    let mut checked = 0;
    for vector in vectors(FILE) {
        let (name, input) = (vector["name"].as_str().unwrap(), &vector["input"]);
        let table = || input["table_name"].as_str().unwrap();
        let transaction = || input["transaction_id"].as_str().unwrap();
        match vector["operation"].as_str().unwrap() {
            "PutRow" => check(&vector, &input::put_row(input)),
            "UpdateRow" => check(&vector, &input::update_row(input)),
            "DeleteRow" => check(&vector, &input::delete_row(input)),
            "GetRow" => check(&vector, &input::get_row(input)),
            "GetRange" => check(&vector, &input::get_range(input)),
            "BatchWriteRow" => check(&vector, &input::batch_write_row(input)),
            "BatchGetRow" => check(&vector, &input::batch_get_row(input)),
            "CreateTable" => check(&vector, &input::create_table(input)),
            "ListTable" => check(&vector, &ListTable),
            "DescribeTable" => check(&vector, &DescribeTable::new(table())),
            "DeleteTable" => check(&vector, &DeleteTable::new(table())),
            "UpdateTable" => check(&vector, &input::update_table(input)),
            "CreateIndex" => check(&vector, &input::create_index(input)),
            "DropIndex" => check(&vector, &input::drop_index(input)),
            "StartLocalTransaction" => {
                check(&vector, &StartLocalTransaction::new(table(), input::key(&input["key"])));
            }
            "SQLQuery" => check(&vector, &SqlQuery::new(input["query"].as_str().unwrap())),
            "CommitTransaction" => check(&vector, &CommitTransaction::new(transaction())),
            "AbortTransaction" => check(&vector, &AbortTransaction::new(transaction())),
            _ => assert!(search::call(&vector, &Vector(&vector)), "{name}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 60);
}

/// Compares a call with a vector.
struct Vector<'a>(&'a Value);

impl search::Check for Vector<'_> {
    fn call<O: Serve<Service = TableStore>>(&self, operation: &O) {
        check(self.0, operation);
    }
}

fn check<O: Serve<Service = TableStore>>(vector: &Value, operation: &O) {
    let name = vector["name"].as_str().unwrap();
    let (signing, expected) = (&vector["signing"], headers(&vector["headers"]));
    let mut service = service(signing);
    for (header, value) in expected.iter().filter(|(header, _)| header.starts_with("x-ots-request-")) {
        service = service.header(header, value).unwrap();
    }
    for (header, value) in headers(&vector["unsigned_headers"]) {
        service = service.header(&header, &value).unwrap();
    }

    let mut request = operation.request(&service).unwrap();
    let body = request.body().bytes().unwrap().clone();
    assert_eq!(body, bytes(vector["body_hex"].as_str().unwrap()), "{name}: body");
    assert_eq!(*request.method(), Method::POST, "{name}: method");
    assert_eq!(request.uri().path(), vector["path"].as_str().unwrap(), "{name}: path");

    let credentials = credentials(signing);
    service
        .sign(&mut request, &Signing { credentials: &credentials, now: clock(), nonce: "", place: Place::Header })
        .unwrap();
    let text = string_to_sign(request.uri().path(), request.headers());
    assert_eq!(String::from_utf8(text).unwrap(), text_to_sign(vector), "{name}: text");
    let all: BTreeMap<_, _> = expected.into_iter().chain(headers(&vector["unsigned_headers"])).collect();
    assert_eq!(sent(&request), all, "{name}: headers");

    // The server half admits the request and reads the operation: it writes the same bytes again. (Values are not compared,
    // for NaN is not itself.)
    let (parts, _) = request.into_parts();
    let instance = signing["instance"].as_str().unwrap();
    admit(instance, &parts, &body, clock(), |_| Known::Key(credentials)).unwrap();
    let read = O::read_request(&service, &parts, body.clone()).unwrap();
    assert_eq!(read.request(&service).unwrap().body().bytes().unwrap(), &body, "{name}: read back");
}

/// The vector's text to sign. For V4 the capture has the salt at its end, which is no part of ours.
fn text_to_sign(vector: &Value) -> &str {
    let text = vector["string_to_sign"].as_str().unwrap();
    if vector["signing"]["region"].is_string() { text.strip_suffix("ots").unwrap_or(text) } else { text }
}

fn headers(of: &Value) -> BTreeMap<String, String> {
    let pairs = of.as_object().unwrap().iter();
    pairs.map(|(name, value)| (name.clone(), value.as_str().unwrap().to_owned())).collect()
}

fn sent(request: &http::Request<Body>) -> BTreeMap<String, String> {
    let pairs = request.headers().iter();
    pairs.map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned())).collect()
}

#[test]
fn the_derived_key_of_v4_is_that_of_the_official_client() {
    let mut checked = 0;
    for vector in vectors(FILE) {
        let signing = &vector["signing"];
        let Some(expected) = signing["derived_key_base64"].as_str() else { continue };
        let text = |name: &str| signing[name].as_str().unwrap();
        let key = derived_key(text("access_key_secret"), text("sign_date"), text("region"));
        assert_eq!(*key, expected, "{}", vector["name"]);
        checked += 1;
    }
    assert_eq!(checked, 2);
}
