//! Values that would begin a line of their own in a request: the corpus, as API Gateway and Table Store meet it.
//!
//! What concerns OSS and publishing is in `bad_inputs_oss`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use campaign_apigw::{ApiGateway, Call, Client};
use campaign_client::{Credentials, Error, ErrorKind, Operation as _, Retry};
use campaign_tablestore::{GetRow, PrimaryKey, TableStore};
use campaign_tests::tablestore::Script;
use serde_json::Value;

/// Cases of other services, and where they are.
const ELSEWHERE: [(&str, &str); 3] =
    [("002", "bad_inputs_oss"), ("003", "bad_inputs_oss, bad_inputs_publish"), ("011", "bad_inputs_oss")];

const ENDPOINT: &str = "http://127.0.0.1:1";

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// A call with a header by these names, and whether it can be sent at all.
async fn invoke(script: &Script, args: &Value) -> Result<(), Error> {
    let call = Call::get("/a").header(text(&args["header"][0]), text(&args["header"][1]))?;
    client(script, "203753385").send(&call).await.map(drop)
}

fn client(script: &Script, key: &str) -> Client {
    let builder = Client::builder(ApiGateway::new(ENDPOINT).unwrap()).credentials(Credentials::new(key, "secret"));
    builder.transport(script.clone()).retry(Retry::never()).build().unwrap()
}

#[tokio::test]
async fn nothing_is_sent_that_would_be_read_as_another_line() {
    let script = Script::new(Vec::<http::Response<bytes::Bytes>>::new());
    let service = || TableStore::new(ENDPOINT, "campaign");
    let mut elsewhere = Vec::new();
    for case in campaign_tests::bad_inputs("header-injection") {
        let id = text(&case["id"]).strip_prefix("header-injection-").unwrap().to_owned();
        let args = &case["input"]["args"];
        let refused = match id.as_str() {
            "004" | "009" | "010" => invoke(&script, args).await,
            "006" => client(&script, text(&args["credentials"]["id"])).send(&Call::get("/a")).await.map(drop),
            "012" => service().unwrap().header(text(&args["header"][0]), text(&args["header"][1])).map(drop),
            "015" => TableStore::new(ENDPOINT, text(&args["tablestore_instance"])).map(drop),
            "016" => {
                let get = GetRow::new(text(&args["table"]), PrimaryKey::new().with("id", "a"));
                get.request(&service().unwrap()).map(drop)
            }
            "014" => {
                // Not refused, but made harmless.
                let call = Call::get("/a").query("prefix", text(&args["prefix"]));
                let request = call.request(&ApiGateway::new(ENDPOINT).unwrap()).unwrap();
                assert_eq!(request.uri().query(), Some("prefix=a%0D%0AHost%3A%20evil"), "{id}");
                assert_eq!(case["expect"]["outcome"], "neutralize", "{id}");
                continue;
            }
            _ => {
                elsewhere.push(id);
                continue;
            }
        };
        assert_eq!(case["expect"]["outcome"], "error", "{id}");
        let refused = refused.err().map(|error| error.kind());
        assert_eq!(refused, Some(ErrorKind::Invalid), "{id}");
    }
    assert!(script.sent().is_empty());
    assert_eq!(elsewhere, ELSEWHERE.map(|(id, _)| id));
}
