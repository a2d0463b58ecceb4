//! Mappings that nothing answers to.

use tracing::Level;

use super::*;
use crate::captured::Captured;

/// A mapping that selects no check of any device, and a field whose names never come.
#[tokio::test(start_paused = true)]
async fn a_mapping_that_nothing_answers_to_is_warned_of_once() {
    let log = Captured::from(Level::INFO);
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    let (mut account, _) = account(&platform);
    let selector = script_seven();
    let status_passing = regex::Regex::new("^ok$").unwrap();
    let (date_field, status_field) = (Some("Last Backup".to_owned()), None);
    let backup = Mapping { checks: Some(selector), date_field, status_field, status_passing };
    let mappings = Mappings { antivirus: None, backup: Some(backup) };
    let options = TacticalOptions { mappings, ..TacticalOptions::default() };
    account.config.platform = PlatformOptions::Tactical(options);
    account.fleet = Arc::new(Mutex::new(Fleet::new(fleet_options(&account.config))));
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_hours(1)).await;
    shutdown.cancel();
    let warnings = log.with("mapping");
    assert_eq!(warnings.len(), 1, "{:#?}", log.lines());
    assert!(
        warnings[0].contains("WARN") && warnings[0].contains("mapping backup: no check of any device matches script 7")
    );
}
