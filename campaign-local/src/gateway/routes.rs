//! The route table. It is changed while it is used: a request sees it as it was when it arrived.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use http::Method;

use super::bad_route::BadRoute;
use super::model::Check;
use super::route::{Auth, Route};
use super::template::{Template, segments};

/// The longest backend time limit ("API Gateway: limits", shared instances).
const LONGEST: std::time::Duration = std::time::Duration::from_secs(30);

/// The routes of a gateway; a clone is the same table.
#[derive(Clone, Default)]
pub struct Routes(Arc<RwLock<Arc<Vec<Arc<Ready>>>>>);

/// A route made ready for requests.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) route: Route,
    pub(super) method: Method,
    pub(super) check: Option<Check>,
    template: Template,
}

/// What a request's path leads to.
#[derive(Debug)]
pub(super) enum Match {
    /// The path is not one at all.
    BadPath,
    /// No route has it.
    NotFound,
    /// These have it, each for another method.
    Found(Vec<Found>),
}

/// A route that matches, and its path parameters.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) ready: Arc<Ready>,
    pub(super) parameters: Vec<(String, String)>,
}

impl Routes {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a route, in place of the one with the same method and path.
    ///
    /// # Errors
    /// [`BadRoute`]; the table has not changed then.
    pub fn set(&self, route: Route) -> Result<(), BadRoute> {
        let ready = Arc::new(Ready::new(route)?);
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut routes = Vec::clone(&table);
        routes.retain(|old| old.route.method != ready.route.method || old.route.path != ready.route.path);
        add(&mut routes, ready)?;
        *table = Arc::new(routes);
        Ok(())
    }

    /// Replaces the whole table.
    ///
    /// # Errors
    /// [`BadRoute`], also if two of the routes have the same method and path; the table has not
    /// changed then.
    pub fn replace(&self, routes: impl IntoIterator<Item = Route>) -> Result<(), BadRoute> {
        let mut all = Vec::new();
        for route in routes {
            add(&mut all, Arc::new(Ready::new(route)?))?;
        }
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(all);
        Ok(())
    }

    /// Removes a route; says whether there was one.
    pub fn remove(&self, method: &str, path: &str) -> bool {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let mut routes = Vec::clone(&table);
        routes.retain(|old| old.route.method != method || old.route.path != path);
        let removed = routes.len() < table.len();
        *table = Arc::new(routes);
        removed
    }

    /// All routes, in the order in which they were set.
    #[must_use]
    pub fn list(&self) -> Vec<Route> {
        self.table().iter().map(|ready| ready.route.clone()).collect()
    }

    /// Of the routes whose path matches, for each method the one with literals first.
    pub(super) fn find(&self, path: &str) -> Match {
        let Some(segments) = segments(path) else { return Match::BadPath };
        let mut found: Vec<Found> = Vec::new();
        for ready in self.table().iter() {
            let Some(parameters) = ready.template.matches(&segments) else { continue };
            let new = Found { ready: Arc::clone(ready), parameters };
            match found.iter_mut().find(|other| other.ready.method == ready.method) {
                Some(other) if other.ready.template.precedence() <= ready.template.precedence() => {}
                Some(other) => *other = new,
                None => found.push(new),
            }
        }
        if found.is_empty() { Match::NotFound } else { Match::Found(found) }
    }

    fn table(&self) -> Arc<Vec<Arc<Ready>>> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let table = self.table();
        let routes = table.iter().map(|ready| (&ready.route.method, &ready.route.path, &ready.route.function));
        f.debug_list().entries(routes).finish()
    }
}

impl Ready {
    fn new(route: Route) -> Result<Self, BadRoute> {
        const METHODS: [Method; 7] =
            [Method::GET, Method::POST, Method::PUT, Method::DELETE, Method::HEAD, Method::OPTIONS, Method::PATCH];
        let method = METHODS.into_iter().find(|method| *method == *route.method).ok_or(BadRoute::Method)?;
        let template = Template::parse(&route.path).ok_or(BadRoute::Path)?;
        if route.timeout.is_zero() || route.timeout > LONGEST {
            return Err(BadRoute::Timeout);
        }
        if let Some(cors) = &route.cors {
            cors.check()?;
        }
        let key = |key: &String| (1..=128).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
        if !route.apps.is_empty() && (route.auth != Auth::App || !route.apps.iter().all(key)) {
            return Err(BadRoute::Apps);
        }
        let check = route.model.as_ref().map(Check::new).transpose()?;
        Ok(Self { route, method, check, template })
    }
}

fn add(routes: &mut Vec<Arc<Ready>>, ready: Arc<Ready>) -> Result<(), BadRoute> {
    let same = |old: &Arc<Ready>| old.method == ready.method && old.template.same(&ready.template);
    if routes.iter().any(same) {
        return Err(BadRoute::Conflict);
    }
    routes.push(ready);
    Ok(())
}
