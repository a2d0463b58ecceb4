//! Which lists are asked for.

use super::*;

fn view(clients: &[(&str, [Option<u64>; 3])], sites: &[(&str, &str)], devices: Vec<DeviceView>) -> View {
    let client = |(id, [server, workstation, mobile]): &(&str, [Option<u64>; 3])| ClientView {
        key: ClientKey::new(id),
        id: Label::new(id),
        name: Label::default(),
        timezone: None,
        devices: KindCounts { server: *server, workstation: *workstation, mobile: *mobile },
        licenses: None,
    };
    let site = |(client, id): &(&str, &str)| SiteView {
        key: SiteKey::new(id),
        client_key: ClientKey::new(client),
        client_id: Label::new(client),
        client: Label::default(),
        id: Label::new(id),
        name: Label::default(),
        connection_up: None,
        directory_users: None,
    };
    View {
        clients: clients.iter().map(client).collect(),
        sites: sites.iter().map(site).collect(),
        devices,
        ..View::default()
    }
}

fn identities(filter: &Filter, view: &View) -> Vec<String> {
    calls(filter, view).iter().map(ReadCall::identity).collect()
}

#[test]
fn nothing_known_is_one_call() {
    assert_eq!(identities(&Filter::default(), &View::default()), ["list_clients"]);
}

#[test]
fn empty_lists_are_not_asked_for() {
    let fleet = view(
        &[("1", [Some(2), Some(0), Some(0)]), ("2", [Some(0), Some(3), None]), ("3", [Some(0); 3])],
        &[("1", "10"), ("1", "11"), ("2", "20"), ("3", "30")],
        vec![known("7", Kind::Server, "1", "11", |_| {})],
    );
    let expected = [
        "list_clients",
        "list_sites?clientid=1",
        "list_devices_at_client?clientid=1&devicetype=server",
        "list_sites?clientid=2",
        "list_devices_at_client?clientid=2&devicetype=workstation",
        "list_devices_at_client?clientid=2&devicetype=mobile_device",
        "list_sites?clientid=3",
        "list_servers?siteid=11",
        "list_workstations?siteid=20",
    ];
    assert_eq!(identities(&Filter::default(), &fleet), expected);
    let servers_only = Filter { kinds: vec![Kind::Server], ..Filter::default() };
    let asked = identities(&servers_only, &fleet);
    assert!(!asked.iter().any(|call| call.contains("workstation") || call.contains("mobile")), "{asked:?}");
}

#[test]
fn a_list_whose_devices_are_known_is_asked_although_the_count_is_zero() {
    let devices = vec![known("7", Kind::Workstation, "1", "10", |_| {}), known("8", Kind::Mobile, "1", "10", |_| {})];
    let fleet = view(&[("1", [Some(0); 3])], &[("1", "10"), ("1", "11")], devices);
    let expected = [
        "list_clients",
        "list_sites?clientid=1",
        "list_devices_at_client?clientid=1&devicetype=workstation",
        "list_devices_at_client?clientid=1&devicetype=mobile_device",
        "list_workstations?siteid=10",
        "list_workstations?siteid=11",
    ];
    assert_eq!(identities(&Filter::default(), &fleet), expected);
}

#[test]
fn a_site_of_two_clients_is_asked_for_once() {
    // The site moved from client 1 to client 2; the lists of some devices, and then of sites, are from before.
    let devices = || {
        vec![
            known("7", Kind::Server, "1", "10", |_| {}),
            known("8", Kind::Server, "2", "10", |_| {}),
            known("9", Kind::Workstation, "1", "10", |_| {}),
        ]
    };
    let details = |sites: &[(&str, &str)]| -> Vec<Call> {
        let fleet = view(&[("1", [Some(1); 3]), ("2", [Some(1); 3])], sites, devices());
        let is_detail = |call: &Call| matches!(call, Call::ListServers(..) | Call::ListWorkstations(..));
        calls(&Filter::default(), &fleet).into_iter().filter(is_detail).collect()
    };
    let both = |client: &str| {
        let (client, site) = (ClientKey::new(client), SiteKey::new("10"));
        vec![Call::ListServers(client.clone(), site.clone()), Call::ListWorkstations(client, site)]
    };
    assert_eq!(details(&[("2", "10")]), both("2"), "the list of sites says whose it is");
    assert_eq!(details(&[("2", "10"), ("1", "10")]), both("2"), "one of them");
    assert_eq!(details(&[]), both("1"), "no list of sites has it");
}
