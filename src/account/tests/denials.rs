//! "No such object": when it is believed.

use super::*;

fn devices(fleet: &Arc<Mutex<Fleet>>, clock: &Arc<dyn Clock>) -> usize {
    lock(fleet).current(clock.now().wall).devices.len()
}

/// Every call is answered as if nothing were known, the list too: data stay until they are stale.
#[tokio::test(start_paused = true)]
async fn a_fault_that_denies_everything_takes_nothing_away() {
    let platform = Scripted { list: Duration::from_hours(1), ..paused() };
    platform.script().devices = 20;
    let (account, publisher) = account(&platform);
    let (fleet, clock) = (Arc::clone(&account.fleet), Arc::clone(&platform.clock));
    let shutdown = running(account);
    tokio::time::sleep(Duration::from_mins(50)).await;
    assert_eq!(devices(&fleet, &clock), 20);
    {
        let mut script = platform.script();
        (script.denies, script.fails) = (true, Some((Outcome::ApiError, None)));
    }
    // Two rounds of all calls, in which each device's own call is made before the list is due.
    for _ in 0..24 {
        tokio::time::sleep(Duration::from_mins(5)).await;
        assert_eq!(devices(&fleet, &clock), 20, "{:?}", clock.now().wall);
    }
    assert!(!status(&publisher).up);
    assert!(!checks_report(&status(&publisher)).success, "what cannot be read is no success");
    // And all is well when the fault is over.
    {
        let mut script = platform.script();
        (script.denies, script.fails) = (false, None);
    }
    tokio::time::sleep(Duration::from_hours(2)).await;
    assert!(status(&publisher).up && checks_report(&status(&publisher)).success);
    assert_eq!((devices(&fleet, &clock), checks_report(&status(&publisher)).fresh), (20, 20));
    shutdown.cancel();
}

/// The list is read soon after a device is denied, and knows better when it names the device.
#[tokio::test(start_paused = true)]
async fn a_list_that_is_read_after_a_denial_decides() {
    let platform = Scripted { list: Duration::from_hours(1), ..paused() };
    platform.script().devices = 3;
    platform.script().denied = vec![device_id(1)];
    let (account, _publisher) = account(&platform);
    let (fleet, clock) = (Arc::clone(&account.fleet), Arc::clone(&platform.clock));
    let shutdown = running(account);
    for _ in 0..30 {
        tokio::time::sleep(Duration::from_secs(20)).await;
        assert_eq!(devices(&fleet, &clock), 3);
    }
    let lists = platform.calls_of(&Call::List).len();
    assert!(lists >= 2, "the list is asked soon");
    shutdown.cancel();
}

/// Where no list was read since that could tell, a good answer about what there is makes the denial good.
#[tokio::test(start_paused = true)]
async fn a_denial_is_believed_once_the_platform_shows_that_it_is_well() {
    let platform = paused();
    let (mut account, _publisher) = account(&platform);
    let now = || platform.clock.now();
    let id = DeviceId::new("b");
    let named = DeviceRecord { id: id.clone(), ..device(0) };
    lock(&account.fleet)
        .apply(Update::Devices(DeviceList::Client(ClientKey::new("c"), Kind::Server), vec![named]), now().wall);
    let fleet = Arc::clone(&account.fleet);
    tokio::time::advance(Duration::from_secs(10)).await;
    let gone = Gone::Device(id);
    account.denied(&gone, now());
    assert_eq!(devices(&fleet, &platform.clock), 1, "not before");
    account.settle_denials(true, now().steady, now());
    assert_eq!(devices(&fleet, &platform.clock), 1, "that call began before the denial");
    account.settle_denials(false, now().steady + Duration::from_secs(1), now());
    account.settle_denials(true, now().steady + Duration::from_secs(1), now());
    assert_eq!(devices(&fleet, &platform.clock), 1, "a failure of that call ends the doubt");
    account.denied(&gone, now());
    tokio::time::advance(Duration::from_secs(1)).await;
    account.settle_denials(true, now().steady, now());
    assert_eq!(devices(&fleet, &platform.clock), 0);
}
