//! The cases of `bad-inputs.json`, category `publish-path`: folders that hold what no site should, each published into a
//! bucket of the local cloud.
//!
//! A refused folder has sent nothing. One case stays out until an upload can be in parts: a file larger than one request puts
//! (`publish-path-036`) is refused instead.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "publish/cloud.rs"]
mod cloud;

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::{ffi::OsStringExt as _, fs::PermissionsExt as _, net::UnixListener},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use campaign_oss::site::{Site, SiteError, Stale};
use serde_json::Value;

use self::cloud::{BUCKET, Cloud};

/// What became of a case, in the words of the corpus.
#[derive(Debug, Default)]
struct Found {
    class: String,
    keys: Vec<String>,
}

fn class(error: &SiteError) -> &'static str {
    match error {
        SiteError::NotADirectory { .. } => "NotADirectory",
        SiteError::RefusedRoot { .. } => "RefusedRoot",
        SiteError::NothingToPublish { .. } => "NothingToPublish",
        SiteError::SymlinkRefused { .. } => "SymlinkRefused",
        SiteError::NotARegularFile { .. } => "NotARegularFile",
        SiteError::Io { .. } => "Io",
        SiteError::FileChanged { .. } => "FileChanged",
        SiteError::TooLarge { .. } => "TooLarge",
        SiteError::BadKey { .. } => "BadKey",
        SiteError::RefusedMassDelete { .. } => "RefusedMassDelete",
        SiteError::Incomplete { failed } => class(&failed[0].1),
        other => panic!("{other}"),
    }
}

/// Plans and publishes; gives the error's class, or the keys that are then in the bucket.
async fn publish(cloud: &Cloud, site: Result<Site, SiteError>) -> Found {
    let sent = cloud.requests();
    let client = cloud.client();
    let run = async {
        let plan = site?.plan(&client, BUCKET).await?;
        let notes = plan.warnings().iter().map(|w| serde_json::to_value(w).unwrap()["warning"].clone());
        let notes = notes.chain(plan.skipped().iter().map(|s| serde_json::to_value(s).unwrap()["skipped"].clone()));
        let notes: Vec<String> = notes.map(|note| note.as_str().unwrap().to_owned()).collect();
        cloud::carry_out(plan, &client).await?;
        Ok::<_, SiteError>(notes)
    };
    match run.await {
        Ok(notes) => Found { class: notes.join(" "), keys: cloud.keys().await },
        Err(error) => {
            if !matches!(error, SiteError::RefusedMassDelete { .. } | SiteError::Incomplete { .. }) {
                assert_eq!(cloud.requests(), sent, "refused before anything is sent: {error}");
            }
            Found { class: class(&error).to_owned(), keys: Vec::new() }
        }
    }
}

/// Makes the files of a case under `root`. `outside` is a file beside it.
fn make(root: &Path, outside: &Path, entry: &Value) -> PathBuf {
    let name = match entry["path"].as_str() {
        Some(path) => path.into(),
        None => std::ffi::OsString::from_vec(unhex(entry["path_hex"].as_str().unwrap())),
    };
    let path = root.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let arg = entry["arg"].as_str().unwrap_or_default();
    match entry["type"].as_str().unwrap() {
        "file" => fs::write(&path, arg).unwrap(),
        "hex" => fs::write(&path, unhex(arg)).unwrap(),
        "dir" => fs::create_dir_all(&path).unwrap(),
        "symlink" => std::os::unix::fs::symlink(arg, &path).unwrap(),
        "fifo" => assert!(Command::new("mkfifo").arg(&path).status().unwrap().success()),
        "socket" => drop(UnixListener::bind(&path).unwrap()),
        // Only root can make a device; for anybody else a pipe stands for it.
        "chardev" => {
            let made = Command::new("mknod").arg(&path).args(["c", "1", "5"]).output().unwrap();
            assert!(made.status.success() || Command::new("mkfifo").arg(&path).status().unwrap().success());
        }
        // The file of the case may be on another disk, where no second name can be.
        "hardlink" => fs::hard_link(outside, &path).unwrap(),
        other => panic!("{other}"),
    }
    path
}

fn unhex(text: &str) -> Vec<u8> {
    let digits: Vec<u32> = text.chars().map(|c| c.to_digit(16).unwrap()).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

#[tokio::test]
async fn every_case_of_the_corpus_has_its_outcome() {
    let mut ran = 0;
    for case in campaign_tests::bad_inputs("publish-path") {
        let id = case["id"].as_str().unwrap();
        let expected = (case["expect"]["outcome"].as_str().unwrap(), case["expect"]["class"].as_str().unwrap());
        let cloud = Cloud::start().await;
        let folder = tempfile::tempdir().unwrap();
        let found = run(&cloud, folder.path(), id, &case["input"]).await;
        let keys: Vec<&str> = found.keys.iter().map(String::as_str).collect();
        match expected {
            ("error", class) => assert_eq!(found.class, class, "{id}"),
            ("skip", "HiddenSkipped") => {
                assert!(found.class.contains("hidden") && keys == ["index.html"], "{id}: {found:?}");
            }
            ("warn", "SecretLooking") => assert!(found.class.contains("secret_looking"), "{id}: {found:?}"),
            ("warn", "NoIndex") => assert!(found.class.contains("no_index"), "{id}: {found:?}"),
            ("warn", "HardLink") => assert!(found.class.contains("hard_link"), "{id}: {found:?}"),
            // Refused until uploads can be in parts.
            ("accept", "Multipart") => assert_eq!(found.class, "TooLarge", "{id}"),
            ("accept", "BoundedMemory") => assert_eq!(found.class, "100000", "{id}"),
            ("accept", _) => {
                let mut names: Vec<String> = case["input"]["fs"].as_array().into_iter().flatten().map(name).collect();
                names.extend(case["input"]["gen"]["bytes"].as_u64().map(long));
                names.sort();
                assert!(!names.is_empty() && keys == names, "{id}: {keys:?}");
                if expected.1 == "ContentEncodingNotGuessed" {
                    let served = cloud.served("page.html.gz").await.unwrap();
                    assert_eq!(served.header("content-type"), Some("application/gzip"), "{id}");
                    assert_eq!(served.header("content-encoding"), None, "{id}");
                }
                for name in names {
                    let content = fs::read(folder.path().join("site").join(&name)).unwrap();
                    assert_eq!(cloud.served(&name).await.unwrap().body, content, "{id}: {name}");
                }
            }
            other => panic!("{id}: no test for {other:?}"),
        }
        ran += 1;
    }
    assert_eq!(ran, 36);
}

/// The key of a case's file.
fn name(entry: &Value) -> String {
    entry["path"].as_str().unwrap().strip_prefix("site/").unwrap().to_owned()
}

/// A key of so many bytes: file names are at most 255.
fn long(bytes: u64) -> String {
    let parts = vec!["a".repeat(199); usize::try_from(bytes).unwrap() / 200];
    let mut key = parts.join("/");
    let missing = usize::try_from(bytes).unwrap() - key.len() - 1;
    key.push('/');
    key.push_str(&"b".repeat(missing));
    key
}

async fn run(cloud: &Cloud, folder: &Path, id: &str, input: &Value) -> Found {
    let root = folder.join("site");
    if let Some(generator) = input["gen"]["op"].as_str() {
        fs::create_dir(&root).unwrap();
        match generator {
            "fs_longkey" => {
                let path = root.join(long(input["gen"]["bytes"].as_u64().unwrap()));
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "x").unwrap();
            }
            "fs_many" => {
                for file in 0..input["gen"]["count"].as_u64().unwrap() {
                    File::create(root.join(file.to_string())).unwrap();
                }
                // Planned and not sent: what is bounded is the plan.
                let plan = Site::new(&root).unwrap().plan(&cloud.client(), BUCKET).await.unwrap();
                return Found { class: plan.puts().len().to_string(), ..Found::default() };
            }
            "fs_sparse" => {
                let file = File::create(root.join("a")).unwrap();
                file.set_len(input["gen"]["bytes"].as_u64().unwrap()).unwrap();
            }
            other => panic!("{other}"),
        }
        return publish(cloud, Site::new(&root)).await;
    }
    if let Some(args) = input["args"].as_object() {
        if let Some(prefix) = args.get("prefix").and_then(Value::as_str).filter(|prefix| !prefix.is_empty()) {
            fs::create_dir(&root).unwrap();
            fs::write(root.join("index.html"), "x").unwrap();
            return publish(cloud, Site::new(&root).unwrap().prefix(prefix)).await;
        }
        return match args["root"].as_str().unwrap() {
            "/" => publish(cloud, Site::new("/")).await,
            "~" => publish(cloud, Site::new(std::env::home_dir().unwrap())).await,
            "empty" => {
                cloud.put("of-somebody-else", "x").await;
                fs::create_dir(&root).unwrap();
                let found = publish(cloud, Site::new(&root).map(|site| site.stale(Stale::DeleteAll))).await;
                assert_eq!(cloud.keys().await, ["of-somebody-else"]);
                found
            }
            other => panic!("{other}"),
        };
    }
    let outside = folder.join("outside");
    fs::write(&outside, "x").unwrap();
    let entries = input["fs"].as_array().unwrap();
    match entries[0]["type"].as_str().unwrap() {
        kind @ ("growing" | "shrinking") => changing(cloud, &root, kind).await,
        _ => {
            let made: Vec<PathBuf> = entries.iter().map(|entry| make(folder, &outside, entry)).collect();
            if made[0].file_name().is_some_and(|name| name == ".env") {
                fs::write(root.join("index.html"), "x").unwrap();
            }
            // The one case whose description says more than its input.
            if id == "publish-path-010" {
                return Found { class: unreadable(&made[0]), ..Found::default() };
            }
            publish(cloud, Site::new(&root)).await
        }
    }
}

/// Publishes a folder one file of which is written to without pause.
async fn changing(cloud: &Cloud, root: &Path, kind: &str) -> Found {
    const BYTES: u64 = 16 << 20;
    fs::create_dir(root).unwrap();
    let mut file = File::create(root.join("a")).unwrap();
    file.set_len(BYTES).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let (told, grows) = (done.clone(), kind == "growing");
    let writer = std::thread::spawn(move || {
        let mut length = BYTES;
        while !told.load(Ordering::Relaxed) && length > 0 {
            if grows {
                file.write_all(b"x").unwrap();
            } else {
                length -= 1;
                file.set_len(length).unwrap();
            }
        }
    });
    let found = publish(cloud, Site::new(root)).await;
    done.store(true, Ordering::Relaxed);
    writer.join().unwrap();
    found
}

/// The error of a folder with a file that nobody may read. Root reads everything, so this test runs again as another user.
fn unreadable(file: &Path) -> String {
    fs::set_permissions(file, fs::Permissions::from_mode(0o000)).unwrap();
    if File::open(file).is_err() {
        return plan_error(file.parent().unwrap());
    }
    for folder in file.ancestors().skip(1).take(2) {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let test = ["--exact", "the_folder_of_another_user_is_planned", "--nocapture"];
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(test).env(FOLDER, file.parent().unwrap());
    std::os::unix::process::CommandExt::uid(&mut command, 65534);
    let output = String::from_utf8(command.output().unwrap().stdout).unwrap();
    let class = output.split_once("class=").map(|(_, rest)| rest.split_whitespace().next().unwrap_or_default());
    class.unwrap_or(&output).to_owned()
}

const FOLDER: &str = "CAMPAIGN_TESTS_FOLDER";

#[test]
fn the_folder_of_another_user_is_planned() {
    let Some(folder) = std::env::var_os(FOLDER) else {
        // On its own it plans a folder that it may read.
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("index.html"), "x").unwrap();
        assert_eq!(plan_error(folder.path()), "none");
        return;
    };
    println!("class={}", plan_error(Path::new(&folder)));
}

fn plan_error(folder: &Path) -> String {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let cloud = Cloud::start().await;
        let planned = Site::new(folder).unwrap().plan(&cloud.client(), BUCKET).await;
        planned.map_or_else(|error| class(&error).to_owned(), |_| "none".to_owned())
    })
}

#[tokio::test]
async fn a_file_that_changes_after_the_plan_is_not_stored() {
    // Small files are read whole before anything is sent, larger ones a piece at a time.
    for size in [10, 3 << 20] {
        for change in [&b"longer"[..], b""] {
            let cloud = Cloud::start().await;
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("a.css");
            fs::write(&path, vec![b'a'; size]).unwrap();
            fs::write(folder.path().join("index.html"), "x").unwrap();
            let plan = Site::new(folder.path()).unwrap().plan(&cloud.client(), BUCKET).await.unwrap();
            let mut content = vec![b'b'; size];
            content.extend_from_slice(change);
            fs::write(&path, &content).unwrap();
            let error = cloud::carry_out(plan, &cloud.client()).await.unwrap_err();
            assert_eq!(class(&error), "FileChanged", "{error}");
            assert!(cloud.keys().await.is_empty(), "neither the file nor the page that may refer to it");
        }
    }
}
