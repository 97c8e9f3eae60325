//! Answers: accepted ones have the captured meaning, changed ones are refused, errors mean what the table says.

use std::{error::Error as _, fmt::Debug};

use bytes::Bytes;
use campaign_client::{Body, Effect, Error, ErrorKind, Operation, Pace, Place, Serve, Service, Signing, Verdict};
use campaign_tablestore::{
    BatchGetRow, BatchWriteRow, Code, DescribeTable, GetRange, GetRow, ListTable, PrimaryKey, PutRow, Row, RowResults,
    RowWrite, TableReads, TableStore,
    op::get_range::RangePage,
    server::{Known, admit, complete},
    sign::{AnswerChecks, AnswerFault, SigningKey, answer_string_to_sign},
};
use chrono::{DateTime, TimeDelta, Utc};
use http::response;
use serde_json::Value;

use crate::{bytes, clock, credentials, input, service, vectors};

const FILE: &str = include_str!("../../vectors/tablestore-responses.json");

struct Answer {
    vector: Value,
    parts: response::Parts,
    body: Bytes,
}

impl Answer {
    fn new(vector: &Value) -> Self {
        let status = u16::try_from(vector["http_status"].as_u64().unwrap()).unwrap();
        let mut response = http::Response::builder().status(status);
        for (name, value) in vector["headers"].as_object().unwrap() {
            response = response.header(name, value.as_str().unwrap());
        }
        let body = Bytes::from(bytes(vector["body_hex"].as_str().unwrap()));
        let (parts, ()) = response.body(()).unwrap().into_parts();
        Self { vector: vector.clone(), parts, body }
    }

    fn name(&self) -> &str {
        self.vector["name"].as_str().unwrap()
    }

    fn service(&self) -> TableStore {
        service(&self.vector["signing"])
    }

    /// What the client does with it: error or not, then verified.
    fn verified(&self) -> Result<(), Error> {
        self.verified_as(AnswerChecks::ALL, clock())
    }

    /// The same with these checks at this time.
    fn verified_as(&self, checks: AnswerChecks, now: DateTime<Utc>) -> Result<(), Error> {
        let (service, credentials) = (self.service().answer_checks(checks), credentials(&self.vector["signing"]));
        if service.is_error(&self.parts, &self.body) {
            return Err(Error::from_service(service.read_error(&self.parts, &self.body)));
        }
        let mut request = http::Request::new(Body::empty());
        *request.uri_mut() = service.endpoint().uri(self.vector["path"].as_str().unwrap()).unwrap();
        let signing = Signing { credentials: &credentials, now, nonce: "", place: Place::Header };
        service.verify(&request, &self.parts, &self.body, &signing)
    }

    /// What the operation reads from it.
    fn read<O: Operation<Service = TableStore>>(&self, operation: &O) -> O::Output {
        self.verified().unwrap_or_else(|e| panic!("{}: {e:?}", self.name()));
        operation.response(&self.parts, self.body.clone()).unwrap_or_else(|e| panic!("{}: {e:?}", self.name()))
    }

    fn meaning(&self) -> &Value {
        &self.vector["meaning"]
    }
}

fn answers(prefix: impl Fn(&str) -> bool) -> Vec<Answer> {
    vectors(FILE).iter().map(Answer::new).filter(|answer| prefix(answer.name())).collect()
}

fn any_key() -> PrimaryKey {
    PrimaryKey::new().with("id", "g1")
}

fn row(meaning: &Value) -> Option<Row> {
    (!meaning.is_null())
        .then(|| Row { primary_key: input::key(&meaning["primary_key"]), columns: input::columns(&meaning["columns"]) })
}

#[test]
fn accepted_answers_have_the_captured_meaning() {
    let mut checked = 0;
    for answer in answers(|name| !name.starts_with("error_") && !name.starts_with("tampered_")) {
        let meaning = answer.meaning();
        match answer.vector["operation"].as_str().unwrap() {
            "GetRow" => {
                let found = answer.read(&GetRow::new("t", any_key()));
                assert_eq!(found.row, row(&meaning["row"]), "{}", answer.name());
                assert_eq!(u64::from(found.consumed.read), meaning["consumed"]["read"].as_u64().unwrap());
                let token = meaning["next_token_hex"].as_str().map(bytes);
                assert_eq!(found.next_token.as_deref(), token.as_deref(), "{}", answer.name());
            }
            "PutRow" => {
                let written = answer.read(&PutRow::new("t", Row::new(any_key())));
                let returned = input::key(&meaning["returned_primary_key"]);
                assert_eq!(written.row.unwrap().primary_key, returned);
                assert_eq!(u64::from(written.consumed.write), meaning["consumed"]["write"].as_u64().unwrap());
            }
            "GetRange" => {
                let page: RangePage = answer.read(&GetRange::all("t", ["id", "k"]));
                let expected: Vec<Row> = meaning["rows"].as_array().unwrap().iter().filter_map(row).collect();
                assert_eq!(page.rows().unwrap(), expected, "{}", answer.name());
                let next = &meaning["next_start_primary_key"];
                let next = (!next.is_null()).then(|| input::key(next));
                assert_eq!(page.next_start_primary_key, next, "{}", answer.name());
            }
            "ListTable" => {
                assert_eq!(serde_json::to_value(answer.read(&ListTable)).unwrap(), meaning["table_names"]);
            }
            "BatchWriteRow" => {
                let rows = ["a", "b", "c"].map(|id| RowWrite::delete(PrimaryKey::new().with("id", id)));
                let results = answer.read(&BatchWriteRow::new("t1", rows));
                checked_rows(&answer, &results, |written, _| assert_eq!(written.row, None));
            }
            "BatchGetRow" => {
                let keys = ["g1", "g2", "g3"].map(|id| PrimaryKey::new().with("id", id));
                let results = answer.read(&BatchGetRow::new(TableReads::new("t1", keys)));
                checked_rows(&answer, &results, |found, meaning| assert_eq!(found.row, row(&meaning["row"])));
            }
            "DescribeTable" => {
                let table = answer.read(&DescribeTable::new("orders"));
                assert_eq!(table.table_meta.table_name, meaning["table_name"].as_str().unwrap());
                assert_eq!(table.table_meta.primary_key.len(), 2);
                assert!(table.table_meta.primary_key[1].auto_increment);
                assert_eq!(table.table_options.deviation_cell_version_in_sec, Some(86_400));
                assert_eq!(table.index_metas[0].name, "ix");
                let raised = table.reserved_throughput_details.last_increase_time;
                assert_eq!(raised, clock());
                assert_eq!(table.table_status, None, "this client's service does not say");
            }
            other => panic!("no test for {other}"),
        }
        checked += 1;
    }
    assert_eq!(checked, 11);
}

/// The results of a batch are those of the capture, row by row; every error has the request's id.
fn checked_rows<T>(answer: &Answer, results: &RowResults<T>, succeeded: impl Fn(&T, &Value)) {
    let meaning = answer.meaning()["tables"].as_array().unwrap();
    assert_eq!((results.tables.len(), meaning.len()), (1, 1));
    let rows = meaning[0]["rows"].as_array().unwrap();
    assert_eq!(results.tables[0].len(), rows.len());
    for (result, meaning) in results.rows().zip(rows) {
        match result {
            Ok(value) => {
                assert_eq!(meaning["is_ok"], true);
                succeeded(value, meaning);
            }
            Err(error) => {
                assert_eq!((&meaning["is_ok"], &meaning["code"]), (&false.into(), &error.code.as_str().into()));
                assert_eq!(error.status, Code::from_text(&error.code).status());
                assert_eq!(error.request_id.as_deref(), answer.vector["headers"]["x-ots-requestid"].as_str());
            }
        }
    }
}

#[test]
fn the_text_and_the_signature_of_every_untouched_answer_are_the_captured_ones() {
    let mut checked = 0;
    for answer in answers(|name| !name.starts_with("tampered_")) {
        let (path, signing) = (answer.vector["path"].as_str().unwrap(), &answer.vector["signing"]);
        let text = answer_string_to_sign(path, &answer.parts.headers);
        assert_eq!(
            std::str::from_utf8(&text).ok(),
            answer.vector["response_string_to_sign"].as_str(),
            "{}",
            answer.name()
        );
        let secret = signing["access_key_secret"].as_str().unwrap();
        let key = match signing["region"].as_str() {
            Some(region) => SigningKey::v4(secret, signing["sign_date"].as_str().unwrap(), region),
            None => SigningKey::v2(secret),
        };
        let sent = answer.parts.headers["authorization"].to_str().unwrap();
        let expected = format!("OTS {}:{}", signing["access_key_id"].as_str().unwrap(), key.sign_answer(&text));
        assert_eq!(sent, expected, "{}", answer.name());
        checked += 1;
    }
    assert_eq!(checked, 21);
}

#[test]
fn a_changed_answer_is_refused_for_what_was_changed() {
    let signature = AnswerChecks::ALL.signature(false);
    let expected = [
        // Digest and date are signed headers: changed there, the signature finds it as well.
        ("tampered_md5_mismatch", AnswerFault::Digest, signature.digest(false)),
        ("tampered_bad_signature", AnswerFault::Signature, signature),
        ("tampered_missing_authorization", AnswerFault::Header("authorization"), signature),
        ("tampered_date_skew_1h", AnswerFault::Stale, signature.date(false)),
        ("tampered_missing_requestid", AnswerFault::Header("x-ots-requestid"), signature),
        ("tampered_wrong_access_key_id", AnswerFault::AccessKeyId, signature),
    ];
    let found = answers(|name| name.starts_with("tampered_"));
    assert_eq!(found.len(), expected.len());
    for (answer, (name, fault, without)) in found.iter().zip(expected) {
        assert_eq!(answer.name(), name);
        let error = answer.verified().unwrap_err();
        assert_eq!((error.kind(), error.verdict()), (ErrorKind::Unreadable, Verdict::AMBIGUOUS), "{name}");
        assert_eq!(fault_of(&error), Some(&fault), "{name}");
        let_through_only_without(answer, without, clock());
    }
}

#[test]
fn a_changed_body_is_read_only_with_the_digest_unchecked() {
    for mut answer in answers(|name| !name.starts_with("error_") && !name.starts_with("tampered_")) {
        answer.body = [&answer.body[..], b"!"].concat().into();
        assert_eq!(fault_of(&answer.verified().unwrap_err()), Some(&AnswerFault::Digest), "{}", answer.name());
        let_through_only_without(&answer, AnswerChecks::ALL.digest(false), clock());
    }
}

#[test]
fn a_clock_that_is_far_off_reads_answers_only_with_the_date_unchecked() {
    let mut checked = 0;
    // Those of V2: a key of V4 is one of the clock's day.
    for answer in answers(|name| !name.starts_with("error_") && !name.starts_with("tampered_")) {
        if answer.vector["signing"]["region"].is_string() {
            continue;
        }
        for off in [TimeDelta::days(400), TimeDelta::days(-400), TimeDelta::minutes(16)] {
            let error = answer.verified_as(AnswerChecks::ALL, clock() + off).unwrap_err();
            assert_eq!(fault_of(&error), Some(&AnswerFault::Stale), "{}", answer.name());
            let_through_only_without(&answer, AnswerChecks::ALL.date(false), clock() + off);
        }
        checked += 1;
    }
    assert!(checked > 5, "{checked}");
}

fn fault_of(error: &Error) -> Option<&AnswerFault> {
    error.source().and_then(|source| source.downcast_ref())
}

/// The answer is believed if what `without` lacks, or more, is unchecked, and else not.
fn let_through_only_without(answer: &Answer, without: AnswerChecks, now: DateTime<Utc>) {
    for bits in 0..8_u8 {
        let checks = AnswerChecks::NONE.digest(bits & 1 > 0).date(bits & 2 > 0).signature(bits & 4 > 0);
        let expected =
            [(checks.digest, without.digest), (checks.date, without.date), (checks.signature, without.signature)]
                .iter()
                .all(|(checked, may)| !checked || *may);
        assert_eq!(answer.verified_as(checks, now).is_ok(), expected, "{} {checks:?}", answer.name());
    }
    let service = answer.service();
    let none = service.clone().answer_checks(AnswerChecks::NONE);
    assert_eq!(format!("{:?}", service.without_answer_checks()), format!("{none:?}"));
}

#[test]
fn an_error_means_what_the_table_says() {
    let moving = |effect| Verdict::Again { effect, pace: Pace::Moving };
    assert_ne!(moving(Effect::None), moving(Effect::Ambiguous));
    let expected = [
        (Code::ParameterInvalid, ErrorKind::Refused, Verdict::Final),
        (Code::ConditionCheckFail, ErrorKind::Conflict, Verdict::Final),
        (Code::NotEnoughCapacityUnit, ErrorKind::Throttled, Verdict::THROTTLED),
        (Code::ObjectNotExist, ErrorKind::NotFound, Verdict::Final),
        (Code::ObjectAlreadyExist, ErrorKind::Conflict, Verdict::Final),
        (Code::RowOperationConflict, ErrorKind::Conflict, Verdict::UNEXECUTED),
        (Code::ServerBusy, ErrorKind::Throttled, Verdict::THROTTLED),
        (Code::Timeout, ErrorKind::Unavailable, Verdict::AMBIGUOUS),
        (Code::InternalServerError, ErrorKind::Unavailable, Verdict::AMBIGUOUS),
        (Code::AuthFailed, ErrorKind::Denied, Verdict::Final),
    ];
    let found = answers(|name| name.starts_with("error_"));
    assert_eq!(found.len(), expected.len());
    for (answer, (code, kind, verdict)) in found.iter().zip(expected) {
        let error = answer.verified().unwrap_err();
        assert_eq!(Code::of(&error), Some(code), "{}", answer.name());
        assert_eq!((error.kind(), error.verdict()), (kind, verdict), "{}", answer.name());
        let sent = error.service_error().unwrap();
        let meaning = &answer.meaning()["error"];
        assert_eq!(
            (&*sent.code, &*sent.message),
            (meaning["code"].as_str().unwrap(), meaning["message"].as_str().unwrap())
        );
        assert_eq!(error.request_id(), answer.vector["headers"]["x-ots-requestid"].as_str());
        assert_eq!(sent.status, code.status());
    }
}

#[test]
fn what_the_server_half_answers_is_what_the_service_answered() {
    // The captured answers read and written again are the same bytes with the same signature.
    fn again<O: Serve<Service = TableStore>>(answer: &Answer, operation: &O)
    where
        O::Output: Debug,
    {
        let output = answer.read(operation);
        let mut response = operation.write_response(&output).unwrap();
        assert_eq!(response.body(), &answer.body, "{}", answer.name());

        let credentials = credentials(&answer.vector["signing"]);
        let (service, path) = (answer.service(), answer.vector["path"].as_str().unwrap());
        let mut request = operation.request(&service).unwrap();
        let signing = Signing { credentials: &credentials, now: clock(), nonce: "", place: Place::Header };
        service.sign(&mut request, &signing).unwrap();
        let body = request.body().bytes().unwrap().clone();
        let (parts, _) = request.into_parts();
        let caller = admit("campaign-test", &parts, &body, clock(), |_| Known::Key(credentials)).unwrap();
        let id = answer.vector["headers"]["x-ots-requestid"].as_str().unwrap();
        complete(&mut response, path, Some(&caller), id, clock());
        for (name, value) in answer.vector["headers"].as_object().unwrap() {
            assert_eq!(response.headers()[&*name.to_lowercase()].to_str().unwrap(), value, "{}: {name}", answer.name());
        }
    }
    let mut checked = 0;
    for answer in answers(|name| !name.starts_with("error_") && !name.starts_with("tampered_")) {
        match answer.vector["operation"].as_str().unwrap() {
            "BatchWriteRow" => {
                let rows = ["a", "b", "c"].map(|id| RowWrite::delete(PrimaryKey::new().with("id", id)));
                again(&answer, &BatchWriteRow::new("t1", rows));
            }
            "BatchGetRow" => {
                let keys = ["g1", "g2", "g3"].map(|id| PrimaryKey::new().with("id", id));
                again(&answer, &BatchGetRow::new(TableReads::new("t1", keys)));
            }
            "GetRow" => again(&answer, &GetRow::new("t", any_key())),
            "PutRow" => again(&answer, &PutRow::new("t", Row::new(any_key()))),
            "GetRange" => again(&answer, &GetRange::all("t", ["id", "k"])),
            "ListTable" => again(&answer, &ListTable),
            "DescribeTable" => again(&answer, &DescribeTable::new("orders")),
            _ => continue,
        }
        checked += 1;
    }
    assert_eq!(checked, 11);
}
