//! The CDN in front of the bucket: it is asked to forget what changed, and waited for.

use std::sync::Arc;

use campaign_cdn::{Cdn, Client, Refresh};
use campaign_client::{Credentials, Transport};
use campaign_oss::site::SiteError;

use crate::{
    BoxError,
    options::{Options, encrypted},
};

/// The CDN, if there is one.
pub(crate) struct Caches {
    client: Option<Client>,
    bases: Vec<String>,
    refreshed: Vec<String>,
}

impl Caches {
    pub(crate) fn new(
        options: &Options,
        transport: Arc<dyn Transport>,
        credentials: Credentials,
    ) -> Result<Self, BoxError> {
        let web = |base: &&String| !base.starts_with("https://") && !base.starts_with("http://");
        if let Some(base) = options.cdn.iter().find(web) {
            return Err(SiteError::BadAddress { address: base.clone() }.into());
        }
        let mut client = None;
        if !options.cdn.is_empty() {
            encrypted(&options.cdn_endpoint)?;
            let service = Cdn::new(&options.cdn_endpoint)?;
            client = Some(Client::builder(service).transport(transport).credentials(credentials).build()?);
        }
        Ok(Self { client, bases: options.cdn.clone(), refreshed: Vec::new() })
    }

    /// The addresses under every address of the site.
    pub(crate) fn addresses(
        &self,
        under: impl Fn(&str) -> Result<Vec<String>, SiteError>,
    ) -> Result<Vec<String>, SiteError> {
        let lists: Result<Vec<_>, _> = self.bases.iter().map(|base| under(base)).collect();
        Ok(lists?.concat())
    }

    /// Waits until the caches have forgotten these.
    pub(crate) async fn refresh(&mut self, addresses: Vec<String>) -> Result<(), BoxError> {
        let Some(client) = &self.client else { return Ok(()) };
        if addresses.is_empty() {
            return Ok(());
        }
        eprintln!("refreshing {} addresses; the CDN takes some minutes", addresses.len());
        Refresh::new().files(&addresses).send(client, |_| ()).await?;
        self.refreshed.extend(addresses);
        Ok(())
    }

    /// What they have forgotten so far.
    pub(crate) fn refreshed(&self) -> Vec<String> {
        self.refreshed.clone()
    }
}
