//! Every prefix and every turned bit of messages: an error that says so, or another value, and never a panic.
#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fmt::Debug;

use bytes::Bytes;
use campaign_cdn::{
    Allowance, Cdn, Code, DescribeRefreshQuota, DescribeRefreshTasks, RefreshObjectCaches, RefreshQuota, RefreshTask,
    RefreshTasks, Submitted, TaskStatus, TaskType, server::Refusal,
};
use campaign_client::{ErrorKind, Serve, Service};

fn damaged(message: &[u8]) -> Vec<Bytes> {
    let prefixes = (0..message.len()).map(|end| Bytes::copy_from_slice(&message[..end]));
    let flips = (0..message.len() * 8).map(|bit| {
        let mut bytes = message.to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        Bytes::from(bytes)
    });
    prefixes.chain(flips).collect()
}

fn survives<O: Serve<Service = Cdn>>(operation: &O, output: &O::Output) -> usize
where
    O::Output: PartialEq + Debug,
{
    let service = Cdn::new(Cdn::ENDPOINT).unwrap();
    let (parts, body) = operation.write_response(output).unwrap().into_parts();
    let mut refused = 0;
    for body in damaged(&body) {
        // A message whose member became `Code` is an error's: the client would not read it as an answer.
        drop(service.read_error(&parts, &body));
        match operation.response(&parts, body) {
            Ok(_) => {}
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Unreadable, "{error}");
                refused += 1;
            }
        }
    }
    let (parts, body) = operation.request(&service).unwrap().into_parts();
    for body in damaged(body.bytes().unwrap()) {
        if let Err(error) = O::read_request(&service, &parts, body) {
            assert_eq!(error.kind(), ErrorKind::Invalid, "{error}");
        }
    }
    refused
}

#[test]
fn damaged_answers_and_requests_are_errors_or_other_values() {
    let of = |remain| Allowance { quota: 2000, remain };
    let quota = RefreshQuota::new(of(7), of(8), "R-1");
    let time = "2026-11-11T00:00:00Z".parse().unwrap();
    let mut task = RefreshTask::new("1", "https://h/活动", TaskType::File, TaskStatus::Failed, time);
    task.description = Some("why".to_owned());
    let tasks = RefreshTasks::new(vec![task], (1, 20), 1, "R-1");
    let refresh = RefreshObjectCaches::directories(["https://h/a%20b/", "https://i/"]).force(true);
    let submitted = Submitted::new(vec!["1".to_owned(), "2".to_owned()], "R-1");
    assert!(survives(&DescribeRefreshQuota, &quota) > 200);
    assert!(survives(&DescribeRefreshTasks::task("1"), &tasks) > 300);
    assert!(survives(&refresh, &submitted) > 100);
}

#[test]
fn a_damaged_error_is_still_an_error_of_its_status() {
    let service = Cdn::new(Cdn::ENDPOINT).unwrap();
    let (parts, body) = Refusal::new(Code::Throttling, "slow down").response("R-1", "h").into_parts();
    for body in damaged(&body) {
        let error = service.read_error(&parts, &body);
        assert!(matches!(error.kind, ErrorKind::Throttled | ErrorKind::Unavailable), "{error:?}");
        assert!(service.is_error(&parts, &body));
    }
}
