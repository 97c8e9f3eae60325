//! A publish is killed after each of its requests.

use std::collections::{BTreeMap, BTreeSet};

use campaign_oss::site::{Site, SiteError};

use super::{
    cloud::{self, BUCKET, Cloud},
    pages::{FIRST, SECOND, folder, missing},
};

/// The addresses that a cache in front of the bucket was asked to forget.
type Refreshed = BTreeSet<String>;

/// Publishes the files as the guide does; fails where the gate closes. What was to be refreshed is told when it was.
async fn publish(cloud: &Cloud, files: &[(&str, &str)], refreshed: &mut Refreshed) -> Result<(), SiteError> {
    let folder = folder(files);
    let site = Site::new(folder.path())?.concurrency(1);
    let client = cloud.client();
    let uploaded = site.plan(&client, BUCKET).await?.upload(&client, &|_| ()).await?;
    refreshed.extend(uploaded.addresses("http://a/")?);
    let deleted = uploaded.delete_stale(&client, &|_| ()).await?;
    refreshed.extend(deleted.addresses("http://a/")?);
    deleted.finish(&client).await?;
    Ok(())
}

/// The contents of all objects of the site.
async fn served(cloud: &Cloud) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for key in cloud.keys().await {
        let body = cloud.served(&key).await.unwrap().body;
        all.insert(key, String::from_utf8(body).unwrap());
    }
    all
}

async fn fresh(files: &[(&str, &str)]) -> BTreeMap<String, (String, Option<String>, Option<String>)> {
    let cloud = Cloud::start().await;
    publish(&cloud, files, &mut Refreshed::new()).await.unwrap();
    cloud.snapshot().await
}

/// A cloud to which the earlier sites were published.
async fn cloud_with(earlier: &[&[(&str, &str)]]) -> Cloud {
    let cloud = Cloud::start().await;
    for files in earlier {
        publish(&cloud, files, &mut Refreshed::new()).await.unwrap();
    }
    cloud.allow(usize::MAX);
    cloud
}

/// Kills the publish of `files` after each request in turn, checks what is served, publishes again, and checks that nothing is
/// left to tell it from a publish into an empty bucket.
async fn killed_after_each_request(earlier: &[&[(&str, &str)]], files: &[(&str, &str)]) -> usize {
    let whole = cloud_with(earlier).await;
    let mut expected_refresh = Refreshed::new();
    publish(&whole, files, &mut expected_refresh).await.unwrap();
    let requests = whole.allow(usize::MAX);
    let expected = fresh(files).await;
    assert_eq!(whole.snapshot().await, expected);

    for kill in 0..requests.len() {
        let cloud = cloud_with(earlier).await;
        let before: BTreeSet<String> = cloud.keys().await.into_iter().collect();
        let mut refreshed = Refreshed::new();
        cloud.allow(kill);
        publish(&cloud, files, &mut refreshed).await.unwrap_err();
        let context = format!("killed after {kill}: {}", requests[kill.saturating_sub(1)]);
        assert_eq!(missing(&served(&cloud).await, &before), [""; 0], "{context}");

        cloud.allow(usize::MAX);
        publish(&cloud, files, &mut refreshed).await.unwrap();
        assert_eq!(cloud.snapshot().await, expected, "{context}");
        let owed: Vec<_> = expected_refresh.difference(&refreshed).collect();
        assert!(owed.is_empty(), "{context}: {owed:?} were never refreshed");
        cloud.allow(usize::MAX);
        publish(&cloud, files, &mut refreshed).await.unwrap();
        assert_eq!(cloud.allow(usize::MAX).len(), 1, "{context}: then there is nothing to do but look");
    }
    requests.len()
}

#[tokio::test]
async fn the_first_publish_can_be_killed_after_any_request() {
    assert!(killed_after_each_request(&[], FIRST).await > FIRST.len());
}

#[tokio::test]
async fn the_publish_of_a_changed_site_can_be_killed_after_any_request() {
    assert!(killed_after_each_request(&[FIRST], SECOND).await > SECOND.len());
}

#[tokio::test]
async fn a_publish_back_to_the_site_before_can_be_killed_after_any_request() {
    killed_after_each_request(&[FIRST, SECOND], FIRST).await;
}

#[tokio::test]
async fn a_killed_publish_is_no_matter_for_the_publish_of_another_site() {
    let expected = fresh(SECOND).await;
    let whole = Cloud::start().await;
    publish(&whole, FIRST, &mut Refreshed::new()).await.unwrap();
    for kill in 0..whole.requests() {
        let cloud = Cloud::start().await;
        cloud.allow(kill);
        publish(&cloud, FIRST, &mut Refreshed::new()).await.unwrap_err();
        cloud.allow(usize::MAX);
        publish(&cloud, SECOND, &mut Refreshed::new()).await.unwrap();
        assert_eq!(cloud.snapshot().await, expected, "killed after {kill}");
    }
}

#[tokio::test]
async fn files_that_cannot_be_put_stop_the_pages_after_them_and_the_next_publish_completes() {
    let cloud = cloud_with(&[FIRST]).await;
    let before: BTreeSet<String> = cloud.keys().await.into_iter().collect();
    let folder = folder(SECOND);
    let site = Site::new(folder.path()).unwrap();
    let plan = site.plan(&cloud.client(), BUCKET).await.unwrap();
    for name in ["new.png", "font.woff2"] {
        std::fs::write(folder.path().join(name), "another content").unwrap();
    }
    let error = cloud::carry_out(plan, &cloud.client()).await.unwrap_err();
    let SiteError::Incomplete { failed } = &error else { panic!("{error}") };
    let mut failed: Vec<&str> = failed.iter().map(|(key, _)| key.as_str()).collect();
    failed.sort_unstable();
    assert_eq!(failed, ["font.woff2", "new.png"]);
    let now = served(&cloud).await;
    assert_eq!(missing(&now, &before), [""; 0]);
    assert!(now.contains_key("app.2222bbbb.js"), "files of the same kind are put all the same");
    assert_eq!(now["index.html"], FIRST[0].1);

    cloud.allow(usize::MAX);
    cloud::carry_out(site.plan(&cloud.client(), BUCKET).await.unwrap(), &cloud.client()).await.unwrap();
    let again = cloud.allow(usize::MAX);
    assert!(!again.iter().any(|line| line.contains("app.2222bbbb.js")), "what is there is not put again");
    assert!(served(&cloud).await["index.html"].contains("app.2222bbbb.js"));
}
