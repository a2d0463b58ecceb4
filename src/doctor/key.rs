//! HTTP and the key: what became of the first question.

use super::ask::Asked;
use super::remedy::{finding, remedy};
use super::report::Line;
use crate::config::AccountConfig;
use crate::planner::{Outcome, ReadCall};
use crate::platform::{Failure, SetupError};

/// The lines `http` and `key` for the first question that takes the key.
#[must_use]
pub fn lines<C: ReadCall>(account: &AccountConfig, call: &C, asked: &Asked) -> [Line; 2] {
    let answered = || Line::ok("http", format!("{} answered in {} ms", call.name(), asked.took.as_millis()));
    match &asked.result {
        Ok(_) => [answered(), Line::ok("key", "accepted")],
        Err(failure) if is_about_the_key(failure) => {
            [answered(), Line::bad("key", finding(failure), remedy(account, failure))]
        }
        Err(failure) => [
            Line::bad("http", format!("{}: {}", call.name(), finding(failure)), remedy(account, failure)),
            Line::skip("key", "the server gave no answer that says anything of it"),
        ],
    }
}

/// Whether the server itself answered, and refused.
const fn is_about_the_key(failure: &Failure) -> bool {
    matches!(failure.outcome, Outcome::AuthError | Outcome::Forbidden | Outcome::ApiError)
}

/// The line for an account that cannot even be set up.
#[must_use]
pub fn no_setup(error: &SetupError) -> Line {
    match error {
        SetupError::Key(error) => {
            let text = error.to_string();
            let (finding, remedy) =
                text.split_once("; ").unwrap_or((&text, "put the key where the configuration says"));
            Line::bad("key", finding, remedy)
        }
        SetupError::Transport(_) => Line::bad("http", error.to_string(), "check tls and proxy of this account"),
        SetupError::Server(_) => Line::bad("http", error.to_string(), "write server as https://api.example.com"),
    }
}
