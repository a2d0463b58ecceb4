//! Mappings that nothing answers to.

use super::*;

/// A mapping that selects no check of any device, and a field whose names never come.
#[tokio::test(start_paused = true)]
async fn a_mapping_that_nothing_answers_to_is_warned_of_once() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
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
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let warnings: Vec<&str> = text.lines().filter(|line| line.contains("mapping")).collect();
    assert_eq!(warnings.len(), 1, "{text}");
    assert!(
        warnings[0].contains("WARN") && warnings[0].contains("mapping backup: no check of any device matches script 7")
    );
}

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
