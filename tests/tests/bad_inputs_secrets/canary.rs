//! A secret that must not be seen, in whatever form.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose::STANDARD};

/// So many characters in a row of a secret are a leak.
const WINDOW: usize = 8;

/// Fails if `text` shows eight characters in a row of `secret`, plain, in Base64 at any alignment, percent-encoded or in
/// hexadecimal; whatever else than letters and digits stands between them, so that a secret split over two fields is found.
pub(crate) fn assert_absent(secret: &str, text: &str) {
    let squeezed = squeeze(text);
    for (form, written) in forms(secret) {
        let written: Vec<char> = squeeze(&written).chars().collect();
        assert!(written.len() >= WINDOW, "too short to be looked for: {form}");
        for window in written.windows(WINDOW) {
            let window: String = window.iter().collect();
            if let Some(at) = squeezed.find(&window) {
                let around: String =
                    squeezed[..at].chars().rev().take(60).collect::<Vec<_>>().into_iter().rev().collect();
                panic!("a secret shows ({form}) after …{around}");
            }
        }
    }
}

/// Letters and digits only.
fn squeeze(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).collect()
}

fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let hex = secret.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    });
    let percent = secret.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "%{byte:02X}").unwrap();
        out
    });
    // What stands before and after decides the first and the last characters only.
    let base64 = |shift: usize| {
        let text = STANDARD.encode(["x".repeat(shift).as_bytes(), secret.as_bytes()].concat());
        text[4.min(shift * 4)..text.len() - 4].to_owned()
    };
    vec![
        ("plain", secret.to_owned()),
        ("hexadecimal", hex.clone()),
        ("HEXADECIMAL", hex.to_uppercase()),
        ("percent", percent),
        ("Base64", base64(0)),
        ("Base64, one on", base64(1)),
        ("Base64, two on", base64(2)),
    ]
}

#[test]
fn a_leak_is_found_in_every_form() {
    let secret = "c4n4ry/Zq81+xT0pW";
    let leaks = [
        "key=c4n4ry/Zq81+xT0pW;".to_owned(),
        r#"a="c4n4ry/" b="Zq81+xT0pW""#.to_owned(),
        STANDARD.encode(format!("id:{secret}")),
        STANDARD.encode(format!("i:{secret}!")),
        STANDARD.encode(format!("ids:{secret}")),
        "63346e3472792f5a7138312b78543070 57".to_owned(),
        "%63%34%6E%34%72%79%2F%5A%71".to_owned(),
        "the first half only: c4n4ry/Zq".to_owned(),
    ];
    for leak in leaks {
        assert!(std::panic::catch_unwind(|| assert_absent(secret, &leak)).is_err(), "not found: {leak}");
    }
    assert_absent(secret, "c4n4ry is six letters, Zq81 four");
}
