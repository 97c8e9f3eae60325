//! The corpus of bad inputs against the verifier: forged signatures, wrong times, replays.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use campaign_apigw::{App, Code, MemoryNonces, Nonces, NoncesError, Refusal, Signer, Verifier, content_md5};
use chrono::{DateTime, TimeDelta, Utc};
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;

const CORPUS: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/bad-inputs.json"));

/// Refused with the gateway's documented code for just this, whose status is 400 and not the corpus's 403: no key
/// (A400MA), an unknown key (A400IK), a digest that is not the body's (I400I5), a nonce that is none (I400HD).
const WITH_400: [&str; 8] = [
    "apigw-signature-020",
    "apigw-signature-021",
    "apigw-signature-022",
    "apigw-signature-030",
    "apigw-signature-033",
    "apigw-signature-034",
    "apigw-signature-056",
    "replay-time-030",
];

struct Corpus(Value);

impl Corpus {
    fn new() -> Self {
        Self(serde_json::from_str(CORPUS).unwrap())
    }

    fn base(&self) -> &Value {
        &self.0["baselines"]["apigw-ok"]
    }

    fn cases(&self, category: &str) -> Vec<&Value> {
        self.0["entries"].as_array().unwrap().iter().filter(|case| case["category"] == category).collect()
    }

    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.base()["now_ms"].as_i64().unwrap()).unwrap()
    }

    fn app(&self) -> App {
        App::new(self.base()["app_key"].as_str().unwrap(), self.base()["app_secret"].as_str().unwrap()).unwrap()
    }

    /// The valid request, changed as the case says.
    fn mutated(&self, change: &Value) -> Request<Vec<u8>> {
        let base = self.base();
        let target = change["target"].as_str().or(base["target"].as_str()).unwrap();
        let mut request = Request::builder().method(base["method"].as_str().unwrap()).uri(target);
        for (name, value) in base["headers"].as_object().unwrap() {
            request = request.header(name, value.as_str().unwrap());
        }
        let body = change["body_utf8"].as_str().or(base["body_utf8"].as_str()).unwrap();
        let mut request = request.body(body.as_bytes().to_vec()).unwrap();
        if change["recompute_md5"] == true {
            let digest = content_md5(request.body());
            request.headers_mut().insert("content-md5", digest.parse().unwrap());
        }
        let headers = request.headers_mut();
        if let Some(kind) = change["content_type"].as_str() {
            headers.insert("content-type", kind.parse().unwrap());
        }
        for (name, value) in change["set_header"].as_object().into_iter().flatten() {
            let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_bytes(generated(value.as_str().unwrap()).as_bytes()).unwrap());
        }
        for name in change["drop_header"].as_array().into_iter().flatten() {
            headers.remove(name.as_str().unwrap());
        }
        for pair in change["add_header"].as_array().into_iter().flatten() {
            let name = HeaderName::from_bytes(pair[0].as_str().unwrap().as_bytes()).unwrap();
            headers.append(name, pair[1].as_str().unwrap().parse().unwrap());
        }
        let names = change["signed_headers"].as_array();
        let list = names.map(|names| names.iter().map(|name| name.as_str().unwrap().to_owned()).collect());
        let count = change["signed_headers_gen"]["count"].as_u64();
        let list: Option<Vec<String>> = list.or(count.map(|count| (0..count).map(|n| format!("x-h-{n}")).collect()));
        if let Some(list) = list {
            headers.insert("x-ca-signature-headers", list.join(",").parse().unwrap());
        }
        if change["resign"] == true {
            resign(&mut request, &self.app());
        }
        request
    }
}

/// `A*10240` is that many letters.
fn generated(text: &str) -> String {
    match text.split_once('*').and_then(|(unit, count)| Some((unit, count.parse().ok()?))) {
        Some((unit, count)) if count > 1000 => unit.repeat(count),
        _ => text.to_owned(),
    }
}

/// A right signature over what the request lists, as a client that follows other rules makes it.
fn resign(request: &mut Request<Vec<u8>>, app: &App) {
    let list = request.headers()["x-ca-signature-headers"].to_str().unwrap().to_owned();
    let names: Vec<&str> = list.split(',').collect();
    let text =
        campaign_apigw::string_to_sign(request.method(), request.uri(), request.headers(), &names, request.body());
    let signature = app.signature(campaign_apigw::SignatureMethod::HmacSha256, &text.unwrap());
    request.headers_mut().insert("x-ca-signature", signature.as_str().parse().unwrap());
}

/// Judges a refusal: its code's status, its headers, and that it says nothing that is a secret.
fn judged(case: &Value, refusal: &Refusal, secret: &str) {
    let id = case["id"].as_str().unwrap();
    let expected = case["expect"]["http"].as_u64().unwrap();
    let status = u64::from(refusal.code().status().as_u16());
    if WITH_400.contains(&id) {
        assert_eq!((status, expected), (400, 403), "{id}: {refusal}");
    } else {
        assert_eq!(status, expected, "{id}: {refusal}");
    }
    let mut headers = HeaderMap::new();
    refusal.write_to(&mut headers);
    let shown = format!("{headers:?} {refusal} {refusal:?}");
    assert!(!shown.contains(secret), "{id}");
}

#[test]
fn every_forged_signature_and_every_wrong_time_is_refused_and_the_right_ones_are_not() {
    let corpus = Corpus::new();
    let secret = corpus.base()["app_secret"].as_str().unwrap();
    let (mut refused, mut accepted, mut codes) = (0, Vec::new(), String::new());
    let cases = corpus.cases("apigw-signature").into_iter().chain(corpus.cases("replay-time"));
    for case in cases.filter(|case| case["input"].get("mutate").is_some()) {
        let (id, change) = (case["id"].as_str().unwrap(), &case["input"]["mutate"]);
        let request = corpus.mutated(change);
        let known = |key: &str| (key == "203700001" && change["revoked"] != true).then(|| corpus.app());
        match (Verifier::new().verify(&request, corpus.now(), known), case["expect"]["outcome"].as_str().unwrap()) {
            (Err(refusal), "reject") => {
                judged(case, &refusal, secret);
                let expected = match case["expect"]["class"].as_str().unwrap() {
                    "RequestExpired" => refusal == Refusal::Expired,
                    "BadTimestamp" => refusal.code() == Code::I400HD,
                    "InvalidSignature" => !matches!(refusal, Refusal::Expired | Refusal::NonceUsed | Refusal::Busy),
                    _ => false,
                };
                assert!(expected, "{id}: {refusal}");
                refused += 1;
                writeln!(codes, "{id} {}", refusal.code()).unwrap();
            }
            (Ok(_), "accept") => accepted.push(id),
            (found, expected) => panic!("{id}: expected {expected}, got {found:?}"),
        }
    }
    assert_eq!(accepted, ["apigw-signature-059", "replay-time-035"], "{codes}");
    // 42 signatures and 16 times, less the two.
    assert_eq!(refused, 56, "{codes}");
}

#[test]
fn a_value_that_reads_like_two_parameters_is_refused_although_it_is_signed() {
    // The case as its description means it: signed over the raw text.
    let corpus = Corpus::new();
    let case = corpus.cases("apigw-signature").into_iter().find(|case| case["id"] == "apigw-signature-045").unwrap();
    let mut request = corpus.mutated(&case["input"]["mutate"]);
    resign(&mut request, &corpus.app());
    let verify = |verifier: Verifier| verifier.verify(&request, corpus.now(), |_| Some(corpus.app()));
    assert_eq!(verify(Verifier::new()).unwrap_err().code(), Code::A403IS);
    assert!(verify(Verifier::new().ambiguous_parameters()).is_ok());
}

#[tokio::test]
async fn every_sequence_ends_as_the_corpus_says() {
    let corpus = Corpus::new();
    let second = App::new("203700002", "another secret").unwrap();
    let mut run = Vec::new();
    for case in corpus.cases("replay-time").into_iter().filter(|case| case["input"].get("sequence").is_some()) {
        let id = case["id"].as_str().unwrap();
        let mut now = corpus.now();
        let mut nonces = MemoryNonces::new(now - TimeDelta::hours(1));
        let (mut results, mut remembered) = (Vec::new(), 0);
        for step in case["input"]["sequence"]["steps"].as_array().unwrap() {
            let mut change = step.clone();
            match step.as_str().map(|word| word.split_once(' ').unwrap_or((word, ""))) {
                Some(("RESTART", _)) => {
                    now += TimeDelta::milliseconds(1);
                    nonces = MemoryNonces::new(now);
                    continue;
                }
                Some(("CLOCK", by)) => {
                    now += TimeDelta::milliseconds(by.parse().unwrap());
                    continue;
                }
                Some(("FLOOD_BAD", count)) => {
                    let before = nonces.len();
                    let (mut forged, app) = (corpus.mutated(&Value::Null), corpus.app());
                    for n in 0..count.parse::<u32>().unwrap() {
                        forged.headers_mut().insert("x-ca-nonce", format!("forged-{n:06}").parse().unwrap());
                        let refused = Verifier::new().admit(&forged, now, |_| Some(app.clone()), &nonces).await;
                        assert!(matches!(refused, Err(Refusal::Signature(_))), "{id}");
                    }
                    remembered = nonces.len() - before;
                    continue;
                }
                Some(_) => change = Value::Null,
                None => {}
            }
            let mut request = corpus.mutated(&change);
            if change["app"] == "second" {
                request.headers_mut().insert("x-ca-key", "203700002".parse().unwrap());
                resign(&mut request, &second);
            }
            let app = |key: &str| Some(if key == second.key() { second.clone() } else { corpus.app() });
            now += TimeDelta::milliseconds(1);
            results.push(Verifier::new().admit(&request, now, app, &nonces).await.map(drop));
        }
        let last_two = || {
            let [first, second] = results.as_slice() else { panic!("{id}: {results:?}") };
            (first, second)
        };
        match case["expect"]["outcome"].as_str().unwrap() {
            "second-rejected" | "second-rejected-or-refused" => {
                let (first, second) = last_two();
                assert!(first.is_ok(), "{id}: {first:?}");
                judged(case, second.as_ref().unwrap_err(), "holdfast");
            }
            "both-accepted" | "second-treated-as-new" => {
                let (first, second) = last_two();
                assert!(first.is_ok() && second.is_ok(), "{id}: {results:?}");
            }
            "second-accepted" => {
                let (first, second) = last_two();
                assert!(first.is_err() && second.is_ok(), "{id}: {results:?}");
            }
            "rejected" => judged(case, results[0].as_ref().unwrap_err(), "holdfast"),
            "cache-size-unchanged" => assert_eq!(remembered, 0, "{id}"),
            other => panic!("{id}: no outcome {other}"),
        }
        run.push(id);
    }
    assert_eq!(
        run,
        ["020", "022", "023", "024", "026", "028", "030", "031", "032"].map(|number| format!("replay-time-{number}"))
    );
}

#[tokio::test]
async fn a_full_memory_refuses_and_forgets_only_what_has_expired() {
    let corpus = Corpus::new();
    let start = corpus.now();
    let nonces = MemoryNonces::new(start).most(2);
    let send = async |n: u32, now: DateTime<Utc>| {
        let mut request = Request::get("/a").body("").unwrap();
        Signer::new(corpus.app()).sign(&mut request, now, &format!("nonce-{n:04}")).unwrap();
        Verifier::new().admit(&request, now, |_| Some(corpus.app()), &nonces).await.map(drop)
    };
    assert!(send(1, start).await.is_ok() && send(2, start).await.is_ok());
    let full = send(3, start).await.unwrap_err();
    assert_eq!((full.clone(), full.code().class()), (Refusal::Busy, campaign_apigw::Class::Ambiguous));
    assert_eq!(full.retry_after().map(|wait| wait.as_secs()), Some(1));
    assert_eq!(send(1, start).await.unwrap_err(), Refusal::NonceUsed);
    let later = start + TimeDelta::minutes(14);
    assert_eq!(send(3, later).await.unwrap_err(), Refusal::Busy);
    let expired = start + TimeDelta::minutes(16);
    assert!(send(3, expired).await.is_ok());
    assert_eq!(nonces.len(), 1);
    // The clock is set back: what was forgotten is not let in again.
    assert_eq!(send(1, start).await.unwrap_err(), Refusal::Expired);
}

#[tokio::test]
async fn a_store_that_cannot_be_asked_lets_nothing_through() {
    #[derive(Debug)]
    struct Down;
    #[async_trait::async_trait]
    impl Nonces for Down {
        async fn remember(&self, _: campaign_apigw::Use<'_>) -> Result<bool, NoncesError> {
            Err(NoncesError::Unavailable("down".into()))
        }
    }
    let corpus = Corpus::new();
    let request = corpus.mutated(&Value::Null);
    let refused = Verifier::new().admit(&request, corpus.now(), |_| Some(corpus.app()), &Down).await;
    assert_eq!(refused.unwrap_err(), Refusal::Busy);
}

#[tokio::test]
async fn of_many_at_the_same_time_exactly_one_is_new() {
    let corpus = Corpus::new();
    let nonces = std::sync::Arc::new(MemoryNonces::new(corpus.now()));
    let request = std::sync::Arc::new(corpus.mutated(&Value::Null));
    let (app, now) = (corpus.app(), corpus.now());
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let (nonces, request, app) = (nonces.clone(), request.clone(), app.clone());
            tokio::spawn(async move { Verifier::new().admit(&request, now, |_| Some(app), &*nonces).await.map(drop) })
        })
        .collect();
    let mut admitted = 0;
    for task in tasks {
        admitted += usize::from(task.await.unwrap().is_ok());
    }
    assert_eq!(admitted, 1);
}

#[test]
fn the_switches_open_what_they_name_and_nothing_else() {
    let corpus = Corpus::new();
    let verify = |verifier: Verifier, request: &Request<Vec<u8>>| {
        verifier.verify(request, corpus.now(), |_| Some(corpus.app())).map(drop).map_err(|refusal| refusal.code())
    };
    let signed = |change: Value| {
        let mut request = corpus.mutated(&change);
        resign(&mut request, &corpus.app());
        request
    };
    let without = |name: &str| {
        let names: Vec<&str> = ["x-ca-key", "x-ca-nonce", "x-ca-signature-method", "x-ca-timestamp"]
            .into_iter()
            .filter(|listed| *listed != name)
            .collect();
        signed(serde_json::json!({ "drop_header": [name], "signed_headers": names }))
    };
    let strict = Verifier::new;
    let no_nonce = without("x-ca-nonce");
    assert_eq!(verify(strict(), &no_nonce), Err(Code::I400NC));
    assert_eq!(verify(strict().without_nonce(), &no_nonce), Ok(()));
    let no_time = without("x-ca-timestamp");
    assert_eq!(verify(strict().without_nonce(), &no_time), Err(Code::I400MH));
    assert_eq!(verify(strict().without_timestamp(), &no_time), Ok(()));
    let no_digest = signed(serde_json::json!({ "drop_header": ["content-md5"] }));
    assert_eq!(verify(strict(), &no_digest), Err(Code::I400I5));
    assert_eq!(verify(strict().unsigned_body(), &no_digest), Ok(()));
    let repeated = signed(serde_json::json!({ "target": "/v1/submit?a=1&a=2" }));
    assert_eq!(verify(strict(), &repeated), Err(Code::A403IS));
    assert_eq!(verify(strict().repeated_parameters(), &repeated), Ok(()));
    let form = serde_json::json!({
        "content_type": "application/x-www-form-urlencoded", "body_utf8": "campaign=a", "drop_header": ["content-md5"],
    });
    let both = signed(form);
    assert_eq!(verify(strict(), &both), Err(Code::A403IS));
    assert_eq!(verify(strict().form_over_query(), &both), Ok(()));
    let mut decoded = Request::get("/v1/%E6%9D%AD").body(Vec::new()).unwrap();
    Signer::new(corpus.app()).sign(&mut decoded, corpus.now(), "nonce-0001").unwrap();
    assert_eq!(verify(strict(), &decoded), Ok(()));
    assert_eq!(verify(strict().decoded_path(), &decoded), Err(Code::A403IS));
    let mut sha1 = Request::get("/v1").body(Vec::new()).unwrap();
    let signer = Signer::new(corpus.app()).method(campaign_apigw::SignatureMethod::HmacSha1);
    signer.sign(&mut sha1, corpus.now(), "nonce-0001").unwrap();
    assert_eq!(verify(strict(), &sha1), Ok(()));
    assert_eq!(verify(strict().without_sha1(), &sha1), Err(Code::A403IS));
    let edge = corpus.now() + TimeDelta::minutes(15);
    let at = |now| strict().verify(&corpus.mutated(&Value::Null), now, |_| Some(corpus.app())).is_ok();
    assert!(at(edge) && !at(edge + TimeDelta::milliseconds(1)));
}
