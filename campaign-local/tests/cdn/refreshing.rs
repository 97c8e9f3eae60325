//! What a refresh does to the cache.

use std::time::Duration;

use campaign_cdn::{
    Code, DescribeRefreshQuota, DescribeRefreshTasks, ObjectType, Refresh, RefreshError, RefreshObjectCaches,
    TaskStatus, TaskType,
};

use super::*;

const AT: &str = "http://127.0.0.1:8091";

#[tokio::test]
async fn a_refreshed_file_is_fetched_again_and_others_are_not() {
    let bed = bed();
    for target in ["/", "/index.html", "/index.html?a", "/app.js"] {
        bed.get(target).await;
    }
    bed.shows("max-age=60", "new");
    // Another scheme, port, name of the same domain and spelling.
    bed.client.send(&RefreshObjectCaches::files(["https://localhost/%69ndex.html"])).await.unwrap();
    let mut seen = Vec::new();
    for target in ["/", "/index.html", "/index.html?a", "/app.js"] {
        seen.push(bed.get(target).await.body);
    }
    assert_eq!(seen, ["old", "new", "old", "old"]);
}

#[tokio::test]
async fn a_refreshed_directory_is_fetched_again_with_all_below() {
    let bed = bed();
    let targets = ["/a/", "/a/b/c?d", "/a", "/ab/", "/"];
    for target in targets {
        bed.get(target).await;
    }
    bed.shows("max-age=60", "new");
    bed.client.send(&RefreshObjectCaches::directories([format!("{AT}/a/")])).await.unwrap();
    let mut seen = Vec::new();
    for target in targets {
        seen.push(bed.get(target).await.body);
    }
    assert_eq!(seen, ["new", "new", "old", "old", "old"]);
}

#[tokio::test]
async fn a_refresh_takes_effect_when_its_task_is_complete_and_not_before() {
    let bed = bed_with(CdnOptions::default(), RefreshOptions::default().delay(Duration::from_secs(30)));
    bed.get("/").await;
    bed.shows("max-age=60", "new");
    let submitted = bed.client.send(&RefreshObjectCaches::files([format!("{AT}/")])).await.unwrap();
    let call = DescribeRefreshTasks::task(&submitted.refresh_task_id[0]);
    for (second, status, process, body) in [
        (0, TaskStatus::Refreshing, "0%", "old"),
        (29, TaskStatus::Refreshing, "0%", "old"),
        (1, TaskStatus::Complete, "100%", "new"),
    ] {
        bed.advance(second);
        let tasks = bed.client.send(&call).await.unwrap();
        let [task] = tasks.tasks.as_slice() else { panic!("one task") };
        assert_eq!((&task.status, task.process.as_str()), (&status, process));
        assert_eq!((task.object_path.as_str(), &task.object_type), ("http://127.0.0.1:8091/", &TaskType::File));
        assert_eq!(bed.get("/").await.body, body);
    }
}

#[tokio::test(start_paused = true)]
async fn what_was_asked_of_the_origin_before_a_refresh_is_not_kept_after_it() {
    let bed = bed();
    bed.origin(|_| {
        Box::pin(async {
            tokio::time::sleep(Duration::from_secs(5)).await;
            page("max-age=60", "old")
        })
    });
    let (early, ()) = tokio::join!(bed.get("/"), async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        bed.shows("max-age=60", "new");
        bed.client.send(&RefreshObjectCaches::files([format!("{AT}/")])).await.unwrap();
        assert_eq!(bed.get("/").await.told(), (200, "MISS", "new"), "it does not wait for the old one");
    });
    assert_eq!(early.told(), (200, "MISS", "old"), "it began before the refresh");
    assert_eq!(bed.get("/").await.told(), (200, "HIT", "new"));
}

#[tokio::test(start_paused = true)]
async fn the_helper_refreshes_and_waits() {
    let bed = bed();
    bed.get("/").await;
    bed.shows("max-age=60", "new");
    let mut last = None;
    let refresh = Refresh::new().file(format!("{AT}/")).directory(format!("{AT}/a/"));
    let refreshed = refresh.send(&bed.client, |progress| last = Some(progress)).await.unwrap();
    assert_eq!((refreshed.addresses, refreshed.task_ids.len()), (2, 2));
    assert_eq!(last.map(|progress| (progress.total, progress.submitted, progress.complete)), Some((2, 2, 2)));
    assert_eq!(bed.get("/").await.body, "new");
}

#[tokio::test(start_paused = true)]
async fn a_day_has_two_thousand_files_and_a_hundred_directories() {
    let bed = bed();
    let files = |n: usize| Refresh::new().files((0..n).map(|n| format!("{AT}/{n}")));
    files(1999).send(&bed.client, |_| {}).await.unwrap();
    let error = files(2).send(&bed.client, |_| {}).await.unwrap_err();
    assert!(matches!(error, RefreshError::Quota { files: 2, files_left: 1, .. }), "{error}");
    let call = RefreshObjectCaches::files([format!("{AT}/"), format!("{AT}/1")]);
    let error = bed.client.send(&call).await.unwrap_err();
    assert_eq!((Code::of(&error), error.is_transient()), (Some(Code::QuotaExceededRefresh), false));
    let quota = bed.client.send(&DescribeRefreshQuota).await.unwrap();
    assert_eq!((quota.url.quota, quota.url.remain, quota.dir.quota, quota.dir.remain), (2000, 1, 100, 100));
    bed.advance(86_400);
    assert_eq!(bed.client.send(&DescribeRefreshQuota).await.unwrap().url.remain, 2000);
}

#[tokio::test]
async fn what_is_not_served_or_not_emulated_is_refused_and_costs_nothing() {
    let bed = bed();
    bed.domains.set("any", Domain::new("www.example.com", "site")).unwrap();
    let refused = async |call: RefreshObjectCaches| Code::of(&bed.client.send(&call).await.unwrap_err()).unwrap();
    let other = RefreshObjectCaches::files(["https://www.example.com/", "https://other.example.com/"]);
    assert_eq!(refused(other).await, Code::InvalidDomainNotFound);
    let regex = RefreshObjectCaches::new(["https://www.example.com/.*"], ObjectType::Regex);
    assert_eq!(refused(regex).await, Code::InvalidObjectTypeMalformed);
    let quota = bed.client.send(&DescribeRefreshQuota).await.unwrap();
    assert_eq!((quota.url.remain, quota.dir.remain), (2000, 100));
    assert_eq!(bed.client.send(&DescribeRefreshTasks::all()).await.unwrap().total_count, 0);
}
