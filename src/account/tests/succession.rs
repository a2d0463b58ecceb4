//! Accounts that end, and those that go on in their place.

use super::*;
use crate::account::rendering::RENDER_DELAY;

/// What is kept while a call is under way, and where the call is in the ledger.
#[tokio::test(start_paused = true)]
async fn a_successor_goes_on_where_the_account_stopped() {
    let platform = Scripted { list: Duration::from_mins(2), ..paused() };
    platform.script().devices = 5;
    let (first, publisher) = account(&platform);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(first.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_secs(30)).await;
    shutdown.cancel();
    let kept = task.await.unwrap();
    let calls = platform.script().calls.len();
    assert_eq!((calls, kept.ledger.lock().unwrap().entries().len()), (6, 6), "the list and five devices");

    let yaml = "accounts:\n  - name: msp\n    platform: tactical\n    server: http://127.0.0.1:9\n    api_key: abcdef\n    \
                min_interval: 15s\n    requests_per_minute: 60\n";
    let config = config::parse(yaml, std::path::Path::new("test"), &|_| None).unwrap().accounts.remove(0);
    let clock = Arc::clone(&platform.clock);
    let successor = Account::new(config, platform.clone(), kept, Arc::clone(&publisher), clock, 2);
    assert!(status(&publisher).ready && status(&publisher).up, "before anything is asked");
    assert!(publisher.snapshot().account("msp").unwrap().rendered().is_some(), "nor is there a gap");
    let shutdown = running(successor);
    tokio::time::sleep(Duration::from_secs(85)).await;
    assert_eq!(platform.script().calls.len(), calls, "nothing is due");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2);
    assert_eq!(platform.script().calls.len(), calls + 1, "the list at its time");
    shutdown.cancel();
}

#[tokio::test(start_paused = true)]
async fn secrets_are_read_again_while_the_account_works() {
    let platform = paused();
    let (account, _) = account(&platform);
    let secrets = account.secrets();
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(account.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_secs(10)).await;
    let before = platform.script().calls.len();
    secrets.reload().await;
    assert_eq!(platform.script().reloads, 1, "done when it returns");
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.script().calls.len(), before, "that asks nothing");
    shutdown.cancel();
    task.await.unwrap();
    secrets.reload().await;
    assert_eq!(platform.script().reloads, 1, "it has ended, and nobody waits for it");
}

#[tokio::test(start_paused = true)]
async fn another_key_is_tried_at_once_on_the_list_of_what_there_is() {
    let platform = paused();
    let (first, publisher) = account(&platform);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(first.run(shutdown.clone()));
    tokio::time::sleep(Duration::from_mins(1)).await;
    shutdown.cancel();
    let kept = task.await.unwrap();
    let config = account(&platform).0.config;
    let clock = Arc::clone(&platform.clock);
    let mut successor = Account::new(config, platform.clone(), kept, publisher, clock, 2);
    successor.ask_what_there_is();
    let shutdown = running(successor);
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!(platform.calls_of(&Call::List).len(), 2, "its interval is a quarter of an hour");
    shutdown.cancel();
}

/// A rendering that is under way when the account ends must not put its data over the successor's.
#[test]
fn an_account_has_not_ended_while_it_renders() {
    // Renderings run on this one thread, which is busy until it is told.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .max_blocking_threads(1)
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let (let_go, told) = std::sync::mpsc::channel::<()>();
        let busy = tokio::task::spawn_blocking(move || told.recv());
        let platform = Scripted::new(Arc::new(crate::clock::SystemClock));
        let (account, publisher) = account(&platform);
        let fleet = Arc::clone(&account.kept.fleet);
        let is_rendered = || publisher.snapshot().account("msp").is_some_and(|account| account.rendered().is_some());
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(account.run(shutdown.clone()));
        while lock(&fleet).is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        // The rendering after the first answer begins, and waits for the thread.
        tokio::time::sleep(RENDER_DELAY * 2).await;
        assert!(!is_rendered());
        shutdown.cancel();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert!(!task.is_finished(), "it ended beside its rendering");
        let_go.send(()).unwrap();
        busy.await.unwrap().unwrap();
        task.await.unwrap();
        // What had not begun does not begin any more.
        let rendered = is_rendered();
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(is_rendered(), rendered);
    });
}

#[tokio::test(start_paused = true)]
async fn an_account_is_not_down_because_a_reload_gave_up_a_call() {
    for (was_up, expected) in [(true, true), (false, false)] {
        let platform = paused();
        platform.script().fails = (!was_up).then_some((Outcome::ConnectError, None));
        let (first, publisher) = account(&platform);
        let shutdown = CancellationToken::new();
        let task = tokio::spawn(first.run(shutdown.clone()));
        tokio::time::sleep(Duration::from_secs(10)).await;
        shutdown.cancel();
        let kept = task.await.unwrap();
        kept.fleet
            .lock()
            .unwrap()
            .apply(Update::Devices(DeviceList::Account, vec![device(0)]), platform.clock.now().wall);
        // It was called once more, and nobody knows how that ended.
        let _ = kept.ledger.lock().unwrap().started(&Call::List.identity(), platform.clock.now().wall);
        let config = account(&platform).0.config;
        let clock = Arc::clone(&platform.clock);
        let _successor = Account::new(config, platform.clone(), kept, Arc::clone(&publisher), clock, 2);
        assert_eq!(status(&publisher).up, expected);
    }
}
