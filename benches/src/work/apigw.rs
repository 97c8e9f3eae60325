//! API Gateway: signing and verifying as an APP.

use bytes::Bytes;
use campaign_apigw::{App, Signer, Verifier};
use chrono::Utc;
use http::Request;
use md5::{Digest, Md5};

use super::{Run, repeat};

const APP_KEY: &str = "203753385";
const APP_SECRET: &str = "anExampleAppSecretOfAbout40Characters123";
const NONCE: &str = "5eed0000-0000-4000-8000-000000000001";

pub(super) fn find(name: &str) -> Option<Run> {
    let app = App::new(APP_KEY, APP_SECRET).expect("key and secret are such");
    let (signer, now) = (Signer::new(app.clone()), Utc::now());
    let mut request = request();
    Some(match name {
        "sign" => repeat(move || signer.sign(&mut request, now, NONCE).expect("the request can be signed")),
        "verify" => {
            signer.sign(&mut request, now, NONCE).expect("the request can be signed");
            let verifier = Verifier::new();
            repeat(move || {
                let verified = verifier.verify(&request, now, |_| Some(app.clone())).expect("the signature is right");
                std::hint::black_box(verified.app_key.len());
            })
        }
        "md5" => repeat(move || Md5::digest(request.body())),
        _ => return None,
    })
}

/// A POST of 600 bytes of JSON.
fn request() -> Request<Bytes> {
    let body = format!(r#"{{"name":"Example Person","comment":"{}"}}"#, "x".repeat(562));
    assert_eq!(body.len(), 600);
    let request = Request::post("https://api.example.com/campaigns/double11/entries?source=poster&locale=zh-CN")
        .header("accept", "application/json")
        .header("content-type", "application/json; charset=UTF-8")
        .body(body.into());
    request.expect("the request is one")
}
