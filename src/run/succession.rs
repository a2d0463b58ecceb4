//! Which account of a new configuration is which of the old one, and what it goes on with.

use std::collections::HashSet;
use std::sync::{Arc, PoisonError};

use super::settings::Settings;
use crate::account::fleet_options;
use crate::config::AccountConfig;
use crate::state::Kept;

/// Where an account of the new configuration comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// It is the same, and notices nothing.
    Stays,
    /// It goes on with what the old account of that name kept.
    Follows(String),
    /// Nothing that is known is about it.
    Comes,
}

/// Where each of the new accounts comes from. An account is known by its name, as long as its server stays; and by server and
/// key, when only its name is another.
pub(super) fn origins(old: &[Arc<Settings>], new: &[Settings]) -> Vec<Origin> {
    let by_name: Vec<Origin> = new.iter().map(|account| by_name(old, account)).collect();
    let of_origin = |wanted: fn(&Origin) -> bool| new.iter().zip(&by_name).filter(move |(_, origin)| wanted(origin));
    let known: HashSet<&str> =
        of_origin(|origin| *origin != Origin::Comes).map(|(account, _)| account.name()).collect();
    let renamed = |account: &Settings| {
        let mut before = old.iter().filter(|it| !known.contains(it.name()) && is_same_guest(it, account));
        let mut after = of_origin(|origin| *origin == Origin::Comes).filter(|(it, _)| is_same_guest(it, account));
        match (before.next(), before.next(), after.nth(1)) {
            (Some(before), None, None) => Origin::Follows(before.name().to_owned()),
            // Of several nobody knows which is which.
            _ => Origin::Comes,
        }
    };
    let origins = new.iter().zip(&by_name);
    origins.map(|(account, origin)| if *origin == Origin::Comes { renamed(account) } else { origin.clone() }).collect()
}

fn by_name(old: &[Arc<Settings>], account: &Settings) -> Origin {
    match old.iter().find(|other| other.name() == account.name()) {
        Some(same) if **same == *account => Origin::Stays,
        Some(changed) if changed.has_server_of(account) => Origin::Follows(account.name().to_owned()),
        _ => Origin::Comes,
    }
}

/// Whether the server cannot tell one from the other.
fn is_same_guest(one: &Settings, other: &Settings) -> bool {
    one.has_server_of(other) && one.has_key_of(other)
}

/// Makes what an account kept fit for its successor.
pub(super) fn hand_over(kept: &Kept, before: &AccountConfig, after: &AccountConfig) {
    let mut fleet = kept.fleet.lock().unwrap_or_else(PoisonError::into_inner);
    fleet.keep_by(fleet_options(after));
    if before.tactical().mappings != after.tactical().mappings {
        fleet.forget_signals();
    }
    if !read_alike(before, after) {
        kept.ledger.lock().unwrap_or_else(PoisonError::into_inner).forget_successes();
    }
}

/// Whether both take the same from the same answer. Otherwise everything is read again, as soon as floor and budget allow.
fn read_alike(one: &AccountConfig, other: &AccountConfig) -> bool {
    one.reading() == other.reading()
}

#[cfg(test)]
mod tests {
    use super::super::settings::tests::account;
    use super::Origin::{Comes, Stays};
    use super::*;

    const HERE: &str = "http://127.0.0.1:1";
    const THERE: &str = "http://127.0.0.1:2";

    fn follows(name: &str) -> Origin {
        Origin::Follows(name.to_owned())
    }

    fn found(old: &[Settings], new: &[Settings]) -> Vec<Origin> {
        let old: Vec<_> = old.iter().cloned().map(Arc::new).collect();
        origins(&old, new)
    }

    #[test]
    fn an_account_is_known_by_its_name_while_its_server_stays() {
        let [a, b] = [account("a", HERE, ""), account("b", THERE, "api_key: other0")];
        assert_eq!(found(&[a.clone(), b.clone()], &[b.clone(), a.clone()]), [Stays, Stays]);
        let old = [a];
        assert_eq!(found(&old, &[account("a", HERE, "max_series: 7"), b.clone()]), [follows("a"), Comes]);
        assert_eq!(found(&old, &[account("a", HERE, "api_key: second")]), [follows("a")], "a key is replaced");
        assert_eq!(found(&old, &[account("a", THERE, "")]), [Comes]);
        assert_eq!(found(&old, &[]), []);
        assert_eq!(found(&[], &[b]), [Comes]);
    }

    #[test]
    fn with_another_name_it_is_known_by_server_and_key_when_there_is_no_doubt() {
        let here = |name: &str| account(name, HERE, "");
        assert_eq!(found(&[here("a")], &[here("b")]), [follows("a")]);
        assert_eq!(found(&[here("a")], &[account("b", HERE, "max_series: 7")]), [follows("a")]);
        assert_eq!(found(&[here("a")], &[account("b", HERE, "api_key: second")]), [Comes], "another customer's");
        assert_eq!(found(&[here("a")], &[account("b", THERE, "")]), [Comes]);
        assert_eq!(found(&[here("a")], &[here("a"), here("b")]), [Stays, Comes], "it is still there");
        assert_eq!(found(&[here("a")], &[here("b"), here("c")]), [Comes, Comes], "which of them?");
        assert_eq!(found(&[here("a"), here("b")], &[here("c")]), [Comes]);
        let swapped = [account("a", THERE, ""), account("b", HERE, "")];
        assert_eq!(found(&[here("a"), account("b", THERE, "")], &swapped), [follows("b"), follows("a")]);
    }

    #[test]
    fn what_is_read_in_another_way_is_read_again() {
        let alike = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|lines| account("a", HERE, lines).config);
            read_alike(&one, &other)
        };
        assert!(alike("", "max_series: 7") && alike("", "filter: { clients: { include: [A] } }"));
        assert!(!alike("", "checks: { mode: all }"));
        assert!(!alike("platform: nsight", "platform: nsight\noffline_after: 2h"));
        assert!(!alike("", "mappings: { backup: { check_name: A } }"));
    }
}
