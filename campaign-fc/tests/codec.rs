//! Events and results: what is written is read back the same, and what real gateways and functions
//! write is understood.

use bytes::Bytes;
use campaign_fc::{BadEvent, BadResult, GatewayEvent, GatewayResult};
use http::{Request, Response};

#[test]
fn a_request_survives_the_way_through_an_event() {
    let request = Request::builder()
        .method("PUT")
        .uri("/a%2Fb/%C3%BC?x=1%202&y=%26")
        .header("content-type", "application/json")
        .body(Bytes::from_static(&[0, 255, 7]))
        .unwrap();
    let parameters = vec![("id".to_owned(), "7".to_owned())];
    let json = serde_json::to_vec(&GatewayEvent::from_request(&request, parameters)).unwrap();
    let back = GatewayEvent::read(&json).unwrap().into_request().unwrap();
    assert_eq!(back.method(), request.method());
    assert_eq!(back.uri(), request.uri());
    assert_eq!(back.headers(), request.headers());
    assert_eq!(back.body(), request.body());
}

#[test]
fn an_empty_body_is_empty_whatever_the_flag() {
    for flag in ["true", "false", "\"true\"", "\"false\"", "null"] {
        let event = format!(r#"{{"path":"/","httpMethod":"GET","headers":{{}},"body":"","isBase64Encoded":{flag}}}"#);
        assert!(GatewayEvent::read(event.as_bytes()).unwrap().body.is_empty(), "{flag}");
    }
}

#[test]
fn a_path_is_encoded_where_it_is_not_yet() {
    for (path, uri) in [
        ("/a b", "/a%20b"),
        ("/a%20b", "/a%20b"),
        ("/100%", "/100%25"),
        ("/100%zz", "/100%25zz"),
        ("/名", "/%E5%90%8D"),
        ("/%名", "/%25%E5%90%8D"),
        ("/a?b#c", "/a%3Fb%23c"),
    ] {
        let event = serde_json::json!({ "path": path, "httpMethod": "GET", "headers": {} });
        let event = GatewayEvent::read(event.to_string().as_bytes()).unwrap();
        assert_eq!(event.into_request().unwrap().uri(), uri, "{path}");
    }
}

#[test]
fn dot_segments_are_refused_in_every_spelling() {
    for path in ["/..", "/a/./b", "/a/%2e%2E/b", "/a/.%2e", "/a\\..\\b", "a", ""] {
        let event = serde_json::json!({ "path": path, "httpMethod": "GET", "headers": {} });
        let event = GatewayEvent::read(event.to_string().as_bytes()).unwrap();
        assert!(matches!(event.into_request(), Err(BadEvent::Path(_))), "{path}");
    }
}

#[test]
fn headers_of_function_compute_in_an_event_come_from_the_caller_and_are_dropped() {
    let event = br#"{"path":"/","httpMethod":"POST","headers":{"X-Fc-Access-Key-Id":"forged",
        "Content-Length":"9","Transfer-Encoding":"chunked","X-A":"1"},"body":"b"}"#;
    let request = GatewayEvent::read(event).unwrap().into_request().unwrap();
    assert_eq!(request.headers().len(), 1);
    assert_eq!(request.headers()["x-a"], "1");
}

#[test]
fn results_as_the_vendors_samples_write_them_are_read() {
    let sample = br#"{"isBase64Encoded":"false","statusCode":"200","headers":null,"body":{"a":[1, 2]}}"#;
    let result = GatewayResult::read(sample).unwrap();
    assert_eq!((result.status.as_u16(), &result.body[..]), (200, &br#"{"a":[1,2]}"#[..]));
    assert!(result.into_response().unwrap().headers().is_empty());
}

#[test]
fn results_the_gateway_cannot_use_are_refused() {
    for (result, expected) in [
        ("", BadResult::NotAnObject),
        ("[]", BadResult::NotAnObject),
        ("{}", BadResult::Status),
        (r#"{"statusCode":99}"#, BadResult::Status),
        (r#"{"statusCode":200.5}"#, BadResult::Status),
        (r#"{"statusCode":200,"headers":{"a":[]}}"#, BadResult::Headers),
        (r#"{"statusCode":200,"body":"@","isBase64Encoded":true}"#, BadResult::Body),
        (r#"{"statusCode":200,"isBase64Encoded":"maybe"}"#, BadResult::Body),
    ] {
        assert_eq!(GatewayResult::read(result.as_bytes()), Err(expected), "{result}");
    }
    let split = GatewayResult::read(br#"{"statusCode":200,"headers":{"a":"x\r\nb: y"}}"#).unwrap();
    assert_eq!(split.into_response().unwrap_err(), BadResult::Headers);
}

#[test]
fn a_binary_answer_goes_in_base64_and_repeated_headers_are_joined() {
    let response = Response::builder()
        .header("vary", "a")
        .header("vary", "b")
        .header("set-cookie", "a=1")
        .header("set-cookie", "b=2")
        .body(Bytes::from_static(&[255]))
        .unwrap();
    let json = GatewayResult::from_response(response).write();
    let value: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(value["isBase64Encoded"], true);
    assert_eq!(value["body"], "/w==");
    assert_eq!(value["headers"]["vary"], "a, b");
    assert_eq!(value["headers"]["set-cookie"], "a=1");
}
