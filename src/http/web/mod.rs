//! The web configuration at work: TLS, passwords, headers and the rate limit, read again when their files change.

mod bucket;
mod credentials;
mod passwords;
pub(super) mod tls;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use arc_swap::ArcSwap;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use rustls::ServerConfig;
use tokio::sync::Mutex;

use super::text;
use crate::config::ConfigErrors;
use crate::config::web::{self, Files, WebConfig};
use bucket::Bucket;
use passwords::{Judgement, Passwords};

/// How often the files are looked at, at most.
const PAUSE: Duration = Duration::from_secs(1);
/// How long a request waits for a look at the files, which may be on a disk that hangs.
const LONGEST_LOOK: Duration = Duration::from_secs(1);
/// How long files stay unchanged before they are taken.
const AT_REST: Duration = Duration::from_millis(100);
/// How often changing files are read in one look.
const MOST_READINGS: usize = 5;
/// What is answered, in `WWW-Authenticate`, to whoever has not named a user and a password.
pub const REALM: &str = "Basic realm=\"rmm-exporter\"";

/// The web configuration, always the newest good one.
pub struct Web {
    path: PathBuf,
    current: ArcSwap<Current>,
    passwords: Passwords,
    look: Arc<Mutex<Look>>,
}

/// What is in force.
struct Current {
    config: WebConfig,
    bucket: Option<Arc<Bucket>>,
}

/// When the files were looked at last, and what they were when they were read.
struct Look {
    at: Instant,
    files: Files,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Web").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Web {
    /// Reads the configuration at `path`, logs its warnings, and follows its changes from now on: its own, and those of the
    /// certificates and keys that it names. Whether TLS is spoken at all is decided now.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file.
    pub fn load(path: &Path) -> Result<Arc<Self>, ConfigErrors> {
        let web::Reading { result, files } = web::read(path);
        let config = result?;
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let now = Instant::now();
        let bucket = config.rate_limit.map(|limit| Arc::new(Bucket::new(limit, now)));
        Ok(Arc::new(Self {
            path: path.to_owned(),
            current: ArcSwap::from_pointee(Current { config, bucket }),
            passwords: Passwords::new(),
            look: Arc::new(Mutex::new(Look { at: now, files })),
        }))
    }

    /// Whether TLS is spoken.
    #[must_use]
    pub fn speaks_tls(&self) -> bool {
        self.current.load().config.tls.is_some()
    }

    /// Whether TLS is still what it was when a connection shook hands. With other settings another client might be let in, or
    /// none.
    pub(super) async fn still_speaks(self: &Arc<Self>, config: &Arc<ServerConfig>) -> bool {
        self.refresh().await;
        self.current.load().config.tls.as_ref().is_some_and(|current| Arc::ptr_eq(current, config))
    }

    /// What TLS is to be like for the next connection; `None` is plain HTTP.
    pub(super) async fn tls(self: &Arc<Self>) -> Option<Arc<ServerConfig>> {
        if !self.speaks_tls() {
            return None;
        }
        self.refresh().await;
        self.current.load().config.tls.clone()
    }

    /// Lets a request in, or says why not.
    pub(super) async fn admit(self: &Arc<Self>, headers: &HeaderMap) -> Result<(), Response> {
        self.refresh().await;
        let current = self.current.load_full();
        if current.bucket.as_ref().is_some_and(|bucket| !bucket.take(Instant::now())) {
            return Err(text(StatusCode::TOO_MANY_REQUESTS, "Too many requests, try again later.\n"));
        }
        let users = &current.config.users;
        if users.is_empty() {
            return Ok(());
        }
        let judgement = match credentials::Credentials::of(headers) {
            Some(credentials) => self.passwords.judge(users, credentials).await,
            None => Judgement::Bad,
        };
        match judgement {
            Judgement::Good => Ok(()),
            Judgement::Busy => {
                let message = "Too many passwords wait to be checked, try again later.\n";
                Err(text(StatusCode::SERVICE_UNAVAILABLE, message))
            }
            Judgement::Bad => {
                let mut response = text(StatusCode::UNAUTHORIZED, "A user name and a password are needed.\n");
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(REALM));
                Err(response)
            }
        }
    }

    /// Adds the configured headers to an answer.
    pub(super) fn decorate(&self, response: &mut Response) {
        for (name, value) in &self.current.load().config.headers {
            response.headers_mut().insert(name, value.clone());
        }
    }

    /// Takes a changed configuration, looking at the files once a second at most. Whoever comes during a look goes on with what
    /// is there.
    async fn refresh(self: &Arc<Self>) {
        let Ok(mut look) = Arc::clone(&self.look).try_lock_owned() else { return };
        if look.at.elapsed() < PAUSE {
            return;
        }
        look.at = Instant::now();
        let web = Arc::clone(self);
        let looking = tokio::task::spawn_blocking(move || web.look_at_files(&mut look));
        if tokio::time::timeout(LONGEST_LOOK, looking).await.is_err() {
            tracing::debug!("the files of the web configuration take long to read");
        }
    }

    /// A configuration that is wrong changes nothing: neither is anybody let in who was not, nor does the service end.
    fn look_at_files(&self, look: &mut Look) {
        if !look.files.changed() {
            return;
        }
        let Some(web::Reading { result, files }) = self.settled() else { return };
        look.files = files;
        match result {
            Ok(config) => {
                if let Some(why) = objection(&self.current.load().config, &config) {
                    tracing::warn!(file = %self.path.display(), "the changed web configuration is not taken: {why}");
                    return;
                }
                self.take(config);
                tracing::info!(file = %self.path.display(), "the web configuration was read again");
            }
            Err(errors) => {
                for error in &errors.errors {
                    tracing::warn!(%error, "the changed web configuration is wrong: the last good one stays in force");
                }
            }
        }
    }

    /// Reads the files as soon as they stay as they are for a moment. Somebody may be writing them, and half a file can be a
    /// valid one that lets everybody in. `None` when they do not come to rest: the next look will see.
    fn settled(&self) -> Option<web::Reading> {
        (0..MOST_READINGS).find_map(|_| {
            let reading = web::read(&self.path);
            std::thread::sleep(AT_REST);
            (!reading.files.changed()).then_some(reading)
        })
    }

    fn take(&self, config: WebConfig) {
        config.warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
        let before = self.current.load();
        self.passwords.keep_only(&config.users);
        let same = before.bucket.as_ref().filter(|bucket| Some(bucket.limit()) == config.rate_limit);
        let bucket =
            same.cloned().or_else(|| config.rate_limit.map(|limit| Arc::new(Bucket::new(limit, Instant::now()))));
        self.current.store(Arc::new(Current { config, bucket }));
    }
}

/// Why a valid change is not for a running exporter. Then nothing of it is taken: half of it could be less than either
/// configuration asks for, such as a port without TLS that has lost its passwords, too.
fn objection(before: &WebConfig, after: &WebConfig) -> Option<&'static str> {
    match (before.tls.is_some(), after.tls.is_some()) {
        (true, false) => Some("it switches TLS off, which needs a restart. Everything stays as it was"),
        (false, true) => Some("it switches TLS on, which needs a restart. Everything stays as it was"),
        // An empty file, or one that was cut off, is a valid one that lets everybody in.
        _ if !before.users.is_empty() && after.users.is_empty() => Some(
            "it takes away all basic_auth_users. Everything stays as it was; restart to open the port to everybody",
        ),
        _ => None,
    }
}
