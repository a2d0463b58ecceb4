//! What accounts called that are no longer there.

use std::sync::PoisonError;
use std::time::Duration;

use reqwest::Url;

use super::settings::Settings;
use crate::planner::MemoryLedger;
use crate::platform::PlatformName;
use crate::state::Kept;

/// For so long; longer than any floor.
const REMEMBERED: Duration = Duration::from_hours(24);

/// The ledgers of accounts that a reload ended, by server. An account that a later reload starts on the same server goes on from
/// there, so that neither the floor nor the budget has a hole, whatever is renamed, moved away and brought back.
#[derive(Debug, Default)]
pub(super) struct Departed(Vec<Ledger>);

#[derive(Debug)]
struct Ledger {
    platform: PlatformName,
    server: Url,
    calls: MemoryLedger,
    /// When the last of its accounts ended.
    since: Duration,
}

impl Ledger {
    fn is_of(&self, account: &Settings) -> bool {
        self.platform == account.config.platform_name() && self.server == account.config.server
    }
}

impl Departed {
    /// An account ended at `now`, and nobody goes on with what it kept.
    pub(super) fn add(&mut self, account: &Settings, kept: &Kept, now: Duration) {
        self.0.retain(|ledger| now.saturating_sub(ledger.since) < REMEMBERED);
        let calls = kept.ledger.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = self.0.iter_mut().find(|ledger| ledger.is_of(account)) {
            ledger.calls.absorb(&calls);
            ledger.since = now;
        } else {
            let mut copy = MemoryLedger::default();
            copy.absorb(&calls);
            let (platform, server) = (account.config.platform_name(), account.config.server.clone());
            self.0.push(Ledger { platform, server, calls: copy, since: now });
        }
    }

    /// An account begins: what others called on its server counts as called. Says whether there is anything.
    pub(super) fn instruct(&self, account: &Settings, kept: &Kept) -> bool {
        let ledger = self.0.iter().find(|ledger| ledger.is_of(account));
        if let Some(ledger) = ledger {
            kept.ledger.lock().unwrap_or_else(PoisonError::into_inner).absorb(&ledger.calls);
        }
        ledger.is_some()
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::settings::tests::account;
    use super::*;
    use crate::account::fleet_options;
    use crate::planner::{End, Ledger as _};

    fn kept(account: &Settings, calls: &[(&str, i64)]) -> Kept {
        let kept = Kept::in_memory(fleet_options(&account.config));
        for (call, second) in calls {
            let at = Timestamp::from_second(*second).unwrap();
            let _ = kept.ledger.lock().unwrap().started(call, at);
            kept.ledger.lock().unwrap().ended(call, at, End::Succeeded);
        }
        kept
    }

    fn known(departed: &Departed, account: &Settings) -> Vec<(String, i64)> {
        let new = kept(account, &[]);
        departed.instruct(account, &new);
        let ledger = new.ledger.lock().unwrap();
        let mut calls: Vec<_> =
            ledger.entries().map(|(call, entry)| (call.to_owned(), entry.end().as_second())).collect();
        calls.sort();
        assert!(ledger.entries().all(|(_, entry)| entry.succeeded.is_none()), "what was brought is not at hand");
        calls
    }

    #[test]
    fn what_was_called_on_a_server_is_known_to_whoever_comes_there_for_a_day() {
        let [one, two] = [account("one", "http://127.0.0.1:1", ""), account("two", "http://127.0.0.1:1", "")];
        let elsewhere = account("one", "http://127.0.0.1:2", "");
        let hour = Duration::from_hours(1);
        let mut departed = Departed::default();
        departed.add(&one, &kept(&one, &[("list", 10), ("checks", 11)]), hour);
        departed.add(&two, &kept(&two, &[("list", 20)]), 2 * hour);
        let all = [("checks".to_owned(), 11), ("list".to_owned(), 20)];
        assert_eq!(known(&departed, &two), all);
        assert_eq!(known(&departed, &account("three", "http://127.0.0.1:1", "")), all);
        assert_eq!(known(&departed, &elsewhere), []);
        departed.add(&elsewhere, &kept(&elsewhere, &[("list", 30)]), 25 * hour);
        assert_eq!(known(&departed, &one), all, "a day counts from the last of them");
        departed.add(&elsewhere, &kept(&elsewhere, &[]), 26 * hour);
        assert_eq!(known(&departed, &one), []);
        assert_eq!(known(&departed, &elsewhere), [("list".to_owned(), 30)]);
    }
}
