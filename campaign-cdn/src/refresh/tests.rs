//! Refreshing against a service that plays tasks.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use bytes::Bytes;
use campaign_client::{Body, Credentials, Download, Retry, Serve, Transport, TransportError};

use super::*;
use crate::{
    Allowance, Cdn, Code, DescribeRefreshTasks, RefreshObjectCaches, RefreshQuota, RefreshTasks, Submitted, TaskType,
    server::Refusal,
};

/// A service whose tasks change at the second look.
#[derive(Debug, Default)]
struct Play {
    /// What is left today.
    left: (u64, u64),
    /// The caller may not see it.
    quota_denied: bool,
    /// How the tasks end; `None`: they do not.
    ends: Option<TaskStatus>,
    /// The refusal of the second submission.
    second: Option<Code>,
    tasks: BTreeMap<String, (Vec<String>, u32)>,
    sent: Vec<String>,
}

#[derive(Debug, Clone)]
struct Stage(Arc<Mutex<Play>>);

impl Play {
    fn answer(&mut self, action: &str, parts: &http::request::Parts, body: Bytes) -> http::Response<Bytes> {
        let service = Cdn::new("http://127.0.0.1:1").unwrap();
        let refused = |code| Refusal::new(code, "refused").response("R", "127.0.0.1");
        match action {
            "DescribeRefreshQuota" if self.quota_denied => refused(Code::ForbiddenRam),
            "DescribeRefreshQuota" => {
                let allowance = |remain| Allowance { quota: 2000, remain };
                let quota = RefreshQuota::new(allowance(self.left.0), allowance(self.left.1), "R");
                DescribeRefreshQuota.write_response(&quota).unwrap()
            }
            "RefreshObjectCaches" => {
                if let Some(code) = self.second.filter(|_| !self.tasks.is_empty()) {
                    return refused(code);
                }
                let call = RefreshObjectCaches::read_request(&service, parts, body).unwrap();
                let id = (self.tasks.len() + 1).to_string();
                self.tasks.insert(id.clone(), (call.object_path.clone(), 0));
                call.write_response(&Submitted::new(vec![id], "R")).unwrap()
            }
            "DescribeRefreshTasks" => {
                let call = DescribeRefreshTasks::read_request(&service, parts, body).unwrap();
                let id = call.task_id.clone().unwrap();
                let (addresses, looks) = self.tasks.get_mut(&id).unwrap();
                *looks += u32::from(call.page_number.is_none());
                let status = self.ends.clone().filter(|_| *looks > 1).unwrap_or(TaskStatus::Refreshing);
                let page = call.page_number.unwrap_or(1);
                let rows = addresses.iter().skip(100 * (page as usize - 1)).take(100);
                let time = chrono::DateTime::from_timestamp(0, 0).unwrap();
                let rows =
                    rows.map(|path| RefreshTask::new(&*id, path, TaskType::File, status.clone(), time)).collect();
                let total = addresses.len() as u64;
                call.write_response(&RefreshTasks::new(rows, (page.into(), 100), total, "R")).unwrap()
            }
            other => panic!("{other}"),
        }
    }
}

#[async_trait]
impl Transport for Stage {
    async fn send(&self, request: http::Request<Body>) -> Result<http::Response<Download>, TransportError> {
        let (parts, body) = request.into_parts();
        let action = parts.headers["x-acs-action"].to_str().unwrap().to_owned();
        let mut play = self.0.lock().unwrap();
        play.sent.push(action.clone());
        Ok(play.answer(&action, &parts, body.bytes().cloned().unwrap_or_default()).map(Download::from))
    }
}

fn stage(play: Play) -> (Stage, Client) {
    let stage = Stage(Arc::new(Mutex::new(play)));
    let builder = Client::builder(Cdn::new("http://127.0.0.1:1").unwrap()).transport(stage.clone());
    (stage, builder.credentials(Credentials::new("key", "secret")).retry(Retry::never()).build().unwrap())
}

fn completes() -> Play {
    Play { left: (2000, 100), ends: Some(TaskStatus::Complete), ..Play::default() }
}

fn files(n: usize) -> Refresh {
    Refresh::new().files((0..n).map(|n| format!("https://h/{n}")))
}

fn sent(stage: &Stage) -> BTreeMap<String, usize> {
    stage.0.lock().unwrap().sent.iter().fold(BTreeMap::new(), |mut all, action| {
        *all.entry(action.clone()).or_default() += 1;
        all
    })
}

#[tokio::test(start_paused = true)]
async fn many_addresses_are_submitted_in_few_calls_and_waited_for_with_progress() {
    let (stage, client) = stage(completes());
    let mut told = Vec::new();
    let refresh = files(1500).directory("https://h/x/").file("https://h/7");
    let refreshed = refresh.send(&client, |progress| told.push((progress.submitted, progress.complete))).await.unwrap();
    assert_eq!((refreshed.addresses, refreshed.task_ids.len()), (1501, 3));
    assert_eq!(told, [(1000, 0), (1500, 0), (1501, 0), (1501, 1501)]);
    let sent = sent(&stage);
    // Ten pages, five and one, looked at twice.
    assert_eq!((sent["DescribeRefreshQuota"], sent["RefreshObjectCaches"], sent["DescribeRefreshTasks"]), (1, 3, 32));
}

#[tokio::test(start_paused = true)]
async fn too_small_a_quota_is_told_before_anything_is_submitted() {
    for left in [(2, 100), (2000, 0)] {
        let (stage, client) = stage(Play { left, ..completes() });
        let error = files(3).directory("https://h/x/").send(&client, drop).await.unwrap_err();
        assert!(matches!(error, RefreshError::Quota { files: 3, directories: 1, .. }), "{error:?}");
        assert!(error.is_quota());
        assert_eq!(sent(&stage).len(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn who_may_not_see_the_quota_may_refresh_all_the_same() {
    let (_, client) = stage(Play { quota_denied: true, ..completes() });
    assert_eq!(files(1).send(&client, drop).await.unwrap().addresses, 1);
}

#[tokio::test(start_paused = true)]
async fn a_bad_address_is_told_before_anything_is_sent_and_nothing_to_do_sends_nothing() {
    let (stage, client) = stage(completes());
    let error = files(1500).file("https://h/a\nhttps://i/b").send(&client, drop).await.unwrap_err();
    assert!(
        matches!(&error, RefreshError::Call { error, submitted: 0 } if error.kind() == ErrorKind::Invalid),
        "{error:?}"
    );
    assert_eq!(Refresh::new().send(&client, drop).await.unwrap(), Refreshed::default());
    assert_eq!(sent(&stage).len(), 0);
}

#[tokio::test(start_paused = true)]
async fn tasks_that_fail_or_take_too_long_are_told() {
    let (_, client) = stage(Play { ends: Some(TaskStatus::Failed), ..completes() });
    let error = files(2).send(&client, drop).await.unwrap_err();
    assert!(matches!(&error, RefreshError::Failed(failed) if failed.len() == 2), "{error:?}");

    let (stage, client) = stage(Play { ends: None, ..completes() });
    let begun = Instant::now();
    let error = files(2).within(Duration::from_secs(60)).send(&client, drop).await.unwrap_err();
    assert!(matches!(&error, RefreshError::Unfinished { task_ids, .. } if task_ids == &["1"]), "{error:?}");
    assert!(begun.elapsed() <= Duration::from_secs(60), "{:?}", begun.elapsed());
    assert!(sent(&stage)["DescribeRefreshTasks"] > 10);
}

#[tokio::test(start_paused = true)]
async fn a_quota_that_ends_on_the_way_says_how_much_was_submitted() {
    let (_, client) = stage(Play { second: Some(Code::QuotaExceededRefresh), ..completes() });
    let error = files(1500).send(&client, drop).await.unwrap_err();
    assert!(matches!(&error, RefreshError::Call { submitted: 1000, .. }), "{error:?}");
    assert!(error.is_quota());
}
