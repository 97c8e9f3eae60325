//! The transaction that ends when it is dropped: what it sends, and what it says when no answer comes. The answers are
//! scripted; what a transaction does to rows is tested against the local cloud.

#![expect(clippy::unwrap_used, reason = "a test: a panic is a finding")]

use std::time::Duration;

use bytes::Bytes;
use campaign_client::{ErrorKind, Retry, Serve};
use campaign_tablestore::{
    Client, Code, GetRow, GetRowOutput, PrimaryKey, PutRow, Row, StartLocalTransaction, Transaction, Written,
    server::Refusal,
};
use campaign_tests::tablestore::{Script, client, signed};

const ENDPOINT: &str = "http://127.0.0.1:1";

fn key() -> PrimaryKey {
    PrimaryKey::new().with("team", "red")
}

fn put() -> PutRow {
    PutRow::new("teams", Row::new(key()).with("attempt", "a-1"))
}

fn began() -> http::Response<Bytes> {
    let start = StartLocalTransaction::new("teams", key());
    let answer = start.write_response(&"txn-1".to_owned()).unwrap();
    signed("/StartLocalTransaction", 200, answer.into_body())
}

fn done(operation: &str) -> http::Response<Bytes> {
    signed(&format!("/{operation}"), 200, Bytes::new())
}

/// The answer of a service that does not know what it did.
fn lost(operation: &str) -> http::Response<Bytes> {
    refused(operation, Code::InternalServerError, "Internal server error.")
}

fn over(operation: &str) -> http::Response<Bytes> {
    refused(operation, Code::SessionNotExist, "Session not exist or may be timeout.")
}

fn refused(operation: &str, code: Code, message: &str) -> http::Response<Bytes> {
    let refusal = Refusal::new(code, message);
    signed(&format!("/{operation}"), refusal.status.as_u16(), refusal.response().into_body())
}

fn read_back(row: Option<Row>) -> http::Response<Bytes> {
    let answer = GetRow::new("teams", key()).write_response(&GetRowOutput { row, ..GetRowOutput::default() });
    signed("/GetRow", 200, answer.unwrap().into_body())
}

fn playing(answers: impl IntoIterator<Item = http::Response<Bytes>>) -> (Script, Client) {
    let script = Script::new(answers);
    let retry = Retry::default().base(Duration::from_millis(1)).attempts(2);
    (script.clone(), client(ENDPOINT, script, retry))
}

fn paths(script: &Script) -> Vec<String> {
    script.sent().iter().map(|request| request.uri().path().trim_start_matches('/').to_owned()).collect()
}

/// Lets what was spawned run.
async fn settle(script: &Script) {
    for _ in 0..1000 {
        if script.left() == 0 {
            return;
        }
        tokio::task::yield_now().await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

#[tokio::test]
async fn every_call_inside_carries_the_id_and_the_commit_ends_it() {
    let written = put().write_response(&Written::default()).unwrap();
    let written = signed("/PutRow", 200, written.into_body());
    let (script, client) = playing([began(), written, done("CommitTransaction")]);
    let mut transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
    transaction.send(put()).await.unwrap();
    transaction.commit().await.unwrap();
    settle(&script).await;
    assert_eq!(paths(&script), ["StartLocalTransaction", "PutRow", "CommitTransaction"]);
    let sent = script.sent().remove(1);
    let (parts, body) = sent.into_parts();
    let read = PutRow::read_request(client.service(), &parts, body.bytes().unwrap().clone()).unwrap();
    assert_eq!(read, put().transaction_id("txn-1"));
}

#[tokio::test]
async fn a_dropped_transaction_is_aborted() {
    let (script, client) = playing([began(), done("AbortTransaction")]);
    drop(Transaction::begin(&client, "teams", key()).await.unwrap());
    settle(&script).await;
    assert_eq!(paths(&script), ["StartLocalTransaction", "AbortTransaction"]);
}

#[test]
fn a_transaction_dropped_after_its_runtime_or_outside_of_one_harms_nobody() {
    let (script, client) = playing([began()]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let transaction = runtime.block_on(Transaction::begin(&client, "teams", key())).unwrap();
    drop(runtime);
    drop(transaction);
    assert_eq!(paths(&script), ["StartLocalTransaction"]);
}

#[tokio::test]
async fn a_transaction_that_was_aborted_is_not_aborted_again_and_one_that_is_over_is_no_error() {
    let (script, client) = playing([began(), done("AbortTransaction"), began(), over("AbortTransaction")]);
    Transaction::begin(&client, "teams", key()).await.unwrap().abort().await.unwrap();
    Transaction::begin(&client, "teams", key()).await.unwrap().abort().await.unwrap();
    settle(&script).await;
    assert_eq!(paths(&script).len(), 4);
}

#[tokio::test]
async fn a_commit_without_an_answer_that_can_still_be_aborted_did_not_take_place() {
    let commit = || lost("CommitTransaction");
    let (script, client) = playing([began(), commit(), commit(), done("AbortTransaction")]);
    let transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!((error.kind(), error.outcome_unknown()), (ErrorKind::Unavailable, false), "{error}");
    settle(&script).await;
    assert_eq!(paths(&script).len(), 4);
}

#[tokio::test]
async fn nobody_knows_of_a_commit_whose_answer_was_lost_and_whose_transaction_is_over() {
    let (script, client) = playing([began(), lost("CommitTransaction"), over("CommitTransaction")]);
    let transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(Code::of(&error), Some(Code::SessionNotExist));
    assert!(error.outcome_unknown(), "{error}");

    let commit = || lost("CommitTransaction");
    let (second, client) = playing([began(), commit(), commit(), over("AbortTransaction"), over("AbortTransaction")]);
    let transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(error.outcome_unknown(), "{error}");
    settle(&second).await;
    assert_eq!((script.left(), second.left()), (0, 0));
}

#[tokio::test]
async fn a_witness_settles_a_commit_whose_answer_was_lost() {
    let there = Row::new(key()).with_version("attempt", "a-1", 5);
    let other = Row::new(key()).with_version("attempt", "a-2", 5);
    for (found, known) in [(Some(there), true), (Some(other), false), (None, false)] {
        let (script, client) =
            playing([began(), lost("CommitTransaction"), over("CommitTransaction"), read_back(found)]);
        let transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
        let committed = transaction.commit_witnessed(put().transaction_id("txn-1")).await;
        assert_eq!(committed.is_ok(), known, "{committed:?}");
        assert!(committed.err().is_none_or(|error| error.outcome_unknown()));
        // Read outside the transaction, which is over.
        let (parts, body) = script.sent().remove(3).into_parts();
        let probe = GetRow::read_request(client.service(), &parts, body.bytes().unwrap().clone()).unwrap();
        assert_eq!(probe.transaction_id, None);
    }
}

#[tokio::test]
async fn a_commit_of_a_transaction_that_is_over_certainly_wrote_nothing() {
    let (script, client) = playing([began(), over("CommitTransaction")]);
    let transaction = Transaction::begin(&client, "teams", key()).await.unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert!(error.is_not_found() && !error.outcome_unknown());
    settle(&script).await;
    assert_eq!(paths(&script).len(), 2);
}
