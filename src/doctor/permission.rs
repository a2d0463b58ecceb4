//! Whether the key may make the calls that a collector needs.

use super::ask::Asked;
use super::remedy::{finding, remedy};
use super::report::Line;
use crate::collector::Collector;
use crate::config::AccountConfig;
use crate::planner::Outcome;
use crate::platform::PlatformName;

/// What a collector needs, and what became of it.
pub struct Needs {
    collector: Collector,
    lines: Vec<Line>,
    good: Vec<String>,
    /// Why there may be no call.
    idle: String,
}

impl Needs {
    /// Nothing yet.
    #[must_use]
    pub fn of(collector: Collector) -> Self {
        let idle = "nothing that was looked at gives reason for a call".to_owned();
        Self { collector, lines: Vec::new(), good: Vec::new(), idle }
    }

    /// The same; `why` is what to say when no call is made.
    #[must_use]
    pub fn if_idle(self, why: impl Into<String>) -> Self {
        Self { idle: why.into(), ..self }
    }

    /// A call was made. `permission` is what it needs, where the platform has a name for that.
    pub fn asked(&mut self, account: &AccountConfig, call: &str, permission: Option<&str>, asked: Option<&Asked>) {
        let what = permission.map_or_else(|| call.to_owned(), |permission| format!("{call} ({permission})"));
        match asked.map(|asked| &asked.result) {
            None => self.add(Line::skip("permission", format!("{what} was not asked: the server is to be left alone"))),
            Some(Ok(_)) => self.good.push(what),
            Some(Err(failure)) => {
                let name = self.collector.name();
                let text = finding(failure);
                let line = match (failure.outcome, permission) {
                    (Outcome::Forbidden, Some(permission)) => Line::bad(
                        "permission",
                        format!("{call} is refused, so {name} will stay without data: the role lacks {permission}"),
                        format!("{}, or switch {name} off", grant(permission)),
                    ),
                    (Outcome::Forbidden | Outcome::ApiError | Outcome::AuthError, _) if failure.gone.is_none() => {
                        Line::bad(
                            "permission",
                            format!("{call} is refused, so {name} will stay without data: {text}"),
                            format!("{}, or switch {name} off", refused(account)),
                        )
                    }
                    _ => Line::warn("permission", format!("{call}: {text}"), remedy(account, failure)),
                };
                self.add(line);
            }
        }
    }

    /// Something else is to be said.
    pub fn add(&mut self, line: Line) {
        self.lines.push(line.about(self.collector.name()));
    }

    /// The lines: one for all calls that went well, one for each other.
    #[must_use]
    pub fn lines(self) -> Vec<Line> {
        let good =
            (!self.good.is_empty()).then(|| Line::ok("permission", self.good.join(", ")).about(self.collector.name()));
        let nothing = good.is_none() && self.lines.is_empty();
        let nothing = nothing.then(|| Line::skip("permission", self.idle).about(self.collector.name()));
        good.into_iter().chain(self.lines).chain(nothing).collect()
    }
}

fn grant(permission: &str) -> String {
    let write =
        if permission == "can_manage_winupdates" { " (a write permission; there is none for reading)" } else { "" };
    format!(
        "give it {permission}{write} under Settings > Permissions Manager (it may take 10 minutes; for one agent the role \
         must cover its client and site too)"
    )
}

fn refused(account: &AccountConfig) -> &'static str {
    match account.platform_name() {
        PlatformName::Nsight => "look whether the account has this feature and the Agent Key user may see it",
        PlatformName::Tactical => "look at the role of the key's user",
    }
}
