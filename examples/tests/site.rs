//! The page of the example and the program `publish`, through OSS and the CDN of a local cloud on sockets.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use campaign_client::{Body, Transport as _, transport::Hyper};
use campaign_local::Running;
use http::{Method, Request, header::AUTHORIZATION};
use serde_json::{Value, json};
use tempfile::TempDir;

const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site");

/// A cloud on sockets, as another process would run it.
struct Cloud {
    folder: TempDir,
    ready: Value,
    running: Running,
    http: Hyper,
}

/// An answer of the CDN.
struct Answer {
    status: u16,
    headers: http::HeaderMap,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Cloud {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let running = Running::start(folder.path().join("data"), None, false).await.unwrap();
        fs::write(folder.path().join("ready.json"), running.ready_line()).unwrap();
        let ready = serde_json::from_str(&running.ready_line()).unwrap();
        Self { folder, ready, running, http: Hyper::new().unwrap() }
    }

    fn at(&self, service: &str) -> &str {
        self.ready[service].as_str().unwrap()
    }

    /// Publishes the example's page from `site`; gives what is printed.
    async fn launch(&self, site: &Path) -> Vec<String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_launch"));
        command.arg("--cloud").arg(self.folder.path().join("ready.json")).arg("--site").arg(site);
        let output = run(command).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().lines().map(ToOwned::to_owned).collect()
    }

    /// Runs `publish` with these arguments and the cloud's keys.
    async fn publish(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO_BIN_EXE_publish"));
        command.arg(folder).args(arguments).args(["--endpoint", self.at("oss"), "--region", self.at("region")]);
        command.args(["--cdn-endpoint", self.at("openapi")]);
        command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", self.at("access_key_id"));
        command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", self.at("access_key_secret"));
        run(command).await
    }

    async fn report(&self, folder: &Path, arguments: &[&str]) -> (i32, Value) {
        let output = self.publish(folder, &[arguments, &["--json"]].concat()).await;
        let report = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code().unwrap(), report)
    }

    async fn get(&self, address: &str) -> Answer {
        get(&self.http, address).await
    }

    /// Puts a bucket behind the CDN.
    async fn domain(&self, bucket: &str) {
        let body = json!({ "host": "*", "bucket": bucket }).to_string();
        let request = Request::builder()
            .method(Method::PUT)
            .uri(format!("{}/domains/page", self.at("admin")))
            .header(AUTHORIZATION, format!("Bearer {}", self.at("admin_token")));
        assert!(self.http.send(request.body(Body::from(body)).unwrap()).await.unwrap().status().is_success());
    }
}

/// The programs block a thread, which the cloud needs meanwhile.
async fn run(mut command: Command) -> Output {
    command.stdin(Stdio::null());
    tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
}

async fn get(http: &Hyper, address: &str) -> Answer {
    let request = Request::get(address).body(Body::empty()).unwrap();
    let (parts, body) = http.send(request).await.unwrap().into_parts();
    let body = String::from_utf8_lossy(&body.collect(1 << 20).await.unwrap()).into_owned();
    Answer { status: parts.status.as_u16(), headers: parts.headers, body }
}

/// A copy of the example's page.
fn copy(to: &Path) -> PathBuf {
    let site = to.join("site");
    for folder in ["", "assets"] {
        fs::create_dir(site.join(folder)).unwrap();
        for entry in fs::read_dir(Path::new(SITE).join(folder)).unwrap().map(Result::unwrap) {
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), site.join(folder).join(entry.file_name())).unwrap();
            }
        }
    }
    site
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        fs::write(folder.path().join(name), content).unwrap();
    }
    folder
}

#[tokio::test(flavor = "multi_thread")]
async fn the_printed_address_shows_the_page_and_the_second_view_comes_from_the_cache() {
    let cloud = Cloud::start().await;
    let lines = cloud.launch(Path::new(SITE)).await;
    let page = lines[0].strip_prefix("page").unwrap().trim();
    assert_eq!(page, format!("{}/", cloud.at("cdn")));
    assert!(lines.iter().any(|line| line.starts_with("curl -i ")));

    for cache in ["MISS", "HIT"] {
        let answer = cloud.get(page).await;
        assert_eq!((answer.status, answer.header("x-cache")), (200, cache));
        assert_eq!(answer.header("content-type"), "text/html; charset=utf-8");
        assert_eq!(answer.header("cache-control"), "public, max-age=60");
        assert!(answer.body.contains("<form"));
    }
    let config = cloud.get(&format!("{page}config.json")).await;
    assert_eq!(config.header("cache-control"), "public, max-age=5");
    let config: Value = serde_json::from_str(&config.body).unwrap();
    assert_eq!(config["api"], format!("{}/campaigns/double11/entries", cloud.at("gateway")));
    assert_eq!(config["terms"], "tc-2026-11-01");
    assert!(config["opens"].as_str().unwrap() < config["closes"].as_str().unwrap());
    let missing = cloud.get(&format!("{page}nothing-here")).await;
    assert_eq!((missing.status, missing.header("content-type")), (404, "text/html; charset=utf-8"));
    cloud.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_view_is_stale_after_a_publish_and_none_lacks_what_it_refers_to() {
    let cloud = Cloud::start().await;
    let site = copy(cloud.folder.path());
    let index = fs::read_to_string(site.join("index.html")).unwrap();
    // A script whose name changes with the page's version, as a bundler would name it.
    let write = |version: u32| {
        let script = format!("assets/app.{version:08x}aa.js");
        fs::write(site.join(&script), version.to_string()).unwrap();
        if let Some(before) = version.checked_sub(1) {
            drop(fs::remove_file(site.join(format!("assets/app.{before:08x}aa.js"))));
        }
        let tag = format!("<script src=\"{script}\" data-version=\"{version}\"></script></head>");
        fs::write(site.join("index.html"), index.replace("</head>", &tag)).unwrap();
    };
    write(1);
    let page = cloud.launch(&site).await[0].strip_prefix("page").unwrap().trim().to_owned();

    let done = Arc::new(AtomicBool::new(false));
    let (told, http, address) = (done.clone(), cloud.http.clone(), page.clone());
    let visitor = tokio::spawn(async move {
        let (mut views, mut hits) = (0, 0);
        while !told.load(Ordering::Relaxed) {
            let view = get(&http, &address).await;
            let script = view.body.split_once("<script src=\"").unwrap().1.split('"').next().unwrap().to_owned();
            let found = get(&http, &format!("{address}{script}")).await;
            assert_eq!((view.status, found.status), (200, 200), "{script}");
            views += 1;
            hits += usize::from(view.header("x-cache") == "HIT");
        }
        (views, hits)
    });
    for version in 2..6 {
        write(version);
        cloud.launch(&site).await;
        let view = cloud.get(&page).await;
        assert!(view.body.contains(&format!("data-version=\"{version}\"")), "the view after publish {version} is old");
    }
    done.store(true, Ordering::Relaxed);
    let (views, hits) = visitor.await.unwrap();
    assert!(hits > 0 && views > hits, "{hits} of {views}");
    cloud.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_makes_a_bucket_sends_what_differs_and_refreshes_the_cdn() {
    let cloud = Cloud::start().await;
    let site = folder(&[("index.html", "one"), ("about/index.html", "about"), ("a.css", "a"), ("b.css", "b")]);
    let address = format!("{}/spring/", cloud.at("cdn"));
    let arguments = ["my-bucket/spring", "--create", "--cdn", &address];

    let (code, report) = cloud.report(site.path(), &["my-bucket/spring"]).await;
    assert_eq!(code, 2);
    assert!(report["error"].as_str().unwrap().contains("give --create"), "{report}");

    let (code, report) = cloud.report(site.path(), &arguments).await;
    assert_eq!((code, &report["outcome"]["put"], &report["refreshed"]), (0, &json!(4), &json!([])), "{report}");
    cloud.domain("my-bucket").await;
    for expected in ["MISS", "HIT"] {
        let answer = cloud.get(&address).await;
        assert_eq!((answer.body.as_str(), answer.header("x-cache")), ("one", expected));
    }
    assert_eq!(cloud.get(&format!("{address}about/")).await.body, "about");

    let (code, report) = cloud.report(site.path(), &arguments).await;
    assert_eq!((code, &report["outcome"]["put"], &report["outcome"]["unchanged"]), (0, &json!(0), &json!(4)));

    fs::write(site.path().join("index.html"), "two").unwrap();
    fs::remove_file(site.path().join("b.css")).unwrap();
    let (code, report) = cloud.report(site.path(), &[&arguments[..], &["--dry-run"]].concat()).await;
    assert_eq!((code, &report["plan"]["put"][0]["key"]), (0, &json!("index.html")));
    assert_eq!((&report["plan"]["delete"], &report["outcome"]), (&json!(["b.css"]), &Value::Null));
    assert_eq!(cloud.get(&address).await.body, "one");

    let (code, report) = cloud.report(site.path(), &[&arguments[..], &["--delete-limit", "0"]].concat()).await;
    assert_eq!(code, 2, "{report}");
    assert_eq!(cloud.get(&address).await.body, "one");

    let (code, report) = cloud.report(site.path(), &arguments).await;
    assert_eq!((code, &report["outcome"]["deleted"]), (0, &json!(1)), "{report}");
    let refreshed = json!([address, format!("{address}index.html"), format!("{address}b.css")]);
    assert_eq!(report["refreshed"], refreshed);
    assert_eq!(cloud.get(&address).await.body, "two");
    assert_eq!(cloud.get(&format!("{address}b.css")).await.status, 404);
    cloud.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_site_whose_cdn_is_not_refreshed_is_up_and_the_next_publish_refreshes_it() {
    let cloud = Cloud::start().await;
    let site = folder(&[("index.html", "one"), ("a.css", "a")]);
    let address = format!("{}/", cloud.at("cdn"));
    let arguments = ["my-bucket", "--create", "--cdn", &address];
    assert_eq!(cloud.report(site.path(), &arguments).await.0, 0);
    cloud.domain("my-bucket").await;
    assert_eq!(cloud.get(&address).await.body, "one");
    fs::write(site.path().join("index.html"), "two").unwrap();
    fs::remove_file(site.path().join("a.css")).unwrap();
    // Nothing answers the management calls there.
    let mut command = Command::new(env!("CARGO_BIN_EXE_publish"));
    command.arg(site.path()).args(arguments).args(["--endpoint", cloud.at("oss"), "--region", cloud.at("region")]);
    command.args(["--cdn-endpoint", "http://127.0.0.1:1", "--json"]);
    command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", cloud.at("access_key_id"));
    command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", cloud.at("access_key_secret"));
    let output = run(command).await;
    assert_eq!(output.status.code(), Some(3), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(cloud.get(&format!("{address}a.css")).await.status, 200, "an old page in a cache may need it");

    let (code, report) = cloud.report(site.path(), &arguments).await;
    assert_eq!((code, &report["outcome"]["put"], &report["outcome"]["deleted"]), (0, &json!(0), &json!(1)), "{report}");
    assert_eq!(cloud.get(&address).await.body, "two");
    cloud.running.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn publish_names_what_is_wrong_and_shows_no_secret() {
    let cloud = Cloud::start().await;
    let site = folder(&[("index.html", "one")]);
    for (arguments, expected) in [
        (&["my-bucket", "--cache-control", "[=x"][..], "the pattern \"[\" cannot be used"),
        (&["my-bucket/../x"], "the name \"../x\" has a part that is only dots"),
        (&["My_Bucket"], "the bucket's name must be"),
        (&["my-bucket", "--cdn", "www.example.com"], "is not the address of a site"),
    ] {
        let output = cloud.publish(site.path(), arguments).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains(expected), "{arguments:?}: {errors}");
    }
    for (endpoint, expected) in [
        (cloud.at("oss"), "SignatureDoesNotMatch"),
        // TLS is left out of what is built for tests.
        ("https://oss-cn-hangzhou.aliyuncs.com", "--features rustls"),
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_publish"));
        command.arg(site.path()).args(["my-bucket", "--endpoint", endpoint, "--region", cloud.at("region")]);
        command.env("ALIBABA_CLOUD_ACCESS_KEY_ID", cloud.at("access_key_id"));
        command.env("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "CANARY-SECRET");
        let output = run(command).await;
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(2) && errors.contains(expected), "{errors}");
        assert!(!errors.contains("CANARY"), "{errors}");
    }
    cloud.running.stop().await;
}
