//! What the command line takes, and what is made of it.

use std::{path::PathBuf, str::FromStr, sync::Arc};

use campaign_cdn::Cdn;
use campaign_client::{
    Credentials, Transport,
    credentials::{Environment, Profile},
    transport::Hyper,
};
use campaign_oss::{
    Client, Oss,
    site::{DEFAULT_CONCURRENCY, DEFAULT_DELETE_LIMIT, Site, SiteError, Stale},
};
use clap::{Parser, ValueEnum};

use crate::BoxError;

/// Publishes a folder as a static site in an OSS bucket, sending only what differs, and refreshes the CDN in front of it.
///
/// The plan is shown first. Pages are put after what they refer to, the first page last; objects that the folder no longer holds
/// are deleted at the end, and only those that were published from here. A publish that was cut off leaves no page that refers
/// to anything missing; the next one completes it.
///
/// Keys come from ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, else from the profile of
/// ~/.alibabacloud/credentials that ALIBABA_CLOUD_PROFILE names, or its default one.
///
/// Exit codes: 0 published, or nothing to do; 1 not finished, run it again; 2 refused, the site is as it was; 3 published, but the
/// CDN was not refreshed, run it again.
#[derive(Debug, Parser)]
#[command(name = "publish", version)]
pub(crate) struct Options {
    /// The folder of the site.
    pub(crate) folder: PathBuf,

    /// Where it goes: a bucket, and a prefix in it if others are there too.
    #[arg(value_name = "BUCKET[/PREFIX]")]
    pub(crate) target: Target,

    /// The bucket's region; OSS_REGION unless given.
    #[arg(long, value_name = "REGION")]
    region: Option<String>,

    /// Where OSS answers; OSS_ENDPOINT unless given, else `https://oss-REGION.aliyuncs.com`.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// Makes the bucket if it is not there, readable by everybody, with --index and --error-page as its website; redirects that
    /// are there stay.
    #[arg(long)]
    pub(crate) create: bool,

    /// The document that answers for a folder.
    #[arg(long, value_name = "NAME", default_value = "index.html")]
    pub(crate) index: String,

    /// The document that answers for what is not there, set with --create.
    #[arg(long, value_name = "KEY", default_value = "404.html")]
    pub(crate) error_page: String,

    /// Serves files that match with this Cache-Control; the first that matches decides. For example
    /// `assets/**=public, max-age=31536000, immutable`.
    #[arg(long, value_name = "GLOB=VALUE")]
    cache_control: Vec<CacheControl>,

    /// Leaves out files and folders that match.
    #[arg(long, value_name = "GLOB")]
    exclude: Vec<String>,

    /// What is deleted of what the folder does not hold.
    #[arg(long, value_enum, default_value_t)]
    stale: StaleOption,

    /// Deletes at most so many objects: a plan that would delete more is refused.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_DELETE_LIMIT)]
    delete_limit: usize,

    /// Puts so many files at the same time.
    #[arg(long, value_name = "N", default_value_t = DEFAULT_CONCURRENCY)]
    concurrency: usize,

    /// Puts everything again, as if nothing were known of the bucket.
    #[arg(long)]
    rebuild: bool,

    /// The address of the site behind the CDN, for example `https://www.example.com/`: what changed is refreshed there. May be
    /// given several times.
    #[arg(long, value_name = "URL")]
    pub(crate) cdn: Vec<String>,

    /// Where the CDN's management calls answer.
    #[arg(long, value_name = "URL", default_value = Cdn::ENDPOINT)]
    pub(crate) cdn_endpoint: String,

    /// Shows the plan and does nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,

    /// Prints one line of JSON instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// A bucket and a prefix in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) bucket: String,
    prefix: String,
}

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.strip_prefix("oss://").unwrap_or(text);
        let (bucket, prefix) = text.split_once('/').unwrap_or((text, ""));
        if bucket.is_empty() || bucket.contains(':') {
            return Err("it must be a bucket, or a bucket and a prefix, such as my-bucket/spring".to_owned());
        }
        Ok(Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

#[derive(Debug, Clone)]
struct CacheControl {
    glob: String,
    value: String,
}

impl FromStr for CacheControl {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (glob, value) =
            text.split_once('=').ok_or("it must be a pattern, = and a value, such as *.css=no-cache")?;
        Ok(Self { glob: glob.to_owned(), value: value.to_owned() })
    }
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
enum StaleOption {
    /// Nothing.
    Keep,
    /// What was published from here, and nobody else has changed.
    #[default]
    Delete,
    /// Everything under the prefix, whoever put it.
    DeleteAll,
}

/// Of the environment, else of the profile that it names.
pub(crate) fn credentials() -> Result<Credentials, BoxError> {
    Ok(Environment::read().or_else(|missing| {
        let profile = Profile::from_environment().and_then(|profile| profile.read());
        profile.map_err(|error| format!("{missing}; {error}"))
    })?)
}

/// One pool of connections for all.
pub(crate) fn transport() -> Result<Arc<dyn Transport>, BoxError> {
    Ok(Arc::new(Hyper::new()?))
}

impl Options {
    pub(crate) fn site(&self) -> Result<Site, SiteError> {
        let stale = match self.stale {
            StaleOption::Keep => Stale::Keep,
            StaleOption::Delete => Stale::Delete,
            StaleOption::DeleteAll => Stale::DeleteAll,
        };
        let mut site = Site::new(&self.folder)?
            .prefix(&self.target.prefix)?
            .index(&self.index)
            .stale(stale)
            .delete_limit(self.delete_limit)
            .concurrency(self.concurrency);
        for rule in &self.cache_control {
            site = site.cache_control(&rule.glob, &rule.value)?;
        }
        for glob in &self.exclude {
            site = site.exclude(glob)?;
        }
        Ok(if self.rebuild { site.rebuild() } else { site })
    }

    pub(crate) fn oss(&self, transport: Arc<dyn Transport>, credentials: Credentials) -> Result<Client, BoxError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let region = self.region.clone().or_else(|| variable("OSS_REGION"));
        let region = region.ok_or("in which region is the bucket? Give --region or set OSS_REGION")?;
        let endpoint = self.endpoint.clone().or_else(|| variable("OSS_ENDPOINT"));
        let endpoint =
            endpoint.unwrap_or_else(|| format!("https://oss-{}.aliyuncs.com", region.trim_start_matches("oss-")));
        encrypted(&endpoint)?;
        let service = Oss::new(&endpoint, &region)?;
        Ok(Client::builder(service).transport(transport).credentials(credentials).build()?)
    }
}

/// TLS needs a C compiler, so it is left out unless asked for.
pub(crate) fn encrypted(endpoint: &str) -> Result<(), String> {
    if endpoint.starts_with("https://") && !cfg!(feature = "rustls") {
        let build = "cargo run --release --features rustls --bin publish";
        return Err(format!("{endpoint} needs TLS, which this program was built without: {build}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Options::command().debug_assert();
    }

    #[test]
    fn a_target_is_a_bucket_and_maybe_a_prefix() {
        for (text, bucket, prefix) in [
            ("site", "site", ""),
            ("site/", "site", ""),
            ("site/2026/spring", "site", "2026/spring"),
            ("oss://site/spring/", "site", "spring/"),
        ] {
            assert_eq!(text.parse(), Ok(Target { bucket: bucket.into(), prefix: prefix.into() }), "{text}");
        }
        for text in ["", "/a", "oss:///a", "https://a/b"] {
            assert!(text.parse::<Target>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_rule_is_split_at_its_first_equals_sign() {
        let rule: CacheControl = "assets/**=public, max-age=60".parse().unwrap();
        assert_eq!((rule.glob.as_str(), rule.value.as_str()), ("assets/**", "public, max-age=60"));
        assert!("assets/**".parse::<CacheControl>().is_err());
    }
}
