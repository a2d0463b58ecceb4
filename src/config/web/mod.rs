//! The web configuration file (`--web.config.file`): TLS, passwords, headers and a rate limit for the exporter's own port, in
//! the format of Prometheus' exporter-toolkit, so that operators use the files they have.

mod answers;
mod certificates;
mod clients;
mod files;
mod names;
mod tls;
mod users;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue};
use rustls::ServerConfig;
use secrecy::SecretString;

pub use answers::RateLimit;
pub use files::Files;

use super::error::ConfigErrors;
use super::reader::{Context, Section};
use super::{MAX_FILE_BYTES, file, text_of, tree};

const KEYS: [&str; 4] = ["tls_server_config", "http_server_config", "basic_auth_users", "rate_limit"];

/// A valid web configuration. Without any key it is plain HTTP for everybody. Deliberately without `Debug`: it has the key.
#[derive(Clone, Default)]
pub struct WebConfig {
    /// TLS as this says; `None` is plain HTTP.
    pub tls: Option<Arc<ServerConfig>>,
    /// Headers of every answer, in place of the exporter's own.
    pub headers: Vec<(HeaderName, HeaderValue)>,
    /// The bcrypt hash of each user's password, all of them valid; nobody is asked for a password when it is empty.
    pub users: BTreeMap<String, SecretString>,
    /// How many requests are answered; `None` is all.
    pub rate_limit: Option<RateLimit>,
    /// Things that are allowed but worth saying.
    pub warnings: Vec<String>,
}

/// What reading came to.
pub struct Reading {
    /// The configuration, or everything that is wrong with it.
    pub result: Result<WebConfig, ConfigErrors>,
    /// What was read for that.
    pub files: Files,
}

/// Reads the file at `path` and the certificates and keys that it names.
#[must_use]
pub fn read(path: &Path) -> Reading {
    let mut files = Files::default();
    let text = text_of(files.read(path, MAX_FILE_BYTES), path);
    let result = text.and_then(|text| parse(&text, path, &mut files));
    Reading { result, files }
}

/// As [`read`], for those who read it once.
///
/// # Errors
///
/// Everything that is wrong, each with its place, rule and remedy; never with a hash or a key.
pub fn load(path: &Path) -> Result<WebConfig, ConfigErrors> {
    read(path).result
}

fn parse(text: &str, source: &Path, files: &mut Files) -> Result<WebConfig, ConfigErrors> {
    let mut context = Context::new(source, &|_| None, &file::read);
    let (root, faults) = tree::parse(text);
    for fault in faults {
        context.error(fault.place, "", fault.message);
    }
    let mut config = WebConfig::default();
    if let Some(top) = root.as_ref().and_then(|node| Section::top(node, &KEYS, &mut context)) {
        if let Some(field) = top.get("tls_server_config") {
            config.tls = tls::read(&field, files, &mut context);
        }
        if let Some(field) = top.get("http_server_config") {
            config.headers = answers::headers(&field, &mut context);
        }
        if let Some(field) = top.get("basic_auth_users") {
            config.users = users::read(&field, &mut context);
            if config.tls.is_none() && !config.users.is_empty() {
                field.warn("without TLS passwords are readable on the way. Add tls_server_config.", &mut context);
            }
        }
        if let Some(field) = top.get("rate_limit") {
            config.rate_limit = answers::rate_limit(&field, &mut context);
        }
    }
    if !context.errors.is_empty() {
        return Err(ConfigErrors::new(context.errors));
    }
    config.warnings = context.into_warnings();
    Ok(config)
}
