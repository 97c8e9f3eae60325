//! The table of codes, and the way from a response to an error.

#![allow(clippy::unwrap_used, reason = "helpers of tests may fail the test")]

use campaign_apigw::{Class, Code, GatewayError};
use http::Response;

fn response(status: u16, headers: &[(&str, &str)]) -> Response<()> {
    let mut response = Response::builder().status(status);
    for (name, value) in headers {
        response = response.header(*name, *value);
    }
    response.body(()).unwrap()
}

fn by_code(code: &str) -> GatewayError {
    let status = code[1..4].parse().unwrap();
    GatewayError::from_response(&response(status, &[("X-Ca-Error-Code", code)])).unwrap()
}

fn by_message(status: u16, message: &str) -> GatewayError {
    GatewayError::from_response(&response(status, &[("X-Ca-Error-Message", message)])).unwrap()
}

#[test]
fn every_code_is_read_back_from_its_text_and_tells_its_status() {
    for code in Code::NAMED {
        assert_eq!(code.as_str().parse(), Ok(*code));
        assert_eq!(code.status().as_str(), &code.as_str()[1..4]);
        assert_eq!(by_code(code.as_str()).code(), Some(*code));
    }
}

#[test]
fn messages_take_their_detail_and_read_well_without() {
    assert_eq!(Code::I400MH.message("`name`"), "Header `name` is Required");
    assert_eq!(Code::I400BD.message("/email: too long"), "Invalid Body: /email: too long");
    assert_eq!(Code::I400BD.message(""), "Invalid Body");
    assert_eq!(Code::I405UM.message(""), "Unsupported Method");
}

#[test]
fn the_class_is_that_of_the_reliability_table() {
    for (code, class) in [
        ("T429PA", Class::Unexecuted),
        ("D503BB", Class::Unexecuted),
        ("D503CB", Class::Unexecuted),
        ("D504RE", Class::Unexecuted),
        ("D504IL", Class::Unexecuted),
        ("D504CO", Class::Unexecuted),
        ("D504TO", Class::Ambiguous),
        ("D504CS", Class::Ambiguous),
        ("X500ER", Class::Ambiguous),
        ("X504TO", Class::Ambiguous),
        ("N502RE", Class::Ambiguous),
        ("D502FC", Class::Ambiguous),
        ("A403IS", Class::Never),
        ("I400BD", Class::Never),
        ("B403OD", Class::Never),
        // Not in the table: the digits decide.
        ("T429ZZ", Class::Unexecuted),
        ("D504ZZ", Class::Ambiguous),
        ("I418ZZ", Class::Never),
    ] {
        assert_eq!(by_code(code).class(), class, "{code}");
    }
}

#[test]
fn without_the_gateways_headers_the_answer_is_the_backends() {
    assert_eq!(GatewayError::from_response(&response(503, &[("X-Ca-Request-Id", "R")])), None);
}

#[test]
fn a_classic_instance_is_understood_by_its_message() {
    let throttled = by_message(403, "Throttled by API Flow Control");
    assert_eq!((throttled.code(), throttled.class()), (Some(Code::T429PA), Class::Unexecuted));
    assert_eq!(throttled.status(), 403);
    let user = by_message(403, "Throttled by USER Flow Control");
    assert_eq!((user.code(), user.class()), (None, Class::Unexecuted));
    let failed = by_message(500, "Failed To Invoke Backend Service");
    assert_eq!((failed.code(), failed.class()), (None, Class::Ambiguous));
    assert_eq!(by_message(403, "Quota Exhausted").class(), Class::Never);
}

#[test]
fn a_code_that_is_none_leaves_the_decision_to_the_status() {
    for code in ["", "I40", "i404nf", "I404NFX", "I999é", "Ixyz!!"] {
        let error = GatewayError::from_response(&response(502, &[("X-Ca-Error-Code", code)])).unwrap();
        assert_eq!((error.code(), error.class()), (None, Class::Ambiguous), "{code}");
    }
}

#[test]
fn the_string_to_sign_is_in_no_log() {
    let message = "Invalid Signature, Server StringToSign:`POST#/x?email=CANARY`";
    let error = by_message(400, message);
    assert_eq!(error.code(), Some(Code::A403IS));
    assert_eq!(error.message(), message);
    let shown = format!("{error} {error:?}");
    assert!(shown.contains("Invalid Signature") && !shown.contains("CANARY"), "{shown}");
}

#[test]
fn a_message_cannot_forge_a_log_line() {
    let error = by_message(500, "Internal Error\u{9}x\u{9}y");
    assert!(!error.to_string().contains('\u{9}'));
}
