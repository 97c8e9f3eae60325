//! The data folder: what is missing, foreign, in use, or in the way.

use std::fs;
use std::path::{Path, PathBuf};

use campaign_local::data::{DataError, DataFolder};
use campaign_local::store::{StoreError, View};
use tempfile::TempDir;

use crate::rows::{ROWS, assert_rows, put};

/// In a folder that was never used to its end an empty file is a fresh start. In one that has been in
/// use it is the loss of all rows, and a fresh start would hide it.
pub(crate) async fn empty_file(id: &str) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("store.redb"), "").unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_rows(id, data.store(), 0).await;
    data.store().write(|write| put(write, 0)).await.unwrap();
    drop(data);
    fs::write(folder.path().join("store.redb"), "").unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::Missing { .. }), "{id}: {refused}");
}

/// The log without its snapshot: one of the folder's two files without the other.
pub(crate) async fn missing_files(id: &str) {
    for missing in ["store.redb", "campaign-local.json"] {
        let folder = TempDir::new().unwrap();
        let data = DataFolder::open(folder.path()).await.unwrap();
        data.store().write(|write| put(write, 0)).await.unwrap();
        drop(data);
        let path = folder.path().join(missing);
        fs::remove_file(&path).unwrap();
        let refused = DataFolder::open(folder.path()).await.unwrap_err();
        assert!(matches!(refused, DataError::Missing { .. }), "{id}: {refused}");
        assert!(refused.to_string().contains(missing), "{id}: {refused}");
        assert!(!path.exists(), "{id}: the refused folder was changed");
    }
}

pub(crate) async fn foreign_folder(id: &str) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("PG_VERSION"), "15\n").unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::NotOurs { .. }), "{id}: {refused}");
    assert_eq!(names(folder.path()), ["PG_VERSION"], "{id}: the refused folder was changed");

    // Our names with another's content, a later format, and one flipped bit.
    let folder = TempDir::new().unwrap();
    drop(DataFolder::open(folder.path()).await.unwrap());
    let settings = folder.path().join("campaign-local.json");
    let good = fs::read_to_string(&settings).unwrap();
    let later = good.replace("\"format\": 2", "\"format\": 3");
    let flipped = good.replace("\"access_key_id\": \"L", "\"access_key_id\": \"M");
    for (text, newer) in [("[]", false), ("", false), (later.as_str(), true), (flipped.as_str(), false)] {
        fs::write(&settings, text).unwrap();
        let refused = DataFolder::open(folder.path()).await.unwrap_err();
        match refused {
            DataError::Newer { found: 3, .. } => assert!(newer, "{id}"),
            DataError::Damaged { .. } => assert!(!newer, "{id}"),
            other => panic!("{id}: {other}"),
        }
        assert_eq!(fs::read_to_string(&settings).unwrap(), text);
    }
    fs::write(&settings, good).unwrap();
    DataFolder::open(folder.path()).await.unwrap();
}

/// Here a second opening by this process; by another process in `local_binary.rs`.
pub(crate) async fn second_process(id: &str) {
    let folder = TempDir::new().unwrap();
    let first = DataFolder::open(folder.path()).await.unwrap();
    let refused = DataFolder::open(folder.path()).await.unwrap_err();
    assert!(matches!(refused, DataError::Locked { pid: Some(pid), .. } if pid == std::process::id()), "{id}");
    assert!(refused.to_string().contains(&*folder.path().to_string_lossy()), "{id}: {refused}");
    drop(first);
    DataFolder::open(folder.path()).await.unwrap();
}

pub(crate) async fn no_descriptors(id: &str) {
    let folder = TempDir::new().unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    let before = fs::read_dir("/proc/self/fd").map(Iterator::count).unwrap_or_default();
    for n in 0..ROWS {
        data.store().write(move |write| put(write, n)).await.unwrap();
    }
    assert_rows(id, data.store(), ROWS).await;
    let after = fs::read_dir("/proc/self/fd").map(Iterator::count).unwrap_or_default();
    assert!(after <= before + 2, "{id}: writing needs descriptors: {before}, then {after}");
}

pub(crate) async fn keys_are_bytes<const N: usize>(id: &str, keys: [&'static str; N]) {
    let folder = TempDir::new().unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    let before = names(folder.path());
    for key in keys {
        let write = data.store().write(move |write| {
            write.put(key, format!("value of {key}"));
            Ok::<_, StoreError>(())
        });
        write.await.unwrap();
    }
    for key in keys {
        let value = data.store().read(move |read| read.get(key.as_bytes())).await.unwrap();
        assert_eq!(value, Some(format!("value of {key}").into_bytes()), "{id}");
    }
    assert_eq!(names(folder.path()), before, "{id}: a key became a file");
}

pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_first_start_cut_off_anywhere_is_made_to_its_end() {
    let whole = TempDir::new().unwrap();
    drop(DataFolder::open(whole.path()).await.unwrap());
    let states: [&[(&str, &[u8])]; 4] = [
        &[("lock", b"")],
        &[("lock", b"123\n"), ("store.new", b"half a store")],
        &[("lock", b"123\n"), ("store.redb", b"")],
        &[("lock", b"123\n"), ("campaign-local.new", b"{\"half")],
    ];
    for files in states {
        let folder = TempDir::new().unwrap();
        for (name, content) in files {
            fs::write(folder.path().join(name), content).unwrap();
        }
        drop(DataFolder::open(folder.path()).await.unwrap());
    }
    // The store made, the settings not yet.
    fs::remove_file(whole.path().join("campaign-local.json")).unwrap();
    DataFolder::open(whole.path()).await.unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn keys_are_for_the_owner_alone_and_the_same_after_a_restart() {
    use std::os::unix::fs::PermissionsExt;

    use campaign_local::data::Ports;
    use secrecy::ExposeSecret;

    let folder = TempDir::new().unwrap();
    let mut data = DataFolder::open(folder.path()).await.unwrap();
    let ports = Ports::from([("tablestore".to_owned(), 1), ("gateway".to_owned(), 2), ("admin".to_owned(), 3)]);
    data.keep_ports(ports.clone()).unwrap();
    let (id, secret) = (data.settings().access_key_id.clone(), data.settings().access_key_secret.clone());
    let debug = format!("{data:?}");
    assert!(!debug.contains(secret.expose_secret()) && !debug.contains(data.settings().admin_token.expose_secret()));
    drop(data);
    let settings: PathBuf = folder.path().join("campaign-local.json");
    assert_eq!(fs::metadata(settings).unwrap().permissions().mode() & 0o777, 0o600);
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_eq!(data.settings().access_key_id, id);
    assert_eq!(data.settings().access_key_secret.expose_secret(), secret.expose_secret());
    assert_eq!(data.settings().ports, ports);
}

/// A folder as the version before wrote it: three services, their ports in the order of the services.
#[tokio::test]
async fn a_folder_of_fewer_services_opens_and_keeps_their_ports() {
    use secrecy::ExposeSecret;
    use sha2::{Digest, Sha256};

    let folder = TempDir::new().unwrap();
    drop(DataFolder::open(folder.path()).await.unwrap());
    let path = folder.path().join("campaign-local.json");
    let written = |sum: &str| {
        format!(
            r#"{{"format":1,"instance":"campaign-local","region":"cn-hangzhou","access_key_id":"LOCAL1","access_key_secret":"b","admin_token":"c","ports":{{"tablestore":21,"gateway":22,"admin":23}},"sum":"{sum}"}}"#
        )
    };
    let sum: String = Sha256::digest(written("")).iter().map(|byte| format!("{byte:02x}")).collect();
    fs::write(&path, written(&sum)).unwrap();
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_eq!(data.settings().access_key_id, "LOCAL1");
    assert_eq!(data.settings().ports.get("gateway"), Some(&22));
    assert_eq!(data.settings().ports.get("oss"), None);
    // It had no app; the one that it gets stays.
    let (key, secret) = (data.settings().app_key.clone(), data.settings().app_secret.clone());
    assert_eq!((key.len(), secret.expose_secret().len()), (9, 32));
    drop(data);
    let data = DataFolder::open(folder.path()).await.unwrap();
    assert_eq!(data.settings().app_key, key);
    assert_eq!(data.settings().app_secret.expose_secret(), secret.expose_secret());
    assert_eq!(data.settings().ports.get("gateway"), Some(&22));
}
