//! `basic_auth_users`.

use std::collections::BTreeMap;

use bcrypt::HashParts;
use secrecy::SecretString;

use super::super::reader::{Context, Field};

/// The dearest permitted hash: a check takes seconds. Each step doubles the time, and Prometheus waits for ten seconds only.
const MOST_COST: u32 = 16;
/// The dearest hash that is not worth a warning: about a quarter of a second.
const USUAL_COST: u32 = 12;

/// Reads the users and the hashes of their passwords.
pub(super) fn read(field: &Field, context: &mut Context) -> BTreeMap<String, SecretString> {
    let mut users = BTreeMap::new();
    let Some(section) = field.section(&[], context) else { return users };
    for (name, field) in section.fields() {
        if name == "<<" {
            continue;
        }
        if name.is_empty() || name.contains(':') || name.chars().any(char::is_control) {
            field.error("a user's name is not empty and has no colon in it. Rename the user.", context);
            continue;
        }
        let Some(hash) = field.nonempty_text(context) else { continue };
        match cost(hash) {
            Some(cost @ 4..=MOST_COST) => {
                if cost > USUAL_COST {
                    field.warn("a hash of this cost takes a second or more to check. A cost of 10 is usual.", context);
                }
                users.insert(name.to_owned(), SecretString::from(hash));
            }
            Some(cost) => field.error(
                format!("a bcrypt hash has a cost of 4 to {MOST_COST} here, not {cost}. Hash the password with a cost of 10."),
                context,
            ),
            None => field.error(
                "this is no bcrypt hash: 60 characters that begin with $2y$, $2b$ or $2a$. Make one with htpasswd -nBC 10 \"\"; \
                 a password itself does not belong here.",
                context,
            ),
        }
    }
    users
}

/// The cost of a bcrypt hash, if it is one.
fn cost(hash: &str) -> Option<u32> {
    let known = ["$2a$", "$2b$", "$2y$"].iter().any(|version| hash.starts_with(version));
    let parts: HashParts = hash.parse().ok().filter(|_| known)?;
    Some(parts.get_cost())
}
