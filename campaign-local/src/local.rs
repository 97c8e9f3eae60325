//! [`Local`]: the whole cloud in this process.

use std::io;
use std::sync::Arc;

use axum::Router;
use campaign_apigw::{App, BadApp};
use campaign_client::transport::InProcess;
use campaign_client::{Clock, Credentials, Transport};
use secrecy::{ExposeSecret, SecretString};

use crate::admin::{Admin, NamedApps, NamedRoutes};
use crate::cdn::{Cdn, CdnOptions, Domains};
use crate::data::Settings;
use crate::fault::Faults;
use crate::function::{Functions, HostOptions};
use crate::gateway::{Apps, Gateway, GatewayOptions, Routes};
use crate::openapi::{OpenApi, RefreshOptions};
use crate::oss;
use crate::store::{OpenError, Store, StoreError};
use crate::tablestore::{Emulator, TableStoreOptions};

/// Why a local cloud could not be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// The store could not be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The store could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system has no random numbers for new keys.
    #[error("new keys cannot be made: {0}")]
    Random(#[from] io::Error),
    /// The instance's name is not one.
    #[error(transparent)]
    Instance(#[from] campaign_client::Error),
    /// The settings' AppKey or AppSecret is not one.
    #[error("the app of the settings: {0}")]
    App(#[from] BadApp),
}

/// Table Store, API Gateway, Function Compute and CDN over one store, with their faults and management.
///
/// Each service is a router, to be served by [`Server`](crate::serve::Server) or called in this
/// process. All clones are the same cloud.
///
/// ```
/// use campaign_client::Credentials;
/// use campaign_local::Local;
/// use campaign_tablestore::{Client, ListTable, TableStore};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let cloud = Local::builder().start().await?;
/// let client = Client::builder(TableStore::new("http://127.0.0.1", cloud.settings().instance.as_str())?)
///     .credentials(cloud.credentials())
///     .transport(cloud.table_store_transport())
///     .build()?;
/// assert!(client.send(&ListTable).await?.is_empty());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Local {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    settings: Settings,
    store: Store,
    faults: Faults,
    functions: Functions,
    routes: Routes,
    apps: Apps,
    gateway: Gateway,
    table_store: Emulator,
    oss: oss::Emulator,
    domains: Domains,
    cdn: Cdn,
    openapi: OpenApi,
    admin: Admin,
}

/// What a [`Local`] is made of; what is not given is made new.
#[derive(Debug, Default)]
#[must_use]
pub struct LocalBuilder {
    store: Option<Store>,
    settings: Option<Settings>,
    clock: Clock,
    table_store: TableStoreOptions,
    functions: HostOptions,
    gateway: GatewayOptions,
    cdn: CdnOptions,
    refresh: RefreshOptions,
}

impl LocalBuilder {
    /// Keeps everything in `store` instead of in memory.
    pub fn store(mut self, store: Store) -> Self {
        self.store = Some(store);
        self
    }

    /// Takes instance, region, keys and token from `settings` instead of making new ones.
    pub fn settings(mut self, settings: Settings) -> Self {
        self.settings = Some(settings);
        self
    }

    /// Reads the time from `clock` instead of the machine's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets Table Store hurt as `options` say.
    pub fn table_store(mut self, options: TableStoreOptions) -> Self {
        self.table_store = options;
        self
    }

    /// Hosts functions by `options`. Region and keys are set by [`start`](Self::start).
    pub fn functions(mut self, options: HostOptions) -> Self {
        self.functions = options;
        self
    }

    /// Bounds the gateway by `options`.
    pub fn gateway(mut self, options: GatewayOptions) -> Self {
        self.gateway = options;
        self
    }

    /// Bounds the CDN's cache by `options`.
    pub fn cdn(mut self, options: CdnOptions) -> Self {
        self.cdn = options;
        self
    }

    /// Bounds the CDN's refreshes by `options`.
    pub fn refresh(mut self, options: RefreshOptions) -> Self {
        self.refresh = options;
        self
    }

    /// Makes the cloud, with the routes, functions and faults that its store holds.
    ///
    /// # Errors
    /// [`LocalError`].
    pub async fn start(self) -> Result<Local, LocalError> {
        let store = self.store.map_or_else(Store::in_memory, Ok)?;
        let settings = self.settings.map_or_else(Settings::generate, Ok)?;
        let faults = Faults::new();
        let role = role()?;
        let mut host = self.functions;
        host.region.clone_from(&settings.region);
        host.credentials =
            Some(campaign_fc::Credentials::new(role.access_key_id(), role.secret(), role.token().unwrap_or_default()));
        let functions = Functions::new(host);
        let routes = Routes::new();
        let apps = Apps::new(self.clock.clone());
        let app = App::new(&settings.app_key, secret(&settings.app_secret))?;
        apps.set(app.clone());
        let gateway = Gateway::new(routes.clone(), functions.clone(), faults.clone(), self.gateway).apps(apps.clone());
        let keys = [credentials(&settings), role];
        let clock = self.clock;
        let (region, instance) = (&settings.region, &settings.instance);
        let table_store = Emulator::new(instance, region, keys.clone(), store.clone(), faults.clone(), clock.clone())?;
        let table_store = table_store.options(self.table_store);
        table_store.restore().await?;
        let oss = oss::Emulator::new(region, keys.clone(), store.clone(), faults.clone(), clock.clone())?;
        oss.restore().await?;
        let domains = Domains::new();
        let cdn = Cdn::new(domains.clone(), oss.router(), region, faults.clone(), clock.clone(), self.cdn);
        let openapi = OpenApi::new(cdn.clone(), keys, faults.clone(), clock, self.refresh)?;
        let admin = Admin::new(
            settings.admin_token.clone(),
            store.clone(),
            faults.clone(),
            vec![
                Box::new(functions.clone()),
                Box::new(NamedApps::new(apps.clone(), &app)),
                Box::new(NamedRoutes::new(routes.clone())),
                Box::new(domains.clone()),
            ],
        );
        admin.restore().await?;
        let inner = Inner {
            settings,
            store,
            faults,
            functions,
            routes,
            apps,
            gateway,
            table_store,
            oss,
            domains,
            cdn,
            openapi,
            admin,
        };
        Ok(Local { inner: Arc::new(inner) })
    }
}

impl Local {
    /// A cloud in memory, unless it is told otherwise.
    pub fn builder() -> LocalBuilder {
        LocalBuilder::default()
    }

    /// Instance, region, keys and token.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.inner.settings
    }

    /// The keys that the services know.
    #[must_use]
    pub fn credentials(&self) -> Credentials {
        credentials(&self.inner.settings)
    }

    /// The store under the services.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.inner.store
    }

    /// The faults, to be set and to be looked at.
    #[must_use]
    pub fn faults(&self) -> &Faults {
        &self.inner.faults
    }

    /// The functions. What is set here, other than by a management call, is not kept.
    #[must_use]
    pub fn functions(&self) -> &Functions {
        &self.inner.functions
    }

    /// The gateway's routes. What is set here, other than by a management call, is not kept.
    #[must_use]
    pub fn routes(&self) -> &Routes {
        &self.inner.routes
    }

    /// The apps that the gateway knows. What is set here, other than by a management call, is not kept.
    #[must_use]
    pub fn apps(&self) -> &Apps {
        &self.inner.apps
    }

    /// Table Store.
    pub fn table_store(&self) -> Router {
        self.inner.table_store.router()
    }

    /// Table Store, to be called in this process.
    #[must_use]
    pub fn table_store_transport(&self) -> impl Transport {
        InProcess::new(self.table_store())
    }

    /// OSS. A request's host names its bucket (`BUCKET.<any suffix>`); an address and `localhost` do not,
    /// there the path begins with it.
    pub fn oss(&self) -> Router {
        self.inner.oss.router()
    }

    /// OSS, to be called in this process.
    #[must_use]
    pub fn oss_transport(&self) -> impl Transport {
        InProcess::new(self.oss())
    }

    /// API Gateway.
    pub fn gateway(&self) -> Router {
        Router::new().fallback_service(self.inner.gateway.clone())
    }

    /// API Gateway, to be called in this process.
    #[must_use]
    pub fn gateway_transport(&self) -> impl Transport {
        InProcess::new(self.gateway())
    }

    /// The CDN's domains. What is set here, other than by a management call, is not kept.
    #[must_use]
    pub fn domains(&self) -> &Domains {
        &self.inner.domains
    }

    /// The CDN, as browsers see it.
    pub fn cdn(&self) -> Router {
        Router::new().fallback_service(self.inner.cdn.clone())
    }

    /// The CDN, to be called in this process.
    #[must_use]
    pub fn cdn_transport(&self) -> impl Transport {
        InProcess::new(self.cdn())
    }

    /// The management calls of the cloud's own services: refreshing the CDN.
    pub fn openapi(&self) -> Router {
        self.inner.openapi.router()
    }

    /// The management calls of the cloud's own services, to be called in this process.
    #[must_use]
    pub fn openapi_transport(&self) -> impl Transport {
        InProcess::new(self.openapi())
    }

    /// The management calls of the local cloud.
    pub fn admin(&self) -> Router {
        self.inner.admin.router()
    }

    /// Ends in good order: the functions, then the store once all that was accepted is on the disk.
    pub async fn stop(&self) {
        self.inner.functions.stop().await;
        self.inner.store.close().await;
    }
}

fn credentials(settings: &Settings) -> Credentials {
    Credentials::new(settings.access_key_id.as_str(), settings.access_key_secret.expose_secret())
}

/// Keys of the functions' role, as Function Compute hands them out: of this run, with a token.
fn role() -> io::Result<Credentials> {
    let Settings { access_key_id, access_key_secret, admin_token: token, .. } = Settings::generate()?;
    Ok(Credentials::temporary(format!("STS.{access_key_id}"), secret(&access_key_secret), secret(&token), None))
}

fn secret(secret: &SecretString) -> SecretString {
    SecretString::from(secret.expose_secret())
}
