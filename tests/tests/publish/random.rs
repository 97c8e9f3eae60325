//! Sites that change at random, publishes that are killed at random, and visitors through a cache.
//!
//! The cache keeps whatever it once gave until it is asked to forget it. Once a publish is complete it must hold nothing that
//! is not in the bucket, but for names that never come again. `SEEDS=200` in the environment takes more time over it.

use std::collections::{BTreeMap, BTreeSet};

use campaign_oss::site::{Site, SiteError};
use fastrand::Rng;
use tempfile::TempDir;

use super::{
    cloud::{BUCKET, Cloud},
    pages::{folder, missing},
};

const BASE: &str = "http://site";
const SEEDS: u64 = 20;
const PUBLISHES: usize = 8;

/// What caches keep, by key.
type Cache = BTreeMap<String, Vec<u8>>;

/// A site of some pages and assets, every page referring to some of them.
fn site(rng: &mut Rng) -> TempDir {
    let mut assets = BTreeMap::new();
    for name in ["style.css", "logo.svg", "font.woff2", "sub/app.js"] {
        if rng.u8(..4) > 0 {
            assets.insert(name.to_owned(), format!("{name} {}", rng.u8(..3)));
        }
    }
    for _ in 0..rng.usize(..3) {
        // The content is in the name, as a hash would be.
        let version = rng.u8(..6);
        assets.insert(format!("app.{version:08x}aa.js"), format!("app {version}"));
    }
    let mut pages: Vec<&str> =
        ["404.html", "a.html", "b.html", "c/index.html"].into_iter().filter(|_| rng.bool()).collect();
    pages.push("index.html");
    let mut files: BTreeMap<String, String> = BTreeMap::new();
    for page in &pages {
        let mut text = format!("version {} ", rng.u8(..4));
        for name in assets.keys().filter(|_| rng.bool()) {
            text.push_str(&format!("<script src=\"/{name}\">"));
        }
        for name in pages.iter().filter(|_| rng.bool()) {
            text.push_str(&format!("<a href=\"/{name}\">"));
        }
        files.insert((*page).to_owned(), text);
    }
    files.extend(assets);
    folder(&files.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect::<Vec<_>>())
}

/// Publishes as far as the gate lets it, and has the cache forget what it is told.
async fn publish(cloud: &Cloud, folder: &TempDir, concurrency: usize, cache: &mut Cache) -> Result<(), SiteError> {
    let client = cloud.client();
    let mut forget = |addresses: Vec<String>| {
        for address in addresses {
            let key = address.strip_prefix(BASE).unwrap().trim_start_matches('/');
            cache.remove(key);
            // The folder's address shows the index document.
            if key.is_empty() || key.ends_with('/') {
                cache.remove(&format!("{key}index.html"));
            }
        }
    };
    let site = Site::new(folder.path())?.concurrency(concurrency);
    let uploaded = site.plan(&client, BUCKET).await?.upload(&client, &|_| ()).await?;
    forget(uploaded.addresses(BASE)?);
    let deleted = uploaded.delete_stale(&client, &|_| ()).await?;
    forget(deleted.addresses(BASE)?);
    deleted.finish(&client).await?;
    Ok(())
}

async fn bucket(cloud: &Cloud) -> Cache {
    let mut all = Cache::new();
    for key in cloud.keys().await {
        let body = cloud.served(&key).await.unwrap().body;
        all.insert(key, body);
    }
    all
}

fn check(now: &Cache, context: &str) {
    let text = |(key, body): (&String, &Vec<u8>)| (key.clone(), String::from_utf8(body.clone()).unwrap());
    assert_eq!(missing(&now.iter().map(text).collect(), &BTreeSet::new()), [""; 0], "{context}");
}

#[tokio::test]
async fn whatever_is_killed_pages_are_whole_and_no_cache_is_left_with_an_old_answer() {
    let mut killed: u64 = 0;
    let seeds = std::env::var("SEEDS").map_or(SEEDS, |seeds| seeds.parse().unwrap());
    for seed in 0..seeds {
        let mut rng = Rng::with_seed(seed);
        let cloud = Cloud::start().await;
        let mut cache = Cache::new();
        let mut folder = site(&mut rng);
        for round in 0..PUBLISHES {
            if rng.u8(..3) > 0 {
                folder = site(&mut rng);
            }
            let last = round + 1 == PUBLISHES;
            cloud.allow(if last { usize::MAX } else { rng.usize(..24) });
            let concurrency = rng.usize(1..5);
            let ended = publish(&cloud, &folder, concurrency, &mut cache).await;
            killed += u64::from(ended.is_err());
            let context = format!("seed {seed}, publish {round}, {} killed", if ended.is_err() { "" } else { "not" });
            let now = bucket(&cloud).await;
            check(&now, &context);
            for (key, body) in now.iter().filter(|_| rng.bool()) {
                cache.entry(key.clone()).or_insert_with(|| body.clone());
            }
            if ended.is_ok() {
                for (key, body) in &cache {
                    let for_ever = key.starts_with("app.");
                    assert!(now.get(key) == Some(body) || for_ever, "{context}: an old {key} is in the cache");
                }
            }
        }
        let expected = Cloud::start().await;
        publish(&expected, &folder, 1, &mut Cache::new()).await.unwrap();
        assert_eq!(cloud.snapshot().await, expected.snapshot().await, "seed {seed}");
    }
    assert!(killed > 2 * seeds, "{killed}");
}
