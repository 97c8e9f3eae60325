//! The campaign's page: a bucket with a website, the files, and the CDN in front of them.

use std::{
    fs,
    path::{Path, PathBuf},
};

use campaign_cdn::Refresh;
use campaign_core::{Campaign, form::Kind};
use campaign_oss::{
    BucketAcl, Client, ErrorDocument, IndexDocument, PutBucket, PutBucketAcl, PutBucketWebsite, Website,
    site::{PAGE, Plan, Site},
};
use chrono::SecondsFormat;
use serde_json::json;

use crate::{BoxError, cloud::Cloud};

/// The files of the page, beside this program's sources.
pub(crate) const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/site");
/// What the page is told of this campaign; made for each run.
const CONFIG: &str = "config.json";
/// How long browsers and the CDN keep what. The configuration shortly, for the window may be moved while the page is open;
/// the names of the others hold no hashes, so that style and script have to keep up with the page.
const CACHE: [(&str, &str); 3] =
    [(CONFIG, "public, max-age=5"), ("assets/*.{css,js}", PAGE), ("assets/*.{svg,png}", "public, max-age=86400")];
/// The domain's name in the management of the cloud.
const DOMAIN: &str = "page";

/// Makes the bucket and publishes the page from `folder`; gives its address. Once more sends only what changed.
pub(crate) async fn publish(campaign: &Campaign, cloud: &Cloud, folder: &Path) -> Result<String, BoxError> {
    let bucket = format!("{}-site", campaign.id());
    let (oss, cdn) = (cloud.oss()?, cloud.cdn()?);
    oss.send(&PutBucket::new(&bucket)).await?;
    oss.send(&PutBucketAcl::new(&bucket, BucketAcl::PublicRead)).await?;
    let index = Some(IndexDocument::new("index.html").in_folders());
    let website = Website { index, error: Some(ErrorDocument::new("404.html")), ..Website::default() };
    oss.send(&PutBucketWebsite::new(&bucket, website)).await?;
    // Any name: the address is a number on a laptop.
    let domain = json!({ "host": "*", "bucket": bucket, "ignore_parameters": true });
    cloud.set(&format!("domains/{DOMAIN}"), &domain).await?;

    let staged = stage(folder, &config(campaign, cloud)?)?;
    let mut site = Site::new(staged.path())?;
    for (files, value) in CACHE {
        site = site.cache_control(files, value)?;
    }
    let address = format!("{}/", cloud.ready().cdn);
    carry_out(site.plan(&oss, &bucket).await?, &oss, &cdn, &address).await?;
    Ok(address)
}

/// Puts what differs, has the CDN forget what was replaced, deletes what is stale, has the CDN forget that.
async fn carry_out(plan: Plan, oss: &Client, cdn: &campaign_cdn::Client, address: &str) -> Result<(), BoxError> {
    let refresh = |addresses: Vec<String>| async { Refresh::new().files(addresses).send(cdn, |_| ()).await };
    let uploaded = plan.upload(oss, &|_| ()).await?;
    refresh(uploaded.addresses(address)?).await?;
    let deleted = uploaded.delete_stale(oss, &|_| ()).await?;
    refresh(deleted.addresses(address)?).await?;
    deleted.finish(oss).await?;
    Ok(())
}

/// What the page is told: where entries go, when, and under which terms.
fn config(campaign: &Campaign, cloud: &Cloud) -> Result<String, BoxError> {
    let terms = campaign.form().fields().iter().find_map(|field| match field.kind() {
        Kind::Consent { terms } => Some(terms.as_ref()),
        _ => None,
    });
    let time = |time: chrono::DateTime<chrono::Utc>| time.to_rfc3339_opts(SecondsFormat::Secs, true);
    let window = campaign.window();
    let config = json!({
        "api": cloud.entries_uri(campaign)?.to_string(),
        "opens": time(window.opens()),
        "closes": time(window.closes()),
        "terms": terms,
    });
    Ok(config.to_string())
}

/// A copy of the page's files with its configuration, for the files may be nobody's to write beside.
fn stage(folder: &Path, config: &str) -> Result<tempfile::TempDir, BoxError> {
    let staged = tempfile::Builder::new().prefix("campaign-site-").tempdir()?;
    let mut folders = vec![(folder.to_owned(), staged.path().to_owned())];
    while let Some((from, to)) = folders.pop() {
        let named = |error: std::io::Error| format!("the page's folder {}: {error}", from.display());
        for entry in fs::read_dir(&from).map_err(named)? {
            let entry = entry.map_err(named)?;
            let target: PathBuf = to.join(entry.file_name());
            if entry.file_type().map_err(named)?.is_dir() {
                fs::create_dir(&target)?;
                folders.push((entry.path(), target));
            } else {
                fs::copy(entry.path(), &target).map_err(named)?;
            }
        }
    }
    fs::write(staged.path().join(CONFIG), config)?;
    Ok(staged)
}
