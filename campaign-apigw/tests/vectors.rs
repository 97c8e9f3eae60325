//! 30 requests of official and other clients and of the service's document, step by step: digest, string
//! to sign, signature; then the whole signer, the verifier, and what one change does.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campaign_apigw::{
    App, Refusal, SignatureMethod, Signer, Verifier, content_md5, explain, signed_string, string_to_sign,
};
use chrono::{DateTime, Utc};
use http::Request;
use serde_json::Value;

/// Captured from npm aliyun-api-gateway 1.1.6, Java apigateway-sdk-core and PyPI
/// aliyun-api-gateway-python 0.1.0; and the worked example of "Digest signature authentication".
const VECTORS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/apigw-sign.json"));

struct Case(Value);

impl Case {
    fn all() -> Vec<Self> {
        let file: Value = serde_json::from_str(VECTORS).unwrap();
        assert_eq!((file["app_key"].as_str(), file["app_secret"].as_str()), (Some(KEY), Some(SECRET)));
        file["cases"].as_array().or(file["vectors"].as_array()).unwrap().iter().cloned().map(Self).collect()
    }

    fn name(&self) -> &str {
        self.0["name"].as_str().unwrap()
    }

    fn expected(&self, what: &str) -> Option<&str> {
        self.0["expected"][what].as_str()
    }

    fn body(&self) -> Vec<u8> {
        match (self.0["body_utf8"].as_str(), self.0["body_base64"].as_str()) {
            (Some(text), _) => text.into(),
            (None, Some(text)) => STANDARD.decode(text).unwrap(),
            (None, None) => Vec::new(),
        }
    }

    /// The request as it was sent, without its signature.
    fn request(&self) -> Request<Vec<u8>> {
        let wire = self.expected("wire_path_and_query").or(self.expected("wire_url"));
        let uri = wire.map_or_else(
            || {
                let pair = |pair: &Value| format!("{}={}", pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
                let query: Vec<String> = self.0["query"].as_array().unwrap().iter().map(pair).collect();
                let mark = if query.is_empty() { "" } else { "?" };
                format!("{}{mark}{}", self.0["path"].as_str().unwrap(), query.join("&"))
            },
            str::to_owned,
        );
        let mut request = Request::builder().method(self.0["method"].as_str().unwrap()).uri(uri);
        for (name, value) in self.0["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        request.body(self.body()).unwrap()
    }

    fn signed(&self) -> Vec<&str> {
        self.0["signed_header_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect()
    }

    fn method(&self) -> SignatureMethod {
        self.0["signature_method"].as_str().unwrap().parse().unwrap()
    }

    fn now(&self) -> DateTime<Utc> {
        let request = self.request();
        let text = request.headers()["x-ca-timestamp"].to_str().unwrap();
        DateTime::from_timestamp_millis(text.parse().unwrap()).unwrap()
    }

    /// The request with its signature; `None` if that was not published with its secret.
    fn complete(&self) -> Option<Request<Vec<u8>>> {
        let mut request = self.request();
        request.headers_mut().insert("x-ca-signature", self.expected("signature")?.parse().unwrap());
        Some(request)
    }
}

const KEY: &str = "203753385";
const SECRET: &str = "c0ffee-App-S3cret-for-tests+/=";

fn app() -> App {
    App::new(KEY, SECRET).unwrap()
}

fn known(key: &str) -> Option<App> {
    (key == KEY).then(app)
}

/// The strict verifier, opened where the case needs it: PUT without a digest, a value with `&`, a repeated parameter.
fn verifier(case: &Case) -> Verifier {
    match case.name() {
        "node-put-json-no-md5" => Verifier::new().unsigned_body(),
        "node-get-reserved-chars-raw" => Verifier::new().ambiguous_parameters(),
        "core-repeat-key-first-value-wins" | "core-query-and-form-same-key-repeat" => {
            Verifier::new().repeated_parameters()
        }
        _ => Verifier::new(),
    }
}

#[test]
fn every_step_of_every_case_is_as_its_client_made_it() {
    let cases = Case::all();
    for case in &cases {
        let (request, name) = (case.request(), case.name());
        if let Some(digest) = case.expected("content_md5") {
            assert_eq!(content_md5(request.body()), digest, "{name}");
        }
        let text =
            string_to_sign(request.method(), request.uri(), request.headers(), &case.signed(), request.body()).unwrap();
        assert_eq!(String::from_utf8(text.clone()).unwrap(), case.expected("string_to_sign").unwrap(), "{name}");
        if let Some(signature) = case.expected("signature") {
            assert_eq!(app().signature(case.method(), &text).as_str(), signature, "{name}");
        }
    }
    assert_eq!(cases.len(), 30);
    // The secret of the document's own example was not published.
    assert_eq!(cases.iter().filter(|case| case.expected("signature").is_none()).count(), 1);
}

#[test]
fn the_signer_makes_what_the_official_java_client_makes() {
    let mut compared = 0;
    for case in Case::all().iter().filter(|case| case.name().starts_with("core-")) {
        let mut request = case.request();
        let nonce = request.headers()["x-ca-nonce"].to_str().unwrap().to_owned();
        for ours in ["x-ca-key", "x-ca-nonce", "x-ca-timestamp", "x-ca-signature-method", "content-md5"] {
            request.headers_mut().remove(ours);
        }
        Signer::new(app()).method(case.method()).sign(&mut request, case.now(), &nonce).unwrap();
        assert_eq!(request.headers(), case.complete().unwrap().headers(), "{}", case.name());
        compared += 1;
    }
    assert_eq!(compared, 6);
}

#[test]
fn every_request_of_a_client_is_verified_and_one_change_breaks_it() {
    let (mut verified, mut opened) = (0, 0);
    for case in Case::all() {
        let Some(request) = case.complete() else { continue };
        let name = case.name();
        let check = |request: &Request<Vec<u8>>| verifier(&case).verify(request, case.now(), known).map(drop);
        let found = verifier(&case).verify(&request, case.now(), known);
        let found = found.unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        assert_eq!((found.app_key, found.signed_at), (KEY, Some(case.now())), "{name}");
        verified += 1;
        for header in ["accept", "content-type", "date", "x-ca-stage", "x-ca-nonce"] {
            let mut changed = request.clone();
            changed.headers_mut().insert(header, "changed!".parse().unwrap());
            let found = check(&changed);
            // A form that is none any more lacks its digest.
            let refused = matches!(found, Err(Refusal::Signature(_) | Refusal::Unsigned(_) | Refusal::ContentMd5));
            assert!(refused, "{name}: {header}: {found:?}");
        }
        let mut changed = request.clone();
        *changed.uri_mut() = format!("{}/x", request.uri().path()).parse().unwrap();
        assert!(matches!(check(&changed), Err(Refusal::Signature(_))), "{name}");
        let mut changed = request.clone();
        changed.body_mut().push(b'x');
        // Nothing signs the body of the one, and nothing the end of the other's, a second value.
        let unsigned = matches!(name, "node-put-json-no-md5" | "core-query-and-form-same-key-repeat");
        assert_eq!(check(&changed).is_ok(), unsigned, "{name}");
        let strict = Verifier::new().verify(&request, case.now(), known);
        opened += usize::from(strict.is_err());
    }
    assert_eq!((verified, opened), (29, 4));
}

#[test]
fn what_the_verifier_sends_back_explains_itself() {
    for case in Case::all() {
        let Some(mut request) = case.complete() else { continue };
        let other = |_: &str| Some(App::new(KEY, "another secret").unwrap());
        let told = |request: &Request<Vec<u8>>, app: fn(&str) -> Option<App>| {
            let refusal = verifier(&case).verify(request, case.now(), app).unwrap_err();
            let message = String::from_utf8(refusal.message().as_bytes().to_vec()).unwrap();
            assert!(!message.contains(SECRET) && !message.contains("another secret"));
            message
        };
        let ours = |request: &Request<Vec<u8>>| {
            signed_string(request.method(), request.uri(), request.headers(), request.body()).unwrap()
        };
        let message = told(&request, other);
        let explained = explain(&ours(&request), &message).to_string();
        assert!(explained.contains("AppSecret is wrong"), "{}: {explained}", case.name());
        let sent = ours(&request);
        request.headers_mut().insert("accept", "text/html".parse().unwrap());
        let explained = explain(&sent, &told(&request, known)).to_string();
        assert!(explained.starts_with("line 2, Accept: signed `"), "{}: {explained}", case.name());
        assert!(explained.ends_with("the gateway computed `text/html`"), "{}: {explained}", case.name());
    }
}
