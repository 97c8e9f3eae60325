//! What a publish sends, deletes and asks caches to forget.

use std::{collections::BTreeSet, fs};

use campaign_oss::{
    DeleteObject,
    site::{Event, HASHED, OTHER, Outcome, PAGE, Reason, Site, SiteError, Stale, Warning},
};
use tempfile::TempDir;

use super::{
    cloud::{self, BUCKET, Cloud},
    pages::{FIRST, SECOND, folder},
};

fn site(folder: &TempDir) -> Site {
    Site::new(folder.path()).unwrap().concurrency(1)
}

/// Publishes, and gives what was done and the requests that it took.
async fn publish(cloud: &Cloud, site: &Site) -> (Outcome, Vec<String>) {
    cloud.allow(usize::MAX);
    let client = cloud.client();
    let plan = site.plan(&client, BUCKET).await.unwrap();
    let outcome = cloud::carry_out(plan, &client).await.unwrap();
    (outcome, cloud.allow(usize::MAX))
}

/// The keys that were put, in their order, without the manifest.
fn puts(requests: &[String]) -> Vec<&str> {
    let puts = requests.iter().filter_map(|line| line.strip_prefix(&*format!("PUT /{BUCKET}/")));
    puts.filter(|key| !key.ends_with(".campaign-site.json")).collect()
}

#[tokio::test]
async fn the_second_publish_of_an_unchanged_site_sends_nothing_but_the_listing() {
    for prefix in ["", "2026/spring"] {
        let cloud = Cloud::start().await;
        let folder = folder(FIRST);
        let site = site(&folder).prefix(prefix).unwrap();
        assert_eq!(publish(&cloud, &site).await.0.put, FIRST.len());
        let (outcome, requests) = publish(&cloud, &site).await;
        assert_eq!(outcome, Outcome { unchanged: FIRST.len(), ..Outcome::default() });
        assert_eq!(requests.len(), 1, "{requests:?}");
        assert!(requests[0].starts_with("GET ") && requests[0].contains("list-type=2"), "{requests:?}");
        assert!(site.plan(&cloud.client(), BUCKET).await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn assets_come_before_pages_and_the_first_page_comes_last() {
    let cloud = Cloud::start().await;
    let first = folder(FIRST);
    let (_, requests) = publish(&cloud, &site(&first)).await;
    assert_eq!(
        puts(&requests),
        [
            "app.1111aaaa.js",
            "old.png",
            "style.css",
            "404.html",
            "about.html",
            "gone.html",
            "news/index.html",
            "index.html"
        ]
    );
    let second = folder(SECOND);
    let (outcome, requests) = publish(&cloud, &site(&second)).await;
    assert_eq!(
        puts(&requests),
        [
            "app.2222bbbb.js",
            "font.woff2",
            "new.png",
            "style.css",
            "team/ada.html",
            "team/index.html",
            "about.html",
            "index.html"
        ],
        "what nothing refers to yet before what is replaced"
    );
    assert_eq!((outcome.put, outcome.deleted, outcome.unchanged), (8, 4, 1));
    let keys: BTreeSet<String> = cloud.keys().await.into_iter().collect();
    assert_eq!(keys, SECOND.iter().map(|(key, _)| (*key).to_owned()).collect());
}

#[tokio::test]
async fn exactly_the_changed_addresses_that_can_change_are_refreshed() {
    let cloud = Cloud::start().await;
    let client = cloud.client();
    let base = "https://www.example.com";
    let first = folder(FIRST);
    let uploaded = site(&first).plan(&client, BUCKET).await.unwrap().upload(&client, &|_| ()).await.unwrap();
    assert_eq!(uploaded.addresses(base).unwrap(), [""; 0], "nothing was there before");
    uploaded.delete_stale(&client, &|_| ()).await.unwrap().finish(&client).await.unwrap();

    let second = folder(SECOND);
    let plan = site(&second).plan(&client, BUCKET).await.unwrap();
    let replaced = ["/about.html", "/", "/index.html", "/style.css"].map(|path| [base, path].concat());
    assert_eq!(plan.addresses(base).unwrap(), replaced);
    let uploaded = plan.upload(&client, &|_| ()).await.unwrap();
    assert_eq!(uploaded.addresses(base).unwrap(), replaced);
    let deleted = uploaded.delete_stale(&client, &|_| ()).await.unwrap();
    let gone = ["/gone.html", "/news/", "/news/index.html", "/old.png"].map(|path| [base, path].concat());
    assert_eq!(deleted.addresses(base).unwrap(), gone, "and not the script whose name never comes again");
    deleted.finish(&client).await.unwrap();
}

#[tokio::test]
async fn what_was_not_refreshed_is_told_again_by_the_next_plan() {
    let cloud = Cloud::start().await;
    let client = cloud.client();
    let (first, second) = (folder(FIRST), folder(SECOND));
    publish(&cloud, &site(&first)).await;
    // The caches could not be refreshed, so nothing further was done.
    drop(site(&second).plan(&client, BUCKET).await.unwrap().upload(&client, &|_| ()).await.unwrap());
    let plan = site(&second).plan(&client, BUCKET).await.unwrap();
    assert_eq!((plan.puts().len(), plan.deletes().len()), (0, 4));
    assert_eq!(plan.addresses("http://a").unwrap().len(), 4);
    assert!(!plan.is_empty());
    cloud::carry_out(plan, &client).await.unwrap();
    assert!(site(&second).plan(&client, BUCKET).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_change_of_headers_alone_is_seen_and_sent() {
    let cloud = Cloud::start().await;
    let folder = folder(FIRST);
    publish(&cloud, &site(&folder)).await;
    let site = site(&folder).cache_control("style.css", "public, max-age=5").unwrap();
    let plan = site.plan(&cloud.client(), BUCKET).await.unwrap();
    let put: Vec<_> = plan.puts().map(|put| (put.key, put.reason)).collect();
    assert_eq!(put, [("style.css", Reason::Headers)]);
    assert_eq!(plan.addresses("http://a").unwrap(), ["http://a/style.css"]);
    cloud::carry_out(plan, &cloud.client()).await.unwrap();
    let served = cloud.served("style.css").await.unwrap();
    assert_eq!(served.header("cache-control"), Some("public, max-age=5"));
    assert_eq!(publish(&cloud, &site).await.1.len(), 1);
}

#[tokio::test]
async fn objects_are_served_with_their_type_and_lifetime() {
    let cloud = Cloud::start().await;
    let folder = folder(FIRST);
    publish(&cloud, &site(&folder)).await;
    for (key, content_type, cache_control) in [
        ("index.html", "text/html; charset=utf-8", PAGE),
        ("style.css", "text/css; charset=utf-8", OTHER),
        ("app.1111aaaa.js", "text/javascript; charset=utf-8", HASHED),
        ("old.png", "image/png", OTHER),
    ] {
        let served = cloud.served(key).await.unwrap();
        let found = (served.header("content-type"), served.header("cache-control"));
        assert_eq!(found, (Some(content_type), Some(cache_control)), "{key}");
    }
    assert!(cloud.served(".campaign-site.json").await.is_none(), "the manifest is its owner's");
}

#[tokio::test]
async fn what_somebody_changed_in_the_bucket_is_put_right() {
    let cloud = Cloud::start().await;
    let folder = folder(FIRST);
    publish(&cloud, &site(&folder)).await;
    cloud.put("style.css", "somebody else's").await;
    cloud.owner().send(&DeleteObject::new(BUCKET, "old.png")).await.unwrap();
    let plan = site(&folder).plan(&cloud.client(), BUCKET).await.unwrap();
    let put: Vec<_> = plan.puts().map(|put| (put.key, put.reason)).collect();
    assert_eq!(put, [("old.png", Reason::New), ("style.css", Reason::ChangedInBucket)]);
    cloud::carry_out(plan, &cloud.client()).await.unwrap();
    assert_eq!(cloud.served("style.css").await.unwrap().body, FIRST[5].1.as_bytes());
}

#[tokio::test]
async fn objects_of_others_and_outside_the_prefix_are_never_touched() {
    let cloud = Cloud::start().await;
    for key in ["a.html", "spring.html", "spring-sale/a.html", "spring/theirs.html", "spring/sub/theirs.css", "z"] {
        cloud.put(key, "theirs").await;
    }
    let before = cloud.snapshot().await;
    let (first, second) = (folder(FIRST), folder(SECOND));
    for folder in [&first, &second, &first] {
        let site = site(folder).prefix("spring").unwrap();
        assert_eq!(site.plan(&cloud.client(), BUCKET).await.unwrap().others(), 2);
        publish(&cloud, &site).await;
    }
    let after = cloud.snapshot().await;
    for (key, object) in &before {
        assert_eq!(after.get(key), Some(object), "{key}");
    }
    assert!(after.keys().all(|key| before.contains_key(key) || key.starts_with("spring/")));
}

#[tokio::test]
async fn a_file_that_somebody_changed_is_left_alone_when_it_leaves_the_folder() {
    let cloud = Cloud::start().await;
    let (first, second) = (folder(FIRST), folder(SECOND));
    publish(&cloud, &site(&first)).await;
    cloud.put("gone.html", "somebody else's now").await;
    let plan = site(&second).plan(&cloud.client(), BUCKET).await.unwrap();
    assert!(plan.warnings().contains(&Warning::LeftAlone { key: "gone.html".into() }));
    cloud::carry_out(plan, &cloud.client()).await.unwrap();
    assert_eq!(cloud.served("gone.html").await.unwrap().body, b"somebody else's now");
}

#[tokio::test]
async fn more_deletions_than_allowed_are_refused_before_anything_is_sent() {
    let cloud = Cloud::start().await;
    let (first, second) = (folder(FIRST), folder(SECOND));
    publish(&cloud, &site(&first)).await;
    let before = cloud.snapshot().await;
    let plan = site(&second).delete_limit(3).plan(&cloud.client(), BUCKET).await.unwrap();
    cloud.allow(usize::MAX);
    let error = cloud::carry_out(plan, &cloud.client()).await.unwrap_err();
    assert!(matches!(error, SiteError::RefusedMassDelete { stale: 4, limit: 3 }), "{error}");
    assert_eq!(cloud.requests(), 0);
    assert_eq!(cloud.snapshot().await, before);
    assert_eq!(publish(&cloud, &site(&second).delete_limit(4)).await.0.deleted, 4);
}

#[tokio::test]
async fn stale_objects_can_be_kept_and_deleted_by_a_later_publish() {
    let cloud = Cloud::start().await;
    let (first, second) = (folder(FIRST), folder(SECOND));
    publish(&cloud, &site(&first)).await;
    let keep = site(&second).stale(Stale::Keep);
    assert_eq!(publish(&cloud, &keep).await.0.deleted, 0);
    assert!(keep.plan(&cloud.client(), BUCKET).await.unwrap().is_empty());
    assert!(cloud.keys().await.contains(&"gone.html".to_owned()));
    let (outcome, requests) = publish(&cloud, &site(&second)).await;
    assert_eq!((outcome.put, outcome.deleted), (0, 4));
    assert_eq!(puts(&requests), [""; 0]);
}

#[tokio::test]
async fn everything_under_the_prefix_is_deleted_only_when_asked_and_within_the_limit() {
    let cloud = Cloud::start().await;
    cloud.put("theirs", "x").await;
    cloud.put("p/theirs", "x").await;
    let folder = folder(FIRST);
    let all = site(&folder).prefix("p").unwrap().stale(Stale::DeleteAll);
    let refused = all.clone().delete_limit(0).plan(&cloud.client(), BUCKET).await.unwrap();
    assert!(matches!(refused.check(), Err(SiteError::RefusedMassDelete { stale: 1, limit: 0 })));
    assert_eq!(publish(&cloud, &all).await.0.deleted, 1);
    let keys = cloud.keys().await;
    assert!(keys.contains(&"theirs".to_owned()) && !keys.contains(&"p/theirs".to_owned()));
}

#[tokio::test]
async fn a_damaged_manifest_is_refused_and_a_rebuild_replaces_it() {
    let cloud = Cloud::start().await;
    let folder = folder(FIRST);
    publish(&cloud, &site(&folder)).await;
    let whole = cloud.snapshot().await;
    for content in ["", "{", "[]", r#"{"campaign_site":1,"headers":[],"files":{"../x":{}}}"#] {
        cloud.put(".campaign-site.json", content).await;
        let error = site(&folder).plan(&cloud.client(), BUCKET).await.unwrap_err();
        assert!(matches!(error, SiteError::Manifest { .. }), "{content}: {error}");
    }
    cloud.put(".campaign-site.json", r#"{"campaign_site":9}"#).await;
    let error = site(&folder).plan(&cloud.client(), BUCKET).await.unwrap_err();
    assert!(error.to_string().contains("of version 9"), "{error}");
    let (outcome, _) = publish(&cloud, &site(&folder).rebuild()).await;
    assert_eq!(outcome.put, FIRST.len());
    assert_eq!(cloud.snapshot().await, whole);
}

#[tokio::test]
async fn more_files_than_a_listing_gives_at_once_take_one_request_for_each_thousand() {
    let cloud = Cloud::start().await;
    let folder = folder(FIRST);
    for at in 0..1100 {
        fs::write(folder.path().join(format!("img-{at}.svg")), "x").unwrap();
    }
    let site = site(&folder).concurrency(16);
    publish(&cloud, &site).await;
    assert_eq!(publish(&cloud, &site).await.1.len(), 2);
    for at in 0..1100 {
        fs::remove_file(folder.path().join(format!("img-{at}.svg"))).unwrap();
    }
    let (outcome, requests) = publish(&cloud, &site.delete_limit(1100)).await;
    assert_eq!(outcome.deleted, 1100);
    assert_eq!(requests.iter().filter(|line| line.starts_with("POST")).count(), 2);
}

#[tokio::test]
async fn progress_tells_of_every_file_and_every_deletion() {
    let cloud = Cloud::start().await;
    let client = cloud.client();
    let (first, second) = (folder(FIRST), folder(SECOND));
    publish(&cloud, &site(&first)).await;
    let told = std::sync::Mutex::new(Vec::new());
    let watch = |event: Event<'_>| told.lock().unwrap().push(format!("{event:?}"));
    let plan = site(&second).plan(&client, BUCKET).await.unwrap();
    let bytes = plan.bytes();
    let uploaded = plan.upload(&client, &watch).await.unwrap();
    assert_eq!((uploaded.outcome().put, uploaded.outcome().bytes), (8, bytes));
    uploaded.delete_stale(&client, &watch).await.unwrap().finish(&client).await.unwrap();
    let told = told.lock().unwrap();
    assert_eq!(told.len(), 12);
    assert_eq!(told[7], format!("Put {{ key: \"index.html\", size: {} }}", SECOND[0].1.len()));
    assert_eq!(told[8], "Deleted { key: \"gone.html\" }", "pages first");
}

#[tokio::test]
async fn a_plan_is_shown_to_people_and_to_programs() {
    let cloud = Cloud::start().await;
    let folder = folder(&[("index.html", "<p>"), (".env", "SECRET"), ("a.js", "LTAI5tEXAMPLEEXAMPLE")]);
    let plan = site(&folder).plan(&cloud.client(), BUCKET).await.unwrap();
    let text = plan.to_string();
    for line in ["put     new                      20 B  a.js", "skipped: \".env\" is hidden", "warning: a.js holds"] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(text.ends_with("2 to put (23 B), 0 to delete, 0 unchanged"), "{text}");
    let json = serde_json::to_value(&plan).unwrap();
    assert_eq!(json["put"][0]["key"], "a.js");
    assert_eq!(json["put"][1]["cache_control"], PAGE);
    assert_eq!(json["put"][1]["reason"], "new");
    assert_eq!(json["warnings"][0]["warning"], "secret_looking");
    assert_eq!(json["skipped"][0]["path"], ".env");
}
