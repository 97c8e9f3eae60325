//! What came back: a receipt, or why the campaign refuses.

use bytes::Bytes;
use http::{Response, StatusCode};
use serde::Deserialize;
use serde_json::{Value, json};

/// Characters of a text of the backend that are shown.
const SHOWN: usize = 300;

/// The campaign's final word.
#[derive(Debug)]
pub(crate) struct Answer {
    status: StatusCode,
    replayed: bool,
    request_id: Option<String>,
    receipt: Receipt,
    problem: Problem,
}

#[derive(Debug, Default, Deserialize)]
struct Receipt {
    receipt: Option<String>,
    status: Option<String>,
}

/// Problem details (RFC 9457).
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Problem {
    title: Option<String>,
    detail: Option<String>,
    errors: Vec<Violation>,
}

#[derive(Debug, Deserialize)]
struct Violation {
    pointer: String,
    code: String,
}

impl Answer {
    pub(crate) fn read(response: &Response<Bytes>) -> Self {
        let text = |name: &str| response.headers().get(name).and_then(|value| value.to_str().ok());
        Self {
            status: response.status(),
            replayed: text("idempotency-replayed") == Some("true"),
            request_id: text("x-ca-request-id").map(str::to_owned),
            receipt: serde_json::from_slice(response.body()).unwrap_or_default(),
            problem: serde_json::from_slice(response.body()).unwrap_or_default(),
        }
    }

    /// True if the entry is stored, now or before, or acknowledged without saying so.
    pub(crate) fn is_taken(&self) -> bool {
        matches!(self.status.as_u16(), 200..=202)
    }

    /// A word for what happened.
    fn outcome(&self) -> &str {
        match &self.receipt.status {
            Some(status) if self.is_taken() => status,
            _ if self.is_taken() => "accepted",
            _ => "refused",
        }
    }

    pub(crate) fn to_text(&self) -> String {
        if self.is_taken() {
            let receipt =
                self.receipt.receipt.as_deref().map_or(String::new(), |receipt| format!("  {}", shown(receipt)));
            return format!("{}{receipt}", shown(self.outcome()));
        }
        let mut text = format!("refused  {}", self.status.as_u16());
        for part in [&self.problem.title, &self.problem.detail].into_iter().flatten() {
            text.push_str(&format!("  {}", shown(part)));
        }
        for Violation { pointer, code } in &self.problem.errors {
            text.push_str(&format!("\n  {}  {}", shown(pointer), shown(code)));
        }
        text
    }

    pub(crate) fn to_json(&self, key: &str) -> String {
        let errors: Vec<Value> = self
            .problem
            .errors
            .iter()
            .map(|Violation { pointer, code }| json!({ "pointer": pointer, "code": code }))
            .collect();
        let mut line = json!({
            "outcome": self.outcome(),
            "status": self.status.as_u16(),
            "key": key,
            "replayed": self.replayed,
            "receipt": self.receipt.receipt,
            "request_id": self.request_id,
        });
        if !self.is_taken() {
            line["problem"] = json!({ "title": self.problem.title, "detail": self.problem.detail, "errors": errors });
        }
        line.to_string()
    }
}

/// One line without power over a terminal, cut short.
fn shown(text: &str) -> String {
    text.chars().take(SHOWN).map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, body: &'static str) -> Answer {
        Answer::read(&Response::builder().status(status).body(Bytes::from_static(body.as_bytes())).unwrap())
    }

    #[test]
    fn a_receipt_is_one_line_and_a_refusal_names_the_fields() {
        let created = answer(201, r#"{"receipt":"32DX-EETY","campaign":"c","status":"created"}"#);
        assert_eq!((created.is_taken(), created.to_text().as_str()), (true, "created  32DX-EETY"));
        let accepted = answer(202, r#"{"campaign":"c"}"#);
        assert_eq!((accepted.is_taken(), accepted.to_text().as_str()), (true, "accepted"));
        let invalid =
            answer(422, r#"{"title":"Not valid","errors":[{"pointer":"/size","code":"not_in_enum","params":{}}]}"#);
        assert_eq!(
            (invalid.is_taken(), invalid.to_text().as_str()),
            (false, "refused  422  Not valid\n  /size  not_in_enum")
        );
        let foreign = answer(404, "<html>\u{1b}[2J");
        assert_eq!((foreign.is_taken(), foreign.to_text().as_str()), (false, "refused  404"));
    }

    #[test]
    fn the_line_of_json_has_the_key() {
        let line: Value =
            serde_json::from_str(&answer(409, r#"{"title":"again\nforged"}"#).to_json("key-0001")).unwrap();
        assert_eq!(
            (line["outcome"].as_str(), line["status"].as_u64(), line["key"].as_str()),
            (Some("refused"), Some(409), Some("key-0001"))
        );
        assert_eq!(answer(409, r#"{"title":"again\nforged"}"#).to_text(), "refused  409  again forged");
    }
}
