//! What the cloud is made of, as resources: functions, apps and routes.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use campaign_apigw::App;
use serde::Deserialize;
use serde_json::Value;

use super::{Refused, Resource};
use crate::function::{FunctionSpec, Functions};
use crate::gateway::{Apps, Route, Routes};

#[async_trait]
impl Resource for Functions {
    fn kind(&self) -> &'static str {
        "functions"
    }

    /// The name stands in the call; the description may repeat it.
    async fn set(&self, name: &str, value: &Value) -> Result<(), Refused> {
        let mut value = value.clone();
        if let Some(fields) = value.as_object_mut() {
            fields.entry("name").or_insert_with(|| name.into());
        }
        let spec: FunctionSpec = serde_json::from_value(value).map_err(Refused::new)?;
        if spec.name != name {
            return Err(Refused(format!("the function's name is {:?}, and the call's is {name:?}", spec.name)));
        }
        Self::set(self, spec).await.map_err(Refused::new)
    }

    async fn remove(&self, name: &str) {
        Self::remove(self, name).await;
    }

    /// Environment variables may be secrets.
    fn shown(&self, mut value: Value) -> Value {
        if let Some(env) = value.pointer_mut("/backend/process/env").and_then(Value::as_object_mut) {
            env.values_mut().for_each(|value| *value = "***".into());
        }
        value
    }
}

/// The gateway's apps; an app's name is its AppKey.
#[derive(Debug)]
pub(crate) struct NamedApps {
    apps: Apps,
    /// The key of the settings' own app.
    own: String,
}

impl NamedApps {
    pub(crate) fn new(apps: Apps, own: &App) -> Self {
        Self { apps, own: own.key().to_owned() }
    }
}

/// What is set of an app.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct AppSecret {
    secret: String,
}

#[async_trait]
impl Resource for NamedApps {
    fn kind(&self) -> &'static str {
        "apps"
    }

    async fn set(&self, name: &str, value: &Value) -> Result<(), Refused> {
        if name == self.own {
            return Err(Refused("this is the app of the ready line, which cannot be changed".to_owned()));
        }
        // The library's own text would show a piece of the secret.
        let app = AppSecret::deserialize(value).map_err(|_| Refused(r#"an app is {"secret": TEXT}"#.to_owned()))?;
        self.apps.set(App::new(name, app.secret).map_err(Refused::new)?);
        Ok(())
    }

    async fn remove(&self, name: &str) {
        if name != self.own {
            self.apps.remove(name);
        }
    }

    fn shown(&self, mut value: Value) -> Value {
        if let Some(secret) = value.get_mut("secret") {
            *secret = "***".into();
        }
        value
    }
}

/// The gateway's routes by name.
#[derive(Debug)]
pub(crate) struct NamedRoutes {
    routes: Routes,
    names: Mutex<HashMap<String, (String, String)>>,
}

impl NamedRoutes {
    pub(crate) fn new(routes: Routes) -> Self {
        Self { routes, names: Mutex::default() }
    }
}

#[async_trait]
impl Resource for NamedRoutes {
    fn kind(&self) -> &'static str {
        "routes"
    }

    async fn set(&self, name: &str, value: &Value) -> Result<(), Refused> {
        let route = Route::deserialize(value).map_err(Refused::new)?;
        let place = (route.method.clone(), route.path.clone());
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((other, _)) = names.iter().find(|(other, at)| *other != name && **at == place) {
            return Err(Refused(format!("the route {other:?} has this method and path; remove it first")));
        }
        self.routes.set(route).map_err(Refused::new)?;
        if let Some((method, path)) = names.insert(name.to_owned(), place.clone()).filter(|old| *old != place) {
            self.routes.remove(&method, &path);
        }
        Ok(())
    }

    async fn remove(&self, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((method, path)) = names.remove(name) {
            self.routes.remove(&method, &path);
        }
    }
}
