//! Users of Active Directory, one call for each site. They are counted; who they are never leaves the decoder.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Context;
use crate::collector::{Collector, CollectorDefaults};
use crate::fleet::{DirectoryStatus, SiteKey, Update, View};
use crate::platform::nsight::call::Call;
use crate::platform::nsight::error::Error;
use crate::platform::nsight::wire::directory::list_active_directory_users;
use crate::platform::nsight::xml::Tally;

/// Daily.
pub const DEFAULTS: CollectorDefaults =
    CollectorDefaults { collector: Collector::Directory, enabled: false, interval: Duration::from_hours(24) };

/// The calls. A site that has just moved may be listed at two clients; it is asked for once.
#[must_use]
pub fn calls(view: &View) -> Vec<Call> {
    let sites: BTreeSet<&SiteKey> = view.sites.iter().map(|site| &site.key).collect();
    sites.into_iter().map(|site| Call::ListActiveDirectoryUsers(site.clone())).collect()
}

/// What list_active_directory_users says.
///
/// # Errors
///
/// When `text` is no such answer.
pub fn update(text: &str, site: &SiteKey, context: &Context<'_>, tally: &mut Tally) -> Result<Vec<Update>, Error> {
    let mut counts = [0; DirectoryStatus::LABELS.len()];
    list_active_directory_users(text, tally, |number| {
        if let Some(count) = counts.get_mut(status(number, context) as usize) {
            *count += 1;
        }
    })?;
    Ok(vec![Update::Directory(site.clone(), counts)])
}

fn status(number: Option<u64>, context: &Context<'_>) -> DirectoryStatus {
    match number {
        Some(0) => DirectoryStatus::Unchanged,
        Some(1) => DirectoryStatus::Unknown,
        Some(2) => DirectoryStatus::Modified,
        Some(3) => DirectoryStatus::New,
        Some(4) => DirectoryStatus::Deleted,
        Some(5) => DirectoryStatus::Restored,
        // Nothing but a number may be logged of people.
        other => {
            let number = other.map(|number| number.to_string()).unwrap_or_default();
            context.noted.unknown_value("list_active_directory_users", "status", &number);
            DirectoryStatus::Unknown
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ChecksMode;
    use crate::fleet::{ClientKey, Label, SiteView};
    use crate::planner::{Outcome, ReadCall};
    use crate::platform::nsight::collectors::tests::{read, read_in, read_text};
    use crate::platform::nsight::noted::tests::logged;
    use crate::platform::nsight::wire::fixture;

    fn call() -> Call {
        Call::ListActiveDirectoryUsers(SiteKey::new("50311"))
    }

    fn counts(update: &Update) -> [u64; 6] {
        match update {
            Update::Directory(site, counts) => {
                assert_eq!(*site, SiteKey::new("50311"));
                *counts
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_call_for_each_site() {
        let site = |client: &str, id: &str| SiteView {
            key: SiteKey::new(id),
            client_key: ClientKey::new(client),
            client_id: client.into(),
            client: Label::default(),
            id: id.into(),
            name: Label::default(),
            connection_up: None,
            directory_users: None,
        };
        let view = View { sites: vec![site("1", "10"), site("1", "11"), site("2", "10")], ..View::default() };
        let identities: Vec<_> = calls(&view).iter().map(ReadCall::identity).collect();
        assert_eq!(identities, ["list_active_directory_users?siteid=10", "list_active_directory_users?siteid=11"]);
    }

    #[test]
    fn users_by_status() {
        assert_eq!(counts(&read(&call(), "list_active_directory_users.50311")), [2, 1, 1, 1, 1, 1]);
        assert_eq!(counts(&read(&call(), "list_active_directory_users.50312")), [0; 6]);
        let nothing = read_text(&call(), "<result status=\"OK\"></result>", ChecksMode::Failing).expect_err("nothing");
        assert_eq!(nothing.outcome(), Outcome::InvalidResponse);
    }

    #[test]
    fn a_user_whom_two_servers_report_counts_once() {
        let user = |id: &str, server: &str| format!("<user objectGUID=\"{id}\" status=\"0\" device=\"{server}\"/>");
        let users = [user("a1", "1"), user("a1", "2"), user("a2", "1"), "<user status=\"0\"/>".repeat(2)].concat();
        let text = format!("<result status=\"OK\"><users>{users}</users></result>");
        let (updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
        let [update] = updates.as_slice() else { panic!("{updates:?}") };
        assert_eq!((counts(update)[0], left_out), (4, 0), "those without an id are told apart by nothing");
    }

    #[test]
    fn a_status_that_is_not_known_counts_and_is_logged_once() {
        let log = logged(|| {
            let (updates, left_out) =
                read_in(&call(), "quirks/list_active_directory_users.status", ChecksMode::Failing).expect("good");
            let [update] = updates.as_slice() else { panic!("{updates:?}") };
            assert_eq!((counts(update), left_out), ([1, 3, 0, 0, 1, 0], 0));
        });
        assert_eq!(log.lines().count(), 2, "6, and no number: {log}");
        assert!(log.contains("value=\"6\"") && log.contains("value=\"\""), "{log}");
    }

    #[test]
    fn nothing_about_people_is_kept_or_logged() {
        for name in ["list_active_directory_users.50311", "quirks/list_active_directory_users.status"] {
            let text = fixture::text(name);
            let mut said = String::new();
            let log = logged(|| {
                let (updates, left_out) = read_text(&call(), &text, ChecksMode::Failing).expect("good");
                said = format!("{updates:?} {left_out}");
            });
            for personal in ["Ada", "Example", "ada", "larkspur", "@", "CN=", "a1b2", "a1b3", "lent"] {
                assert!(text.contains(personal), "{personal} is in the answer");
                assert!(!said.contains(personal), "{personal} in {said}");
                assert!(!log.contains(personal), "{personal} in {log}");
            }
            // The same from broken answers: what is wrong with them is said without their text.
            for (end, _) in text.char_indices().filter(|(end, _)| end % 7 == 0) {
                let error = read_text(&call(), &text[..end], ChecksMode::Failing).expect_err("cut off").to_string();
                let personal = ["Ada", "ada@", "larkspur", "CN=", "a1b2"];
                assert!(!personal.iter().any(|personal| error.contains(personal)), "{error}");
            }
        }
    }
}
