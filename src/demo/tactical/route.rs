//! Which calls exist, what they need, and which of them a guest may make.

use crate::demo::server::Received;
use crate::demo::world::tactical::Permission;

/// What a path asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Route<'a> {
    Alive,
    Version,
    Dashboard,
    ServerStatus,
    CustomFields,
    Clients,
    Agents,
    Alerts,
    Agent(&'a str),
    Checks(&'a str),
    Tasks(&'a str),
    Updates(&'a str),
}

/// The call at that path, if there is one.
pub(super) fn route(path: &str) -> Option<Route<'_>> {
    // A doubled leading slash works on the real server too.
    let path = path.strip_prefix("//").or_else(|| path.strip_prefix('/'))?;
    let parts: Vec<&str> = path.split('/').collect();
    Some(match parts.as_slice() {
        [""] => Route::Alive,
        ["core", "version", ""] => Route::Version,
        ["core", "dashinfo", ""] => Route::Dashboard,
        ["core", "v2", "status", ""] => Route::ServerStatus,
        ["core", "customfields", ""] => Route::CustomFields,
        ["clients", ""] => Route::Clients,
        ["agents", ""] => Route::Agents,
        ["alerts", ""] => Route::Alerts,
        ["agents", id, ""] if id.len() > 20 => Route::Agent(id),
        ["agents", id, "checks", ""] if id.len() > 20 => Route::Checks(id),
        ["agents", id, "tasks", ""] if id.len() > 20 => Route::Tasks(id),
        ["winupdate", id, ""] if id.len() > 20 => Route::Updates(id),
        _ => return None,
    })
}

impl Route<'_> {
    /// The permission that the key's role must have.
    pub(super) const fn permission(self) -> Option<Permission> {
        match self {
            Self::Alive | Self::Version | Self::Dashboard | Self::ServerStatus => None,
            Self::CustomFields => Some(Permission::ViewCustomFields),
            Self::Clients => Some(Permission::ListClients),
            Self::Agents | Self::Agent(_) => Some(Permission::ListAgents),
            Self::Alerts => Some(Permission::ListAlerts),
            Self::Checks(_) => Some(Permission::ListChecks),
            Self::Tasks(_) => Some(Permission::ListTasks),
            Self::Updates(_) => Some(Permission::ManageUpdates),
        }
    }

    /// The parameters that mean something there.
    const fn parameters(self) -> &'static [&'static str] {
        match self {
            Self::Agents => &["detail", "monitoring_type", "client", "site"],
            _ => &[],
        }
    }
}

/// What is wrong with a request as one of a guest that only reads. Reading alerts is a PATCH, with the filter as its body.
pub(super) fn violation(request: &Received) -> Option<&'static str> {
    let route = route(&request.path);
    match (request.method.as_str(), route) {
        ("GET", _) if !request.path.ends_with('/') => Some("no slash at the end"),
        ("GET", Some(Route::Alerts)) => Some("method is not PATCH"),
        ("GET", Some(_)) if !request.body.is_empty() => Some("a body where none belongs"),
        ("GET", Some(route)) | ("PATCH", Some(route @ Route::Alerts)) => {
            let known = |(name, _): &(String, String)| route.parameters().contains(&name.as_str());
            (!request.query.iter().all(known)).then_some("unknown parameter")
        }
        ("GET", None) => Some("path is unknown or forbidden"),
        _ => Some("method is not GET"),
    }
}

/// Equal for identical calls: method, path, sorted parameters and body. How a JSON body is spaced makes no difference.
pub(super) fn identity(request: &Received) -> String {
    let mut parameters: Vec<_> = request.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    parameters.sort();
    let body = serde_json::from_slice::<serde_json::Value>(&request.body)
        .map_or_else(|_| String::from_utf8_lossy(&request.body).into_owned(), |body| body.to_string());
    format!("{} {}?{}{body}", request.method, request.path, parameters.join("&"))
}
